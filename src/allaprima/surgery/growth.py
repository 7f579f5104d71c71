"""How a network that has got finer blocks, or lost some, goes on doing what it did.

Growing networks (Karras et al. 2018, section 2) count the new blocks as missing: ``lod`` grows with them, and their
images, or what they see, are those of before, enlarged. StyleGAN2's skip generator has new ToRGB of zero, its skip
discriminator a first new block that adds zero. R3GAN's residual blocks begin as the identity, so that what is between
an old stage and the colours is a product of 1×1 convolutions without bias, which is made what it was. Whatever has lost
blocks paints, or reads, the colours that it had at its own resolution.

Axes: o output, i input channel.
"""

import math
from functools import reduce
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.models import R3GANDiscriminator, R3GANGenerator, StyleGAN2Discriminator, StyleGAN2Generator
from allaprima.models.geometry import channels_at

Matrix = Float[Tensor, "o i"]


@torch.no_grad()
def go_on(old: Any, new: Any) -> None:
    """Set the new layers of ``new``, which has all that fits of ``old``, so that it does what ``old`` does."""
    before, after = old.spec.geometry.resolutions, new.spec.geometry.resolutions
    fresh = after[len(before) :]
    match new.spec:
        case StyleGAN2Generator(architecture="skip"):
            for resolution in fresh:
                new.synthesis.get_submodule(f"b{resolution}").torgb.weight.zero_()  # its bias begins as zero
        case StyleGAN2Discriminator(architecture="skip"):
            if fresh:
                new.get_submodule(f"b{fresh[0]}").conv1.weight.zero_()
        case R3GANGenerator() | R3GANDiscriminator():
            common = min(len(before), len(after))
            keep_product(_colour_path(old, common), _colour_path(new, common))


def widened(spec: R3GANGenerator | R3GANDiscriminator, stages: int) -> dict[str, tuple[int, ...]]:
    """Those fields of a spec that list a number for each stage, for so many stages.

    A new stage has half the feature maps of the last.
    """
    resolutions = spec.geometry.resolutions
    widths = [spec.channels(resolution) for resolution in resolutions][:stages]
    groups = [spec.groups(resolution) for resolution in resolutions][:stages]
    for i in range(len(widths), stages):
        half = max(widths[-1] // 2, 1)
        usual = channels_at(4 * 2**i, base=spec.channel_base, maximum=spec.channel_max)
        widths.append(usual if spec.widths is None else half)
        groups.append(math.gcd(groups[-1], widths[-1] * spec.expansion))
    lists = {"widths": tuple(widths), "cardinalities": tuple(groups)}
    return {field: numbers for field, numbers in lists.items() if getattr(spec, field) is not None}


def keep_product(old: list[Matrix], new: list[Matrix]) -> None:
    """Change the first of ``new`` as little as possible so that the product of ``new`` becomes that of ``old``.

    With A the product of the others and T the first, A T = M is reached by T + A⁺ (M - A T), of all solutions the
    nearest; exactly, if A has full row rank: no fewer feature maps than colours.
    """
    wanted = _product(old)
    first, *others = new
    A = _product(others) if others else torch.eye(len(first)).to(wanted)
    first += (torch.linalg.pinv(A) @ (wanted - A @ first.double())).to(first)


def _product(matrices: list[Matrix]) -> Matrix:
    """Of all matrices, the first being applied first; float64."""
    return reduce(lambda product, matrix: matrix @ product, [matrix.double() for matrix in matrices])


def _colour_path(network: Any, stages: int) -> list[Matrix]:
    """The weights, as matrices, between the so many coarsest stages and the colours, in this order.

    Those of a discriminator are transposed: it is walked against its direction.
    """
    if isinstance(network.spec, R3GANGenerator):
        transitions = [stage.Layers[0] for stage in network.MainLayers[stages:]]
        linear = [layer.LinearLayer for layer in transitions if hasattr(layer, "LinearLayer")]
        return [layer.Layer.weight[:, :, 0, 0] for layer in [*linear, network.AggregationLayer]]
    finer = network.MainLayers[: len(network.MainLayers) - stages]
    transitions = [stage.Layers[-1] for stage in reversed(finer)]
    linear = [layer.LinearLayer for layer in transitions if hasattr(layer, "LinearLayer")]
    return [layer.Layer.weight[:, :, 0, 0].T for layer in [*linear, network.ExtractionLayer]]
