"""The model file: weights, specs and provenance, in one ``.safetensors`` or in a directory for the Hugging Face hub.

Tensors are named ``G_ema.…``, ``G.…`` and ``D.…``, followed by the published parameter names. Only ``G_ema`` is a must.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from allaprima.checkpoint.tensors import KEY, one_line, read_header, read_tensors, write_tensors
from allaprima.errors import ModelFileError, OutputError
from allaprima.files import make_directory, write_text
from allaprima.interchange.imported import assemble
from allaprima.models import Spec, is_generator, spec_from_dict, spec_to_dict
from allaprima.version import __version__

FORMAT_VERSION = 1
"""Of the model files that are written; older ones are read, newer ones are refused."""
ROLES = ("G_ema", "G", "D")  # order of a file's networks; the first is what generates


@dataclass(slots=True, kw_only=True)
class Networks:
    """The networks of a model file. ``G`` and ``D`` are None where a file holds the painter alone.

    Attributes:
        G_ema: The generator with averaged weights, the one to paint with.
        G: The generator in training.
        D: The discriminator.
        provenance: Where the model comes from: data, recipe, images seen, licence, attribution, parent.
        class_names: Names of the labels' classes, if they have any.
    """

    G_ema: Any
    G: Any = None
    D: Any = None
    provenance: dict[str, Any] = field(default_factory=dict)
    class_names: list[str] | None = None

    @property
    def spec(self) -> Spec:
        """The spec of the generator."""
        spec: Spec = self.G_ema.spec
        return spec

    def members(self) -> dict[str, Any]:
        """The networks that are there, by role."""
        return {role: network for role in ROLES if (network := getattr(self, role)) is not None}


def save(
    networks: Networks | nn.Module,
    path: str | Path,
    *,
    provenance: Mapping[str, Any] | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write a model file: one file if ``path`` ends in ``.safetensors``, else a directory.

    Args:
        networks: All networks, or a generator alone.
        path: Where to write; what is there is replaced in one step.
        provenance: Facts to add to those that ``networks`` carries.
        dtype: Number format of the stored weights; None: as they are. Half precision halves the file.

    Raises:
        OutputError: It cannot be written, a weight is beyond what ``dtype`` can hold, or a tensor holds no weights.
    """
    if isinstance(networks, nn.Module):
        networks = Networks(G_ema=networks)
    path = Path(path)
    tensors = {f"{role}.{name}": t for role, net in networks.members().items() for name, t in net.state_dict().items()}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():  # nobody could read the file: see `allaprima.interchange.imported`
            raise OutputError(
                f"{name} holds {tensor.dtype}: a model file holds weights, which are numbers with a fraction"
            )
    if dtype is not None:
        tensors = {name: _stored(name, tensor, dtype) for name, tensor in tensors.items()}
    header = _header(networks, provenance or {})
    if path.suffix == ".safetensors":
        write_tensors(path, tensors, header)
        return
    make_directory(path)
    write_tensors(path / "model.safetensors", tensors, header)
    write_text(path / "config.json", json.dumps(header, indent=2) + "\n")


def _stored(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    most = torch.finfo(dtype).max
    if tensor.numel() and tensor.abs().max() > most:
        raise OutputError(f"{name} holds {tensor.abs().max():g}: {str(dtype).removeprefix('torch.')} ends at {most:g}")
    return tensor.to(dtype)


def _header(networks: Networks, provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "model",
        "format_version": FORMAT_VERSION,
        "allaprima_version": __version__,
        "networks": {role: spec_to_dict(net.spec) for role, net in networks.members().items()},
        "class_names": networks.class_names,
        "provenance": {**networks.provenance, **provenance},
    }


def read_description(path: Path) -> dict[str, Any]:
    """What a model file says of itself (specs, provenance, class names), without reading its weights."""
    return read_header(path, kind="model", version=FORMAT_VERSION)


def read_networks(path: Path, *, roles: tuple[str, ...] = ROLES, device: torch.device | str = "cpu") -> Networks:
    """Read a ``.safetensors`` model file into networks in evaluation mode. Raises `ModelFileError`."""
    tensors, header = read_tensors(path, kind="model", version=FORMAT_VERSION)
    try:
        specs, provenance, class_names = _described(header)
    except KeyError as error:
        raise ModelFileError(f"the description in {path} ({KEY} in its metadata) has no {error}") from error
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        reason = one_line(error)
        raise ModelFileError(f"the description in {path} ({KEY} in its metadata) is wrong: {reason}") from error
    if "G_ema" not in specs:
        raise ModelFileError(f"{path} holds no generator (G_ema), only {', '.join(specs) or 'nothing'}")
    found = {role: _network(path, role, spec, tensors) for role, spec in specs.items() if role in roles}
    for network in found.values():
        network.to(device)
    return Networks(**found, provenance=provenance, class_names=class_names)


def _described(header: Mapping[str, Any]) -> tuple[dict[str, Spec], dict[str, Any], list[str] | None]:
    """Specs by role, provenance and class names."""
    specs = {role: spec_from_dict(data) for role, data in header["networks"].items() if role in ROLES}
    for role, spec in specs.items():
        if is_generator(spec) == (role == "D"):
            raise TypeError(f"{role} cannot be a {spec_to_dict(spec)['type']}")
    class_names = header.get("class_names")
    if class_names is not None and not (isinstance(class_names, list) and all(isinstance(n, str) for n in class_names)):
        raise TypeError("class_names is not a list of names")
    return specs, dict(header["provenance"]), class_names


def _network(path: Path, role: str, spec: Spec, tensors: Mapping[str, Tensor]) -> nn.Module:
    prefix = f"{role}."
    weights = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
    try:
        return assemble(spec, weights)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {role}: {error}") from error
