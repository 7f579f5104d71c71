"""One way in for the files of all other programs: what they hold is found out, and told in our terms."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from allaprima.errors import ModelFileError
from allaprima.interchange.described import described_state_dict
from allaprima.interchange.gan_zoo import gan_zoo
from allaprima.interchange.imported import ImportedModel
from allaprima.interchange.inspection import describe
from allaprima.interchange.limits import Limits
from allaprima.interchange.lucidrains import lucidrains
from allaprima.interchange.pickle_reader import read_pickle
from allaprima.interchange.records import printable
from allaprima.interchange.rosinality import rosinality
from allaprima.interchange.state_dict_file import SPECS
from allaprima.interchange.tensorflow import tensorflow_model
from allaprima.interchange.torch_stylegan import state_dict_model, torch_stylegan

Importer = Callable[[Any], ImportedModel | None]

IMPORTERS: tuple[Importer, ...] = (
    described_state_dict,
    torch_stylegan,
    tensorflow_model,
    rosinality,
    lucidrains,
    gan_zoo,
    state_dict_model,  # last: it takes whatever has the published names
)

WRONG = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What odd contents may still make an importer, NumPy or PyTorch stumble over."""

KNOWN = (
    "Progressive GAN, StyleGAN, StyleGAN2, StyleGAN2-ADA, StyleGAN3, R3GAN, rosinality's and lucidrains' StyleGAN2,"
    " and the Progressive GAN of pytorch_GAN_zoo"
)


def import_file(path: str | Path, *, limits: Limits | None = None) -> ImportedModel:
    """Read a file of another program. Nothing in it is run.

    Args:
        path: A pickle, a file of ``torch.save``, or a ``.safetensors`` of published parameter names.
        limits: How much it may ask for.

    Raises:
        ModelFileError: It is damaged, refused, or holds no model that we know.
    """
    path = Path(path)
    return import_value(read_foreign(path, limits=limits), name=str(path))


def import_value(value: Any, *, name: str = "the file") -> ImportedModel:
    """Find the model in what was read of a file; ``name`` is what errors call that. Raises `ModelFileError`."""
    try:
        model = next((model for importer in IMPORTERS if (model := importer(value)) is not None), None)
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error
    except WRONG as error:
        raise ModelFileError(f"{name} looks like a model, but is not whole: {printable(str(error))}") from error
    if model is None:
        raise ModelFileError(
            f"{name} holds no model that we know ({KNOWN}); allaprima import --inspect lists what it holds"
        )
    return model


def read_foreign(path: Path, *, limits: Limits | None = None) -> Any:
    """What a file of another program holds, as plain values, tensors and records. Raises `ModelFileError`."""
    if not is_safetensors(path):
        return read_pickle(path, limits=limits)
    try:
        with safe_open(path, framework="pt") as file:
            content: dict[str, Any] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no mapping
            told = (file.metadata() or {}).get(SPECS)
            return content if told is None else {**content, SPECS: told}
    except (SafetensorError, OSError) as error:
        raise ModelFileError(f"{path} is no readable safetensors file: it is cut short or damaged ({error})") from error


def is_safetensors(path: Path) -> bool:
    """Whether a file begins as safetensors do: the length of a JSON object, and this. Raises `ModelFileError`."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def inspect_file(path: str | Path, *, limits: Limits | None = None) -> Iterable[str]:
    """What a file holds, line by line, without building anything of it. Raises `ModelFileError`."""
    return describe(read_foreign(Path(path), limits=limits))


def provenance_of(model: ImportedModel, path: Path) -> dict[str, Any]:
    """Where an imported model comes from, for the model file that is made of it: fit for JSON."""
    facts = {role: network.facts for role, network in model.networks.items() if network.facts}
    told = {
        "imported_from": path.name,
        "sha256": checksum(path),
        "format": model.origin,
        "notes": model.all_notes(),
        "facts": {**model.facts, **facts},
    }
    kept: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return {name: value for name, value in kept.items() if value}


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
