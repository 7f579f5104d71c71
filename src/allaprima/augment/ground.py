"""What a place looks like where there is nothing: transparent where there is alpha, mid gray otherwise.

Geometry uncovers such places, a cut-out leaves one, a filter amplifies what differs from it.

Axes: n image, c channel (alpha last), h w rows and columns.
"""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from allaprima.images import has_alpha


def ground(num_channels: int) -> float:
    """Value of all channels where there is nothing: -1 with alpha, 0 without."""
    return -1.0 if has_alpha(num_channels) else 0.0


def on_ground(images: Float[Tensor, "n c h w"], linear: Callable[[Tensor], Tensor]) -> Float[Tensor, "n c h w"]:
    """Apply ``linear`` to what differs from nothing: to premultiplied colours and coverage, where there is alpha."""
    nothing = ground(images.shape[1])
    return linear(images - nothing) + nothing if nothing else linear(images)
