"""What the two networks play for: the games of the literature, by name.

Every function takes logits, higher for what the discriminator takes for real, and returns one loss for each image. A
generator's loss takes the logits of real images too, which only those games look at that are ``paired``.

Axes: n image; image i of the generated ones is the partner of real image i.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


class Adversarial(NamedTuple):
    """A game.

    Attributes:
        generator: (fake_logits, real_logits) → the generator's loss; real_logits may be None unless ``paired``.
        discriminator: (real_logits, fake_logits) → the discriminator's loss.
        paired: Whether the generator's loss looks at real images too.
    """

    generator: Callable[[Tensor, Tensor | None], Tensor]
    discriminator: Callable[[Tensor, Tensor], Tensor]
    paired: bool


def g_nonsaturating(
    fake_logits: Float[Tensor, "n 1"], real_logits: Float[Tensor, "n 1"] | None = None
) -> Float[Tensor, "n 1"]:
    """-log sigmoid(D(G(z))): small where the discriminator is fooled. Goodfellow et al. (2014), section 3."""
    return F.softplus(-fake_logits)


def g_saturating(
    fake_logits: Float[Tensor, "n 1"], real_logits: Float[Tensor, "n 1"] | None = None
) -> Float[Tensor, "n 1"]:
    """log(1 - sigmoid(D(G(z)))): what the discriminator loses. Goodfellow et al. (2014), equation 1.

    Where the discriminator is sure of itself its gradient vanishes.
    """
    return -F.softplus(fake_logits)


def d_logistic(real_logits: Float[Tensor, "n 1"], fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """-log sigmoid(D(x)) - log(1 - sigmoid(D(G(z)))). Goodfellow et al. (2014), equation 1."""
    return F.softplus(-real_logits) + F.softplus(fake_logits)


def g_wasserstein(
    fake_logits: Float[Tensor, "n 1"], real_logits: Float[Tensor, "n 1"] | None = None
) -> Float[Tensor, "n 1"]:
    """-D(G(z)). Arjovsky, Chintala & Bottou (2017), equation 2 and algorithm 1."""
    return -fake_logits


def d_wasserstein(real_logits: Float[Tensor, "n 1"], fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """D(G(z)) - D(x): minus the distance, if D is 1-Lipschitz, for which `wgan_gp_penalty` cares. Equation 2, ibid."""
    return fake_logits - real_logits


def g_hinge(fake_logits: Float[Tensor, "n 1"], real_logits: Float[Tensor, "n 1"] | None = None) -> Float[Tensor, "n 1"]:
    """-D(G(z)), without a margin. Lim & Ye (2017), section 3; Miyato et al. (2018), equation 17."""
    return -fake_logits


def d_hinge(real_logits: Float[Tensor, "n 1"], fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))): nothing beyond the margin. Miyato et al. (2018), equation 16."""
    return F.relu(1 - real_logits) + F.relu(1 + fake_logits)


def g_relativistic(fake_logits: Float[Tensor, "n 1"], real_logits: Float[Tensor, "n 1"] | None) -> Float[Tensor, "n 1"]:
    """-log sigmoid(D(G(z)) - D(x)): to look more real than the partner. Jolicoeur-Martineau (2019), section 4.

    With the discriminator's form the pairing of R3GAN: Huang et al. (2024), section 2.
    """
    return F.softplus(_reals(real_logits) - fake_logits)


def d_relativistic(real_logits: Float[Tensor, "n 1"], fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """-log sigmoid(D(x) - D(G(z))): a real image is to look more real than its partner. Ibid."""
    return F.softplus(fake_logits - real_logits)


def g_dual_contrastive(
    fake_logits: Float[Tensor, "n 1"], real_logits: Float[Tensor, "n 1"] | None
) -> Float[Tensor, "n 1"]:
    """What the discriminator loses. Yu et al. (2021), equation 5."""
    return -d_dual_contrastive(_reals(real_logits), fake_logits)


def d_dual_contrastive(real_logits: Float[Tensor, "n 1"], fake_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """Pick the real image among all generated ones, and the generated among all real ones. Yu et al. (2021), 3 and 4.

    -log(e^D(x) / (e^D(x) + Σ e^D(G(z))))  -  log(e^-D(G(z)) / (e^-D(G(z)) + Σ e^-D(x))), sums over the batch.
    """
    against_fakes = F.softplus(torch.logsumexp(fake_logits, dim=0) - real_logits)
    against_reals = F.softplus(torch.logsumexp(-real_logits, dim=0) + fake_logits)
    return against_fakes + against_reals


ADVERSARIAL: dict[str, Adversarial] = {
    "nonsaturating": Adversarial(g_nonsaturating, d_logistic, paired=False),
    "saturating": Adversarial(g_saturating, d_logistic, paired=False),
    "wasserstein": Adversarial(g_wasserstein, d_wasserstein, paired=False),
    "hinge": Adversarial(g_hinge, d_hinge, paired=False),
    "relativistic": Adversarial(g_relativistic, d_relativistic, paired=True),
    "dual-contrastive": Adversarial(g_dual_contrastive, d_dual_contrastive, paired=True),
}
"""By the names that a recipe's ``loss`` takes."""


def _reals(real_logits: Tensor | None) -> Tensor:
    if real_logits is None:
        raise ValueError("this generator's loss compares with real images: real_logits must be given")
    return real_logits
