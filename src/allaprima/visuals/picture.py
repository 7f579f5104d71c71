"""What a section of an explanation consists of: pictures and films that say what one sees, and a few numbers.

Axes: h w rows and columns.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frames = Callable[[], Iterable[NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture or a film, understandable by its caption alone.

    Attributes:
        name: Of its file, without a suffix: ``layers-running-sum``. Lower case, no path.
        caption: What one sees, in one to three sentences of plain text.
        image: [h, w] gray, [h, w, 3] RGB or [h, w, 4] RGBA; of a film a still that stands for it, or None.
        film: Makes the frames, each [h, w] or [h, w, 3 or 4], all of one size; called when the film is written. None
            for a picture that stands still.
        fps: Frames of the film in a second.
        svg: The picture once more as a drawing, for the page (``image`` is then what is written as a file); markup of
            our own making alone.
    """

    name: str
    caption: str
    image: NDArray[np.uint8] | None = None
    film: Frames | None = None
    fps: float = 12.0
    svg: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, what one should know before looking, and the pictures.

    Attributes:
        name: Of its anchor and of ``--only``: ``layers``.
        title: Its heading.
        text: Paragraphs of plain text.
        pictures: In the order of the page; none where there is nothing to see, which the text explains.
        table: Rows of a small table of numbers, the first is its head; none without one.
    """

    name: str
    title: str
    text: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
