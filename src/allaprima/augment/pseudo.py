"""Adaptive pseudo augmentation: APA (Jiang et al. 2021), section 3.

Instead of changing the images, it lies to a discriminator that is too sure of itself: some of the images that it is
told to be real are generated. The probability follows the same controller as ADA's.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.augment.draws import Draws


def with_pseudo_reals(
    reals: Float[Tensor, "n c h w"], fakes: Float[Tensor, "n c h w"], p: float, draws: Draws
) -> Float[Tensor, "n c h w"]:
    """Replace each real image, with probability ``p``, by the generated one at its place; no gradient reaches that.

    Args:
        reals: Real images, in the network's range.
        fakes: As many generated ones.
        p: From 0 to 1.
        draws: Decides which images are replaced.
    """
    if p <= 0:
        return reals
    return torch.where(draws.gate(len(reals), p).to(reals.device)[:, None, None, None], fakes.detach(), reals)
