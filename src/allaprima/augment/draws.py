"""Where the random numbers of the augmentations come from: a generator, or fixed quantiles.

Axes: n image.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

AT_ONCE = 64  # a pipeline with all augmentations draws about forty numbers an image


@runtime_checkable
class Draws(Protocol):
    """Random numbers, one for each image of a batch."""

    @property
    def device(self) -> torch.device:
        """Where the numbers are drawn, and matrices made of them."""
        ...

    def gate(self, count: int, chance: float) -> Bool[Tensor, "n"]:
        """True with probability ``chance``."""
        ...

    def uniform(self, count: int, *, again: bool = False) -> Float[Tensor, "n"]:
        """Uniform in [0, 1); ``again`` marks the second draw of one quantity."""
        ...

    def normal(self, count: int) -> Float[Tensor, "n"]:
        """Standard normal."""
        ...

    def half_normal(self, count: int) -> Float[Tensor, "n"]:
        """Absolute value of a standard normal."""
        ...

    def white_noise(self, shape: torch.Size) -> Tensor:
        """A tensor of independent standard normal numbers: [n, …], as ``shape`` says."""
        ...


class RandomDraws:
    """Draws from ``generator``, on its device.

    A generator on the CPU serves images on a GPU best: the small matrices are made without waiting for the GPU.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.device = generator.device

    def gate(self, count: int, chance: float) -> Bool[Tensor, "n"]:
        """True with probability ``chance``."""
        return self.uniform(count) < chance

    def uniform(self, count: int, *, again: bool = False) -> Float[Tensor, "n"]:
        """Uniform in [0, 1)."""
        return torch.rand(count, generator=self.generator, device=self.device)

    def normal(self, count: int) -> Float[Tensor, "n"]:
        """Standard normal."""
        return torch.randn(count, generator=self.generator, device=self.device)

    def half_normal(self, count: int) -> Float[Tensor, "n"]:
        """Absolute value of a standard normal."""
        return self.normal(count).abs()

    def white_noise(self, shape: torch.Size) -> Tensor:
        """Independent standard normal numbers [n, …]."""
        return torch.randn(shape, generator=self.generator, device=self.device)


class OwnDraws:
    """Draws for each image from a generator of its own: what happens to it does not depend on its neighbours.

    Numbers are drawn `AT_ONCE` an image, so that a few calls serve a whole pipeline.
    """

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        self.generators = generators
        self.device = generators[0].device
        self._uniform, self._normal = self._ahead(torch.rand), self._ahead(torch.randn)

    def gate(self, count: int, chance: float) -> Bool[Tensor, "n"]:
        """True with probability ``chance``."""
        return self.uniform(count) < chance

    def uniform(self, count: int, *, again: bool = False) -> Float[Tensor, "n"]:
        """Uniform in [0, 1)."""
        return next(self._uniform)

    def normal(self, count: int) -> Float[Tensor, "n"]:
        """Standard normal."""
        return next(self._normal)

    def half_normal(self, count: int) -> Float[Tensor, "n"]:
        """Absolute value of a standard normal."""
        return self.normal(count).abs()

    def white_noise(self, shape: torch.Size) -> Tensor:
        """Independent standard normal numbers [n, …]."""
        return self._each(partial(torch.randn, shape[1:]))

    def _ahead(self, draw: Callable[..., Tensor]) -> Iterator[Tensor]:
        """One number for each image after another, drawn `AT_ONCE` an image when they are wanted."""
        while True:
            yield from self._each(partial(draw, AT_ONCE)).T.contiguous()

    def _each(self, draw: Callable[..., Tensor]) -> Tensor:
        return torch.stack([draw(generator=generator, device=self.device) for generator in self.generators])


class FixedDraws:
    """Every gate open, every draw the same function of ``quantile``: shows what an augmentation does, and its range.

    Normal draws are erfinv(2q - 1), which is the normal quantile over √2; so the published numbers have it. The second
    draw of one quantity is neutral, so that the first is seen. White noise cannot be a quantile: it has a fixed seed.
    """

    def __init__(self, quantile: float) -> None:
        self.quantile = quantile
        self.device = torch.device("cpu")

    def gate(self, count: int, chance: float) -> Bool[Tensor, "n"]:
        """True."""
        return torch.ones(count, dtype=torch.bool)

    def uniform(self, count: int, *, again: bool = False) -> Float[Tensor, "n"]:
        """The quantile; 0.5 for the second draw of one quantity."""
        return torch.full((count,), 0.5 if again else self.quantile)

    def normal(self, count: int) -> Float[Tensor, "n"]:
        """erfinv(2 * quantile - 1)."""
        return torch.erfinv(torch.full((count,), 2 * self.quantile - 1))

    def half_normal(self, count: int) -> Float[Tensor, "n"]:
        """erfinv(quantile)."""
        return torch.erfinv(torch.full((count,), self.quantile))

    def white_noise(self, shape: torch.Size) -> Tensor:
        """Independent standard normal numbers [n, …], always the same."""
        return torch.randn(shape, generator=torch.Generator().manual_seed(0))
