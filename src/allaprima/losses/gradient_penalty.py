"""R1, the gradient penalty on real images: Mescheder, Geiger & Nowozin (2018), equation 9."""

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor


def r1_penalty(logits: Float[Tensor, "n 1"], images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n"]:
    """Squared norm of the gradient of each image's logit by the image. The loss is γ/2 times its mean.

    Args:
        logits: The discriminator's verdicts on ``images``, with their graph.
        images: The images, before any augmentation; they require gradients.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return reduce(gradient.square(), "n c h w -> n", "sum")
