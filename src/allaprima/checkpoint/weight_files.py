"""Weights that others publish: found on this machine by name and hash, or fetched; read as tensors, never run.

They are looked for in a directory that is given, in a folder of ``$ALLAPRIMA_HOME`` (``~/.cache/allaprima``), and in
the cache of ``torch.hub``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from allaprima.checkpoint.fetching import bar
from allaprima.errors import ModelFileError
from allaprima.interchange import read_pickle
from allaprima.interchange.cache import home
from allaprima.interchange.download import download
from allaprima.interchange.partial_file import sha256_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """A published file.

    Attributes:
        names: What it is called, the first here.
        url: Where it is.
        sha256: Its hash.
        size: Its bytes, where they are known.
    """

    names: tuple[str, ...]
    url: str
    sha256: str
    size: int | None = None


def folder(kind: str) -> Path:
    """Where files of a kind are kept."""
    return home() / kind


def find(file: WeightFile, kind: str, directory: Path | None = None, also: Iterable[Path] = ()) -> Path | None:
    """The first file on this machine that has one of the names of ``file``, and its hash.

    Args:
        file: What is looked for.
        kind: The folder of `folder`.
        directory: Where to look first.
        also: Where to look last.
    """
    for place in _places(kind, directory, also):
        for name in file.names:
            path = place / name
            if path.is_file() and file.size in (None, path.stat().st_size) and sha256_of(path) == file.sha256:
                return path
    return None


def fetch(file: WeightFile, kind: str) -> Path:
    """The file in `folder`, fetched with progress on a terminal. Raises `DownloadError`, `OutputError`."""
    path = folder(kind) / file.names[0]
    with bar(path.name) as progress:
        download(file.url, path, sha256=file.sha256, progress=progress)
    return path


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of ``torch.save`` by name; nothing in it is run. Raises `ModelFileError`."""
    content = read_pickle(path)
    if not isinstance(content, dict):
        raise ModelFileError(f"{path} holds no tensors by name")
    return {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}


def fill(network: nn.Module, tensors: Mapping[str, Tensor], path: Path, what: str) -> None:
    """Give ``network`` its tensors; the rest of them, such as heads that it has not, is left out.

    Args:
        network: To fill.
        tensors: By name, as `read_state` reads them.
        path: Where they are from, for the message.
        what: What the network is called, for the message.

    Raises:
        ModelFileError: One is missing, or has another shape.
    """
    wanted = network.state_dict()
    for name, own in wanted.items():
        if name not in tensors and not name.endswith("num_batches_tracked"):  # which old files have not, nor need
            raise ModelFileError(f"{path} has no {name}: it is not the file of {what}")
        if name in tensors and tensors[name].shape != own.shape:
            its = list(tensors[name].shape)
            raise ModelFileError(f"{name} in {path} is {its}, not {list(own.shape)}: it is not the file of {what}")
    network.load_state_dict({name: tensors.get(name, own) for name, own in wanted.items()})


def _places(kind: str, directory: Path | None, also: Iterable[Path]) -> Iterator[Path]:
    if directory is not None:
        yield directory
    yield folder(kind)
    yield Path(torch.hub.get_dir()) / "checkpoints"
    yield from also
