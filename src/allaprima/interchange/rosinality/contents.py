"""One state dict of rosinality's, which anybody may have written: shapes, counts and tensors, or a clear error."""

from collections.abc import Sequence
from typing import Any

import torch
from einops import EinopsError
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.records import called, printable
from allaprima.interchange.rosinality.names import Row

USUAL_TAPS = (1.0, 3.0, 3.0, 1.0)
FILTER_TOLERANCE = 1e-4
NAMED = 5  # unknown tensors in a note


class Contents:
    """The tensors of one network.

    Args:
        content: A state dict, as the file has it.
        role: Which network it is, for messages.
    """

    def __init__(self, content: dict[Any, Any], role: str) -> None:
        self.role = role
        self.tensors: dict[str, Tensor] = {}
        for name, tensor in content.items():
            if not isinstance(tensor, Tensor):
                raise ModelFileError(f"{printable(str(name))} of {role} is a {called(tensor)}, not a tensor")
            self.tensors[str(name)] = tensor

    def count(self, pattern: str, *, start: int = 0, most: int) -> int:
        """How many tensors of a numbered series there are, from number ``start`` without a gap."""
        found = 0
        while pattern.format(start + found) in self.tensors:
            found += 1
            if found > most:
                raise ModelFileError(f"{self.role} has more than {most} layers of the kind {pattern.format('N')}")
        return found

    def take(self, name: str) -> Tensor:
        """A tensor of weights, in float32; `ModelFileError` if there is none of that name."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ModelFileError(f"{self.role} lacks the tensor {name}")
        if not tensor.is_floating_point():
            raise ModelFileError(f"the tensor {name} of {self.role} holds {tensor.dtype}, not weights")
        return tensor.float()

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """The shape of a tensor that must have so many axes."""
        shape = tuple(self.take(name).shape)
        if len(shape) != axes or 0 in shape:
            raise ModelFileError(f"the tensor {name} of {self.role} has the shape {list(shape)}")
        return shape

    def square(self, name: str) -> int:
        """The side of a matrix that must be square."""
        rows, columns = self.shape(name, 2)
        if rows != columns:
            raise ModelFileError(f"the tensor {name} of {self.role} is {rows}×{columns}, but z and w are of one size")
        return rows

    def ours(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """The tensors under our names. Filters may be missing, as may all maps of noise together."""
        has_noise = any(row.theirs in self.tensors for row in rows if row.is_noise)
        optional = [row.theirs for row in rows if row.is_filter or (row.is_noise and not has_noise)]
        present = [row for row in rows if row.theirs in self.tensors or row.theirs not in optional]
        return {row.ours: self._inward(row) for row in present}

    def taps(self, rows: Sequence[Row]) -> tuple[float, ...]:
        """Taps of the low-pass filter, of a sum of 1 unless they are the usual ones, which a file without any has."""
        kernels = [
            (row, self.take(row.theirs) / row.gain) for row in rows if row.is_filter and row.theirs in self.tensors
        ]
        if not kernels:
            return USUAL_TAPS
        first, kernel = kernels[0]
        if kernel.ndim != 2 or not _near(kernel, torch.outer(kernel.sum(dim=1), kernel.sum(dim=0))):
            raise ModelFileError(f"the filter {first.theirs} of {self.role} is not made of taps of sum 1")
        other = next((row for row, k in kernels if not _near(k, kernel)), None)
        if other is not None:
            raise ModelFileError(f"the filters {first.theirs} and {other.theirs} of {self.role} differ")
        taps, usual = kernel.sum(dim=1), torch.tensor(USUAL_TAPS) / sum(USUAL_TAPS)
        return USUAL_TAPS if _near(taps, usual) else tuple(taps.tolist())

    def notes(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """A sentence on the tensors that nobody takes."""
        unknown = sorted(self.tensors.keys() - {row.theirs for row in rows})
        if not unknown:
            return ()
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        return (f"tensors unknown to us, and ignored: {', '.join(map(printable, unknown[:NAMED]))}{more}",)

    def _inward(self, row: Row) -> Tensor:
        tensor = self.take(row.theirs)
        try:
            return row.inward(tensor)
        except EinopsError as error:
            raise ModelFileError(
                f"the tensor {row.theirs} of {self.role} has the shape {list(tensor.shape)}"
            ) from error


def _near(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and torch.allclose(found, wanted, rtol=0, atol=FILTER_TOLERANCE)
