"""Networks made of networks: averages, blends, other sizes, other channels. What goes in is never changed."""

from allaprima.surgery.average import average as average
from allaprima.surgery.blend import blend as blend
from allaprima.surgery.channels import recolour as recolour
from allaprima.surgery.channels import with_channels as with_channels
from allaprima.surgery.size import keeps_colours as keeps_colours
from allaprima.surgery.size import with_size as with_size
