"""The non-saturating logistic loss: Goodfellow et al. (2014), section 3; the default of StyleGAN2.

Each function takes logits, positive for what the discriminator takes for real, and returns one loss for each image.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def g_nonsaturating(fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """The generator's loss, -log sigmoid(D(G(z))): small where the discriminator is fooled."""
    return F.softplus(-fake_logits)


def d_logistic(real_logits: Float[Tensor, "n 1"], fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """The discriminator's loss, -log sigmoid(D(x)) - log(1 - sigmoid(D(G(z))))."""
    return F.softplus(-real_logits) + F.softplus(fake_logits)
