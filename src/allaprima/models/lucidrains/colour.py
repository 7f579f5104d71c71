"""Images as these networks know them, 0 to 1 with straight alpha, and as everything else here does.

Deviation: the published networks paint and judge images in [0, 1]. Ours have the range of all others of this library:
[-1, 1], with premultiplied colours where there is alpha (`allaprima.images.pixels`).

Axes: n image, c channel (alpha last), h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.images.pixels import has_alpha

LEAST_ALPHA = 1 / 255  # less than this has no colour in a file of pixels


def to_signed(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """[0, 1] with straight alpha → [-1, 1] with premultiplied alpha; nothing is clamped, but the alpha that scales."""
    if has_alpha(x.shape[1]):
        colours, alpha = x[:, :-1], x[:, -1:]
        x = torch.cat([colours * alpha.clamp(0, 1), alpha], dim=1)
    return 2 * x - 1


def to_unit(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """[-1, 1] with premultiplied alpha → [0, 1] with straight alpha: the inverse of `to_signed`."""
    x = (x + 1) / 2
    if has_alpha(x.shape[1]):
        colours, alpha = x[:, :-1], x[:, -1:]
        x = torch.cat([colours / alpha.clamp(LEAST_ALPHA, 1), alpha], dim=1)
    return x
