"""Networks without numbers, to be filled from a file: nothing is drawn, and no memory is taken."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from allaprima.models.spec import Spec, build


def outline(spec: Spec) -> Any:
    """Make the network that ``spec`` says on PyTorch's ``meta`` device: its parameters have shapes alone."""
    with torch.device("meta"), _WithoutNumbers():
        return build(spec)


class _WithoutNumbers(TorchFunctionMode):
    """Leaves out the drawing and scaling of weights that are not there.

    On the ``meta`` device, these are the operations for which PyTorch loads its compiler: half a second, and 30 MB.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in (Tensor.mul_, Tensor.div_) and args[0].is_meta:
            return args[0]
        if func is torch.randn:
            return torch.empty(*args, **(kwargs or {}), device="meta")
        return func(*args, **(kwargs or {}))
