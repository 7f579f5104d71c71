"""Penalties on the discriminator's gradient by the image, and on its logits.

R1 and R2 are zero-centred: Mescheder, Geiger & Nowozin (2018), equations 9 and 10. WGAN-GP is centred at a target.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Callable

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor


def r1_penalty(logits: Float[Tensor, "n 1"], images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n"]:
    """Squared norm of the gradient of each image's logit by the image. The loss is γ/2 times its mean.

    At real images this is R1 (equation 9), at generated ones R2 (equation 10).

    Args:
        logits: The discriminator's verdicts on ``images``, with their graph.
        images: The images, before any augmentation; they require gradients.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return reduce(gradient.square(), "n c h w -> n", "sum")


def wgan_gp_penalty(
    critic: Callable[[Tensor], Tensor],
    reals: Float[Tensor, "n c h w"],
    fakes: Float[Tensor, "n c h w"],
    mix: Float[Tensor, "n"],
    target: float = 1.0,
) -> Float[Tensor, "n"]:
    """(‖∇D(x̂)‖ - target)² / target² between real and generated images. Gulrajani et al. (2017), equation 3.

    The loss is λ = 10 times its mean. A target other than 1 is of Progressive GAN (Karras et al. 2018), appendix B.

    Args:
        critic: Images → logits [n, 1].
        reals: Real images.
        fakes: Generated images, partners of ``reals`` by position.
        mix: Place of each x̂ between the real image, 0, and the generated one, 1; uniformly random.
        target: The norm that is wanted.
    """
    images = torch.lerp(reals.detach(), fakes.detach(), rearrange(mix, "n -> n 1 1 1")).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    # vector_norm has the derivative 0 where the gradient vanishes; that of a square root would not be finite
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=(1, 2, 3))
    penalty: Tensor = (norm / target - 1).square()
    return penalty


def drift_penalty(real_logits: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """D(x)², which keeps a critic's logits from drifting away. Progressive GAN (Karras et al. 2018), appendix A.1.

    The loss is ε = 0.001 times its mean.
    """
    return real_logits.square()
