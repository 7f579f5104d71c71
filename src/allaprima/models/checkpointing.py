"""Activation checkpointing: what a block computed is forgotten, and computed again for gradients (Chen et al. 2016).

Numbers are the same to the last bit: the graph of derivatives is the same, and noise that was drawn is drawn again.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from allaprima.layers import Generators


def set_checkpointing(network: nn.Module, on: bool) -> bool:
    """Turn it on or off in ``network``; whether there is anything in it that can recompute."""
    able = [module for module in network.modules() if hasattr(type(module), "recomputes")]
    for module in able:
        module.recomputes = on  # type: ignore[assignment]
    return bool(able)


def through(layers: Callable[..., Any], *inputs: Any, recompute: bool, generators: Generators = None) -> Any:
    """``layers(*inputs)``, of which only the inputs are kept for the backward pass where ``recompute`` says so.

    Args:
        layers: Changes nothing but its outputs, for it runs twice.
        inputs: Its arguments; every tensor outside of them and of the parameters is kept.
        recompute: Off: they are simply called. So they are where nothing is differentiated.
        generators: Those that ``layers`` draws from; the second time they give what they gave the first time, and
            stand afterwards where they stood. The global one is seen to by PyTorch.
    """
    if not (recompute and torch.is_grad_enabled()):
        return layers(*inputs)

    def contexts() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
        return nullcontext(), Rewound(generators)

    return checkpoint(layers, *inputs, use_reentrant=False, context_fn=contexts)


class Rewound(AbstractContextManager[None]):
    """Generators as they are now, whenever this is entered; as they were then, when it is left."""

    def __init__(self, generators: Generators) -> None:
        self.generators = _listed(generators)
        self.now = [g.get_state() for g in self.generators]
        self.later: list[Tensor] = []

    def __enter__(self) -> None:
        self.later = [g.get_state() for g in self.generators]
        self._set(self.now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._set(self.later)

    def _set(self, states: Sequence[Tensor]) -> None:
        for generator, state in zip(self.generators, states, strict=True):
            generator.set_state(state)


def _listed(generators: Generators) -> list[torch.Generator]:
    if generators is None:
        return []
    return [generators] if isinstance(generators, torch.Generator) else list(generators)


class Forgetful(NamedTuple):
    """A stage of a growing discriminator (`allaprima.models.growth.Halver`) that recomputes its feature maps."""

    block: Any

    def read(self, image: Tensor, /) -> Tensor:
        """Colours of this grid → feature maps."""
        x: Tensor = through(self.block.read, image, recompute=True)
        return x

    def halve(self, x: Tensor, /) -> Tensor:
        """Feature maps of this grid → of the next coarser one."""
        y: Tensor = through(self.block.halve, x, recompute=True)
        return y
