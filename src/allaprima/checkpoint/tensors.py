"""Named tensors and one JSON object in a safetensors file: written whole or not at all, read with clear errors.

A safetensors file holds numbers and text, never code (https://github.com/huggingface/safetensors). The JSON object is
in its metadata under ``allaprima``, with ``format_version`` in it, and is sealed: see `allaprima.checkpoint.seal`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from allaprima.checkpoint.seal import OPEN, check_seal, seal
from allaprima.errors import ModelFileError, OutputError
from allaprima.files import atomic_path, remove_leftovers

KEY = "allaprima"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write ``tensors`` [any shape] and the JSON object ``header`` to ``path``. Raises `OutputError`."""
    cpu = dict(_apart(tensors))
    remove_leftovers(path)
    with atomic_path(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode  # what the user's umask allows; the library's own file is its owner's alone
        try:
            save_file(cpu, temporary, metadata={KEY: json.dumps(OPEN | dict(header) | OPEN)})
        except SafetensorError as error:  # how the library reports a full disk
            raise OutputError(f"cannot write {path}: {error}") from error
        seal(temporary)
        temporary.chmod(mode)


def _apart(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The tensors on the CPU; of those that share memory, which the library refuses, all but the first are copied."""
    seen = set()
    for name, tensor in tensors.items():
        cpu = tensor.detach().cpu().contiguous()
        address = cpu.untyped_storage().data_ptr()
        yield name, cpu.clone() if address in seen else cpu
        seen.add(address)


def read_header(path: Path, *, kind: str, version: int) -> dict[str, Any]:
    """The JSON object of a file, without its tensors.

    Raises:
        ModelFileError: The file is not of ``kind``, or a bit of what comes before its tensors has changed.
    """
    return _read(path, kind=kind, version=version, tensors=False)[1]


def read_tensors(path: Path, *, kind: str, version: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors [any shape] by name, and the JSON object.

    Args:
        path: File to read.
        kind: What it should be (``model``, ``state``), for the check and for messages.
        version: Newest ``format_version`` that the caller understands.

    Raises:
        ModelFileError: The file is cut short, of another kind or newer, or a bit of it has changed.
    """
    return _read(path, kind=kind, version=version, tensors=True)


def _read(path: Path, *, kind: str, version: int, tensors: bool) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            check_seal(path, data=tensors)
            header = _checked_header(path, file.metadata() or {}, kind, version)
            names = file.keys() if tensors else ()
            return {name: file.get_tensor(name) for name in names}, header
    except FileNotFoundError as error:
        raise ModelFileError(f"there is no file {path}") from error
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"{path} is no readable safetensors file: it is cut short, damaged or of another kind ({one_line(error)})"
        ) from error


def _checked_header(path: Path, metadata: Mapping[str, str], kind: str, version: int) -> dict[str, Any]:
    try:
        header = json.loads(metadata[KEY])
        found, written = one_line(header["kind"]), int(header["format_version"])
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ModelFileError(f"{path} is a safetensors file, but was not written by allaprima") from error
    if found != kind:
        raise ModelFileError(f"{path} holds a {found}, not a {kind}")
    if written > version:
        raise ModelFileError(
            f"{path} has format version {written}; this allaprima reads up to {version}: please install a newer one"
        )
    return {name: value for name, value in header.items() if name not in OPEN}


def one_line(text: object) -> str:
    """The beginning of a text of others as part of a sentence of ours."""
    return " ".join(str(text).split())[:300]
