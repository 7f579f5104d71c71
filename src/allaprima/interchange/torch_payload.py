"""PyTorch's tensors out of a pickle: views of storages that stay within them."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import TENSOR, Budget
from allaprima.interchange.names import STORAGES, TORCH_DTYPES, UNTYPED
from allaprima.interchange.numpy_payload import shown_shape
from allaprima.interchange.records import Global, called

DEVICE = re.compile(r"(cpu|cuda|mps|meta|xpu)(:\d{1,3})?")
DIMENSIONS = 16
LARGEST = 2**40  # numbers in a tensor, or along one of its axes


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """Memory that tensors are views of.

    Attributes:
        memory: The bytes. PyTorch's first file format fills them after the tensors have been made.
        dtype: Number format; bytes if it is left to the tensors.
        is_typed: Whether it is not.
    """

    memory: bytearray
    dtype: torch.dtype
    is_typed: bool = True

    def numbers(self, dtype: torch.dtype) -> Tensor:
        """Give all of it as a row of numbers."""
        if self.is_typed and dtype != self.dtype:
            raise ModelFileError(f"has a tensor of {dtype} in a storage of {self.dtype}")
        if len(self.memory) % dtype.itemsize:
            raise ModelFileError(f"has a storage of {len(self.memory):,} bytes, which are no {dtype} numbers")
        return torch.frombuffer(self.memory, dtype=dtype) if self.memory else torch.empty(0, dtype=dtype)


def storage_kind(kind: Any) -> tuple[torch.dtype, bool]:
    """Give the number format of a class of storages, and whether it is that of its tensors."""
    if isinstance(kind, Global):
        if str(kind) in UNTYPED:
            return torch.uint8, False
        if kind.module == "torch" and kind.name in STORAGES:
            return getattr(torch, STORAGES[kind.name]), True
    raise ModelFileError(f"has a {called(kind)} where a class of storages was expected")


def rebuild_tensor(
    budget: Budget, storage: Any, offset: Any, size: Any, stride: Any, *_: Any, dtype: torch.dtype | None = None
) -> Tensor:
    """Make a tensor as a view of a storage; whether it needs gradients, and its hooks, are left out."""
    budget.work(TENSOR)
    if not isinstance(storage, Storage):
        raise ModelFileError(f"has a {called(storage)} where the storage of a tensor was expected")
    size, stride = _whole_numbers(size, "size"), _whole_numbers(stride, "stride")
    (offset,) = _whole_numbers((offset,), "offset")
    if len(size) != len(stride):
        raise ModelFileError(f"has a tensor with {len(size)} axes and {len(stride)} strides")
    flat = storage.numbers(dtype or storage.dtype)
    if math.prod(max(n, 1) for n in size) > LARGEST:
        raise ModelFileError(f"has a tensor of size {shown_shape(size)}, which no model needs")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if offset > flat.numel() or (math.prod(size) and last >= flat.numel()):
        raise ModelFileError(
            f"has a tensor of size {shown_shape(size)} that reaches beyond its storage of {flat.numel():,} numbers"
        )
    budget.claim(math.prod(size) * flat.itemsize)  # what it takes once somebody computes with it
    return flat.as_strided(size, stride, offset)


def rebuild_tensor_v3(
    budget: Budget, storage: Any, offset: Any, size: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any
) -> Tensor:
    """Make a tensor whose number format is told apart from its storage."""
    if not (isinstance(dtype, Global) and dtype.module == "torch" and dtype.name in TORCH_DTYPES):
        raise ModelFileError(f"has a {called(dtype)} where the number format of a tensor was expected")
    return rebuild_tensor(budget, storage, offset, size, stride, dtype=getattr(torch, dtype.name))


def rebuild_parameter(_: Budget, data: Any, *_rest: Any) -> Tensor:
    """Give the tensor that was a parameter; by the place where it stands one knows that it was."""
    if not isinstance(data, Tensor):
        raise ModelFileError(f"has a {called(data)} where the tensor of a parameter was expected")
    return data


def rebuild_from_type(budget: Budget, function: Any, kind: Any, arguments: Any, _state: Any) -> Tensor:
    """Make a tensor that was of a class of its own, or had attributes; both are left out."""
    builder = BUILDERS.get(str(function)) if isinstance(function, Global) else None
    if builder not in (rebuild_tensor, rebuild_tensor_v3, rebuild_parameter) or not isinstance(kind, Global):
        raise ModelFileError(f"makes a tensor by {called(function)}, which makes none")
    if not isinstance(arguments, tuple):
        raise ModelFileError(f"makes a tensor of a {called(arguments)}")
    tensor: Tensor = builder(budget, *arguments)
    return tensor


def make_size(budget: Budget, size: Any = ()) -> torch.Size:
    """Make a size."""
    budget.work(TENSOR)
    return torch.Size(_whole_numbers(size, "size"))


def make_device(budget: Budget, name: Any, index: Any = None) -> torch.device:
    """Make the name of a device; whether this machine has one does not matter."""
    budget.work(TENSOR)
    full = name if index is None else f"{name}:{index}"
    if not (isinstance(full, str) and DEVICE.fullmatch(full)):
        raise ModelFileError(f"names a device by a {called(name)} that is none")
    return torch.device(full)


def _whole_numbers(numbers: Any, what: str) -> tuple[int, ...]:
    plain = tuple(numbers) if type(numbers) in (tuple, list, torch.Size) and len(numbers) <= DIMENSIONS else None
    if plain is None or not all(type(n) is int and 0 <= n <= LARGEST for n in plain):
        raise ModelFileError(f"has a tensor whose {what} makes no sense")
    return plain


BUILDERS: dict[str, Callable[..., Any]] = {
    "torch.Size": make_size,
    "torch.device": make_device,
    "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
    "torch._utils._rebuild_parameter": rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild_parameter,
    "torch._utils._rebuild_tensor": rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": rebuild_tensor_v3,
}
