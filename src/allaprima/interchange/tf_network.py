"""A record of a network of the TensorFlow years, seen as one: its variables by name, and the networks in it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import ModelFileError
from allaprima.interchange.records import Record, called, printable

CLASSES = {("tfutil", "Network"), ("dnnlib.tflib.network", "Network"), ("dnnlib.tflib", "Network")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TFNetwork:
    """A network that was not made.

    Attributes:
        home: Python module where its class was at home; tells which library wrote it.
        version: Of the format: 2 Progressive GAN, 3 StyleGAN, 4 StyleGAN2, 5 StyleGAN2-ADA.
        name: What its author called it.
        function: Name of the function that would build it; tells the architecture.
        keywords: What that would be called with.
        variables: Arrays by name, without those of the components.
        components: Networks in it, by name.
        source: Text of the Python module with that function. It is never run.
    """

    home: str
    version: int
    name: str
    function: str
    keywords: dict[str, Any]
    variables: dict[str, NDArray[Any]]
    components: dict[str, "TFNetwork"]
    source: str

    def all_variables(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Variables [any shape] with those of the components, whose names begin with the component's."""
        own = {f"{prefix}{name}": array for name, array in self.variables.items()}
        for name, component in self.components.items():
            own |= component.all_variables(f"{prefix}{name}/")
        return own


def tf_network(value: Any) -> TFNetwork | None:
    """Give the network that a record stands for; None if it stands for anything else, or is older than version 2.

    Raises:
        ModelFileError: It is a network, but what should be an array or a network in it is none.
    """
    match value:
        case Record(
            module=module,
            name=name,
            state={"static_kwargs": dict(keywords), "build_func_name": str(function), "variables": variables} as state,
        ) if (module, name) in CLASSES:
            version, title, source = state.get("version"), state.get("name"), state.get("build_module_src")
            return TFNetwork(
                home=module,
                version=version if isinstance(version, int) else 0,
                name=title if isinstance(title, str) else "",
                function=function,
                keywords=keywords,
                variables=_variables(variables, function),
                components=_components(state.get("components"), function),
                source=source if isinstance(source, str) else "",
            )
    return None


def _variables(pairs: Any, function: str) -> dict[str, NDArray[Any]]:
    if not isinstance(pairs, list | tuple):
        raise ModelFileError(
            f"the file has a {called(pairs)} where the variables of {printable(function)} were expected"
        )
    variables = {}
    for pair in pairs:
        match pair:
            case (str(name), np.ndarray() | np.number() as numbers):
                variables[name] = np.asarray(numbers)
            case _:
                wrong = called(pair[1]) if isinstance(pair, tuple) and len(pair) == 2 else called(pair)
                raise ModelFileError(f"the file has a {wrong} where a variable of {printable(function)} was expected")
    return variables


def _components(parts: Any, function: str) -> dict[str, TFNetwork]:
    components = {}
    for name, part in (parts if isinstance(parts, dict) else {}).items():
        component = tf_network(part)
        if component is None:
            raise ModelFileError(f"the file has a {called(part)} where a part of {printable(function)} was expected")
        components[str(name)] = component
    return components
