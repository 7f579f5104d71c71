"""Pickles as the TensorFlow programs and the Theano one write them, made of any variables."""

import pickle
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from torch import Tensor

from allaprima.interchange import read_pickle_bytes
from allaprima.interchange.imported import ImportedModel
from allaprima.interchange.tensorflow import tensorflow_model

HOMES = {2: "tfutil", 3: "dnnlib.tflib.network", 4: "dnnlib.tflib.network", 5: "dnnlib.tflib.network"}


class Published:
    """A network as one of the programs' classes would be pickled."""

    def __init__(self, home: str, state: dict[str, Any]) -> None:
        self.home, self.state = home, state

    def __reduce__(self) -> Any:
        return sys.modules[self.home].Network, (), self.state


def network(
    version: int, function: str, variables: Mapping[str, Any], home: str = "", source: str = "", **keywords: Any
) -> Published:
    """A network whose variables are named from its top; from version 3 on, components have their own."""
    home = home or HOMES[version]
    arrays = {name: np.asarray(value) for name, value in variables.items()}
    components = {}
    for part in ("synthesis", "mapping") if version > 2 else ():
        inner = {
            name.removeprefix(f"{part}/"): arrays.pop(name) for name in list(arrays) if name.startswith(f"{part}/")
        }
        if inner:
            components[part] = network(version, f"G_{part}", inner, home, dlatent_broadcast=8, **keywords)
    state = {
        "version": version,
        "name": function,
        "static_kwargs": keywords,
        "build_module_src": source,
        "build_func_name": function,
        "variables": list(arrays.items()),
        "components": components,
    }
    return Published(home, state)


def theano(function: str, arrays: Any, toplevel: Any = (), **keywords: Any) -> Published:
    """A network of the Theano program: its variables have an order instead of names."""
    spec = {"func": f"network.{function}", **keywords}
    return Published("network", {"build_func_spec": spec, "param_values": arrays, "toplevel_params": toplevel})


def opened(content: Any) -> ImportedModel | None:
    """What a pickle of ``content`` is imported as."""
    homes = {name: ModuleType(name) for name in ("tfutil", "network", "dnnlib", "dnnlib.tflib", "dnnlib.tflib.network")}
    for name, module in homes.items():
        module.Network = type("Network", (), {"__module__": name})  # type: ignore[attr-defined]
    assert not homes.keys() & sys.modules.keys()
    sys.modules |= homes
    try:
        data = pickle.dumps(content)
    finally:
        for name in homes:
            del sys.modules[name]
    return tensorflow_model(read_pickle_bytes(data))


def imported(content: Any) -> ImportedModel:
    """Idem, of a pickle that can be."""
    model = opened(content)
    assert model is not None
    return model


def arrays_of(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Variables as NumPy has them."""
    return {name: tensor.numpy() for name, tensor in tensors.items()}
