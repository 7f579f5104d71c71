"""The variables of a TensorFlow network under our names, in our layouts.

An importer says, for each name of the file, what it is called here and how its numbers are turned; what it does not
know is kept apart, to be told of.

Axes: k l kernel rows and columns, i inputs, o outputs, c channels, h w rows and columns.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.records import printable

Change = Callable[[Tensor], Tensor]
Target = tuple[str, Change]

SCOPE = re.compile(r"(?:^|/)(\d{1,5})x(\d{1,5})/")
MOST_DOUBLINGS = 12


def same(x: Tensor) -> Tensor:
    """As it is."""
    return x


def scalar(x: Tensor) -> Tensor:
    """One number, however it is wrapped."""
    return x.reshape([])


def kernel(x: Tensor) -> Tensor:
    """Kernels to be correlated with."""
    return rearrange(x, "k l i o -> o i k l")


def turned_kernel(x: Tensor) -> Tensor:
    """Kernels that the file has the other way round."""
    return kernel(x).flip(2, 3)


def swapped_turned_kernel(x: Tensor) -> Tensor:
    """Kernels that the file has the other way round, and outputs first."""
    return rearrange(x, "k l o i -> o i k l").flip(2, 3)


def matrix(x: Tensor) -> Tensor:
    """Matrices of linear layers."""
    return rearrange(x, "i o -> o i")


def one_more(x: Tensor) -> Tensor:
    """Biases of styles: 1 is added to them at run time."""
    return x + 1


def constant(x: Tensor) -> Tensor:
    """The one that is painted over."""
    return rearrange(x, "1 c h w -> c h w")


def noise_map(x: Tensor) -> Tensor:
    """A layer's stored noise."""
    return rearrange(x, "1 1 h w -> h w")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Renamed:
    """Variables under our names.

    Attributes:
        weights: By our names.
        sources: The file's names for them, by ours.
        unknown: Names in the file that say nothing to us.
    """

    weights: dict[str, Tensor]
    sources: dict[str, str]
    unknown: list[str]

    def shape(self, name: str, dimensions: int) -> tuple[int, ...]:
        """Sizes of a weight that must be there, with so many axes, none of them empty."""
        if name not in self.weights:
            raise ModelFileError(f"the file lacks a variable: nothing in it becomes {name}")
        shape = tuple(self.weights[name].shape)
        if len(shape) != dimensions or 0 in shape:
            source = printable(self.sources[name])
            raise ModelFileError(f"the file has a variable {source} that becomes {name} of shape {list(shape)}")
        return shape

    def any(self, ending: str) -> bool:
        """Whether a weight's name has this ending."""
        return any(name.endswith(ending) for name in self.weights)

    def drop(self, *endings: str) -> None:
        """Leave out what the network has no use for, and that is known not to matter."""
        for name in [name for name in self.weights if name.endswith(endings)]:
            del self.weights[name]

    def count(self, pattern: str) -> int:
        """How many weights are called so: ``{}`` counts up from 0 until there is none."""
        count = 0
        while pattern.format(count) in self.weights:
            count += 1
        return count


def renamed(variables: Mapping[str, Tensor], target: Callable[[str], Target | None]) -> Renamed:
    """Rename ``variables`` as ``target`` says; None for a name that it does not know."""
    weights, sources, unknown = {}, {}, []
    for name, value in variables.items():
        found = target(name)
        if found is None:
            unknown.append(name)
            continue
        ours, change = found
        try:
            weights[ours] = change(value).contiguous()
        except (IndexError, RuntimeError, ValueError) as error:
            shape = list(value.shape)
            raise ModelFileError(f"the file has a variable {printable(name)} of the odd shape {shape}") from error
        sources[ours] = name
    return Renamed(weights=weights, sources=sources, unknown=unknown)


def tensors_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    """The arrays as float32 tensors, of the same memory where that is possible."""
    tensors = {}
    for name, array in arrays.items():
        if array.dtype.kind != "f":
            raise ModelFileError(f"the file has a variable {printable(name)} of {array.dtype}, which is no weight")
        numbers = np.require(array, dtype=np.float32, requirements=["W", "C"])
        tensors[name] = torch.from_numpy(numbers).reshape(array.shape)
    return tensors


@dataclass(frozen=True, slots=True)
class Grids:
    """The grids of a network: ``4x4``, ``8x8`` … in names of variables, or ``6x4``, ``12x8`` … in forks.

    Attributes:
        scopes: These words, the coarsest first.
    """

    scopes: tuple[str, ...]

    @classmethod
    def of(cls, names: Mapping[str, Any]) -> "Grids":
        """Find them in the names of variables."""
        found = {match for name in names for match in SCOPE.findall(name)}
        if not 0 < len(found) <= MOST_DOUBLINGS + 1:
            raise ModelFileError(f"the file has a network of {len(found)} resolutions, which none of ours is")
        order = sorted(found, key=lambda sides: (int(sides[0]) * int(sides[1]), sides))
        return cls(tuple("x".join(sides) for sides in order))

    @property
    def doublings(self) -> int:
        """How often the base grid is doubled."""
        return len(self.scopes) - 1

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Our names of the grids: 4, 8, 16 …"""
        return tuple(4 << index for index in range(len(self.scopes)))

    def block(self, scope: str) -> str | None:
        """Our name of the block of a grid."""
        return f"b{4 << self.scopes.index(scope)}" if scope in self.scopes else None

    def block_of_lod(self, word: str, start: str) -> str | None:
        """Our name of the block of ``ToRGB_lod2``, if ``start`` is ``ToRGB_lod``: 2 doublings from the finest."""
        level = word.removeprefix(start)
        if not (word.startswith(start) and level.isdecimal() and len(level) <= 2 and int(level) <= self.doublings):
            return None
        return f"b{4 << self.doublings - int(level)}"


def numbered(word: str, start: str) -> int | None:
    """7 for ``noise7``, if ``start`` is ``noise``; None if the word is another."""
    number = word.removeprefix(start)
    return int(number) if word.startswith(start) and number.isdecimal() and len(number) <= 3 else None
