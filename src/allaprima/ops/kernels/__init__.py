"""Twins of the operations in Triton, for GPUs. Triton is imported when the first tensor on a GPU asks for it.

Each file here holds the kernels of one operation and the function that launches them; derivatives are the affair of the
operation itself, in `allaprima.ops`, whose autograd functions call these in the place of PyTorch.
"""

from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

DTYPES = (torch.float32, torch.float16, torch.bfloat16)  # the kernels count in float32; float64 is left to PyTorch
OLDEST = (8, 0)  # compute capability that Triton supports


def serve(x: Tensor) -> bool:
    """Whether the kernels can and should compute what is asked of ``x``.

    Not while a network is compiled or exported: the graph must consist of PyTorch's own operations.
    """
    if not x.is_cuda or x.dtype not in DTYPES or torch.compiler.is_compiling():
        return False
    if torch.version.hip is not None or find_spec("triton") is None:
        return False
    return torch.cuda.get_device_capability(x.device) >= OLDEST


def filtered_lrelu_of(x: Tensor, filters: tuple[Tensor, Tensor], steps: tuple[Any, Any]) -> ModuleType | None:
    """The kernels that keep the fine grid of a filtered leaky ReLU out of memory, if they can serve."""
    if not serve(x):
        return None
    from allaprima.ops.kernels import filtered_lrelu

    return filtered_lrelu if filtered_lrelu.fits(*filters, steps) else None
