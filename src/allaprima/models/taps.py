"""Feature maps of any layer, read while a network runs.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from allaprima.layers import EqualizedConv2d, HeConv2d, StyledConv2d
from allaprima.models.lucidrains.discriminator import DiscriminatorBlock as LucidrainsBlock
from allaprima.models.lucidrains.layers import StyledConv2d as LucidrainsConv2d
from allaprima.models.r3gan.layers import ResidualBlock
from allaprima.models.stylegan.generator import SynthesisInput as AdaptiveInput
from allaprima.models.stylegan.styled import StyledConv2d as AdaptiveConv2d
from allaprima.models.stylegan3.fourier import SynthesisInput
from allaprima.models.stylegan3.layer import SynthesisLayer

PAINTING = (
    StyledConv2d,
    AdaptiveInput,
    AdaptiveConv2d,
    HeConv2d,
    LucidrainsConv2d,
    ResidualBlock,
    SynthesisInput,
    SynthesisLayer,
)
JUDGING = (EqualizedConv2d, HeConv2d, LucidrainsBlock, ResidualBlock)
ASIDE = ("torgb", "fromrgb", "skip")  # layers whose output is an image, or is added to that of another


def feature_layers(network: Any) -> list[str]:
    """Names of the layers of a generator or discriminator whose output is feature maps, in the order of computation."""
    kinds = PAINTING if hasattr(network, "synthesis") else JUDGING
    names: list[str] = []
    for name, module in network.named_modules():
        is_inside = any(name.startswith(f"{outer}.") for outer in names)
        if isinstance(module, kinds) and not is_inside and name.split(".")[-1] not in ASIDE:
            names.append(name)
    return names


@contextmanager
def recording(network: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Keep what the named modules return while the network runs inside; gradients pass through.

    Yields:
        Output by name, [n, c, h, w] for layers of `feature_layers`, once the network has run; of its last run, if it
        runs several times. A layer that was not run, as in a network that has not grown to it, is missing.
    """
    kept: dict[str, Tensor] = {}
    synthesis = getattr(network, "synthesis", None)

    def keep(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        goes_on = name in kept and isinstance(synthesis, nn.Module)  # large maps of a batch go image by image
        kept[name] = torch.cat([kept[name], output]) if goes_on else output

    def forget(*_: Any) -> None:
        kept.clear()

    hooks = [network.get_submodule(name).register_forward_hook(partial(keep, name)) for name in names]
    if isinstance(synthesis, nn.Module):
        hooks.append(synthesis.register_forward_pre_hook(forget))
    try:
        yield kept
    finally:
        for hook in hooks:
            hook.remove()
