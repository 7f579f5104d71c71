"""Image-space corruptions: ADA (Karras et al. 2020), appendix B, figure 20.

Axes: n image, c channel (alpha last), h w rows and columns.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from allaprima.augment.draws import Draws
from allaprima.augment.ground import ground
from allaprima.augment.spec import AugmentSpec
from allaprima.images import has_alpha


def add_noise(images: Float[Tensor, "n c h w"], p: float, spec: AugmentSpec, draws: Draws) -> Float[Tensor, "n c h w"]:
    """Add white noise of random strength to the colours: to the straight ones, hence as much as there is of them."""
    count = len(images)
    gate = draws.gate(count, spec.noise * p)
    strength = torch.where(gate, draws.half_normal(count) * spec.noise_std, 0)
    alpha = has_alpha(images.shape[1])
    colours = images[:, :-1] if alpha else images
    noise = (draws.white_noise(colours.shape) * strength[:, None, None, None]).to(images)
    if not alpha:
        return images + noise
    y = images[:, -1:]
    return torch.cat([colours + noise * ((y + 1) / 2), y], dim=1)


def cut_out(images: Float[Tensor, "n c h w"], p: float, spec: AugmentSpec, draws: Draws) -> Float[Tensor, "n c h w"]:
    """Erase a rectangle about a random place: to mid gray, or to nothing where there is alpha."""
    count, channels, height, width = images.shape
    gate = draws.gate(count, spec.cutout * p)
    x, y = (_covered(draws.uniform(count), length, spec.cutout_size) for length in (width, height))
    hole = (gate[:, None, None] & y[:, :, None] & x[:, None, :])[:, None].to(images.device)
    return images.masked_fill(hole, ground(channels))


def _covered(centre: Float[Tensor, "n"], length: int, size: float) -> Bool[Tensor, "n l"]:
    """Which pixels of an axis lie within the stretch of ``size`` about ``centre`` (parts of the axis)."""
    place = (torch.arange(length, device=centre.device) + 0.5) / length
    return (place - centre[:, None]).abs() < size / 2
