"""Where a picture comes from: what its file says of that, and a mark in its pixels that says it too."""

from allaprima.origin.detection import Verdict as Verdict
from allaprima.origin.detection import look_for_mark as look_for_mark
from allaprima.origin.origin import Origin as Origin
from allaprima.origin.reading import Statement as Statement
from allaprima.origin.reading import read_statement as read_statement
from allaprima.origin.watermark import require_room_for_mark as require_room_for_mark
from allaprima.origin.watermark import warning_of_size as warning_of_size
from allaprima.origin.watermark import watermarked as watermarked
