"""Path length regularisation: StyleGAN2 (Karras et al. 2020), section 3.2, equation 4.

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

import math

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor

from allaprima.layers import Generators
from allaprima.layers.noise import draw_normal

DECAY = 0.01  # of the moving average a of the lengths


def path_length_noise(images: Float[Tensor, "n c h w"], generators: Generators) -> Float[Tensor, "n c h w"]:
    """The random images y of equation 4, scaled so that lengths do not depend on the number of pixels."""
    noise = draw_normal(*images.shape, generators=generators, device=images.device)
    return noise / math.sqrt(images.shape[2:].numel())


def path_lengths(
    images: Float[Tensor, "n c h w"], ws: Float[Tensor, "n s d"], noise: Float[Tensor, "n c h w"]
) -> Float[Tensor, "n"]:
    """‖Jᵀy‖ for each image, J the Jacobian of the image by its styles, averaged over the layers.

    Args:
        images: What a generator painted from ``ws``, with a graph.
        ws: Styles that need gradients.
        noise: y, see `path_length_noise`.
    """
    (gradient,) = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
    return reduce(gradient.square(), "n s d -> n s", "sum").mean(dim=1).sqrt()


def path_length_penalty(lengths: Float[Tensor, "n"], mean: Float[Tensor, ""]) -> Float[Tensor, "n"]:
    """Squared distance of each length from the moving average a."""
    return (lengths - mean).square()


def next_length(mean: Float[Tensor, ""], length: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """The moving average a with the mean length of one more batch in it.

    The original compares a batch with the average that has already taken it in, and differentiates both:
    ``path_length_penalty(lengths, next_length(mean, lengths.mean()))``.
    """
    return mean.lerp(length, DECAY)
