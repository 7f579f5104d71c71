"""Pickles as NVIDIA's PyTorch programs write them, made of any weights: whole modules and their keyword arguments."""

import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from allaprima.interchange import read_pickle_bytes

BUFFERS = (
    "resample_filter",
    "noise_const",
    "w_avg",
    "freqs",
    "phases",
    "transform",
    "_ema",
    "up_filter",
    "down_filter",
)


class Persistent:
    """A module; its class exists in the programs alone."""

    def __init__(self, class_name: str, state: dict[str, Any]) -> None:
        self.meta = {"type": "class", "version": 6, "module_src": "\n", "class_name": class_name, "state": state}

    def __reduce__(self) -> Any:
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (self.meta,)


def module(
    weights: Mapping[str, Tensor],
    *,
    class_name: str = "Generator",
    frozen: tuple[str, ...] = (),
    attributes: Mapping[str, dict[str, Any]] | None = None,
    path: str = "",
    **keywords: Any,
) -> Persistent:
    """A module and all in it.

    Args:
        weights: Its state dict.
        class_name: Its class.
        frozen: Parameters whose names begin so are buffers, as those of frozen layers.
        attributes: By path in the module: what it remembers.
        path: Where it is.
        keywords: What it was made with.
    """
    own = {name: t for name, t in weights.items() if "." not in name}
    buffers = {name for name in own if name.endswith(BUFFERS) or f"{path}{name}".startswith(frozen or ("!",))}
    inner: dict[str, dict[str, Tensor]] = {name.partition(".")[0]: {} for name in weights if "." in name}
    for name, tensor in weights.items():
        first, dot, rest = name.partition(".")
        if dot:
            inner[first][rest] = tensor
    children = {
        name: module(part, class_name="Layer", frozen=frozen, attributes=attributes, path=f"{path}{name}.")
        for name, part in inner.items()
    }
    state = {
        "training": False,
        "_parameters": OrderedDict(
            (k, nn.Parameter(t, requires_grad=False)) for k, t in own.items() if k not in buffers
        ),
        "_buffers": OrderedDict((k, t) for k, t in own.items() if k in buffers),
        "_modules": OrderedDict(children),
        "_backward_hooks": OrderedDict(),
        "_init_args": (),
        "_init_kwargs": keywords,
        **(attributes or {}).get(path.rstrip("."), {}),
    }
    return Persistent(class_name, state)


def opened(content: Any) -> Any:
    """What the reader gives for a pickle of ``content``."""
    with programs():
        data = pickle.dumps(content)
    return read_pickle_bytes(data)


@contextmanager
def programs() -> Iterator[None]:
    """Let the programs' modules be there."""
    home = ModuleType("torch_utils.persistence")

    def _reconstruct_persistent_obj(meta: Any) -> None:
        raise AssertionError(f"nobody may call this: {meta}")

    _reconstruct_persistent_obj.__module__ = home.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    home._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    sys.modules |= {"torch_utils": ModuleType("torch_utils"), home.__name__: home}
    try:
        yield
    finally:
        del sys.modules["torch_utils"], sys.modules[home.__name__]


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """A state dict of numbers like those after a training: nothing that a network does goes unseen."""
    generator = torch.Generator().manual_seed(1)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for name, tensor in state.items():
        if name.endswith(("noise_strength", "bias", "w_avg", "LinearLayer3.Layer.weight", "Bias")):
            tensor += torch.randn(tensor.shape, generator=generator) * 0.2
    return state
