"""Where fetched models are kept: ``~/.cache/allaprima/models/NAME/``, or under ``$ALLAPRIMA_HOME`` if it is set.

A model's folder holds three files:

    FILE.pkl             the original, as published
    model.safetensors    what we have made of it, once
    origin.json          its address, hash and length

The original stays, because addresses die and a later allaprima may read more from it; only our own reader ever opens
it. No publisher gives hashes, so the hash of the first download is written down, and a file that is fetched again must
have it.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from allaprima.errors import DownloadError, OutputError
from allaprima.files import make_directory, sync, write_text
from allaprima.interchange.catalogue.entry import SHA256, Entry
from allaprima.interchange.download import PATIENT, Patience, Progress, WrongBytesError, download
from allaprima.interchange.partial_file import only_one, sha256_of

HOME_VARIABLE = "ALLAPRIMA_HOME"
CONVERTED = "model.safetensors"
RECORD = "origin.json"


def home() -> Path:
    """The directory of everything that can be fetched again."""
    own, shared = os.environ.get(HOME_VARIABLE), os.environ.get("XDG_CACHE_HOME")
    if own:
        return Path(own).expanduser()
    if shared and Path(shared).is_absolute():  # the XDG specification ignores others
        return Path(shared) / "allaprima"
    return Path.home() / ".cache" / "allaprima"


def folder(entry: Entry) -> Path:
    """The directory of one model."""
    return home() / "models" / entry.name


def original_path(entry: Entry) -> Path:
    """Where the published file is, once it is fetched; also where to put it by hand."""
    return folder(entry) / entry.file_name


def converted_path(entry: Entry) -> Path:
    """Where our model file made of it is, once it is converted."""
    return folder(entry) / CONVERTED


def fetch(entry: Entry, *, progress: Progress | None = None, patience: Patience = PATIENT) -> Path:
    """The published file, fetched unless it is there, or was put there by hand.

    Raises:
        DownloadError: It cannot be fetched, or has changed since it was first fetched.
        OutputError: The cache cannot be written.
    """
    path, record = original_path(entry), folder(entry) / RECORD
    known = _read(record)
    if path.is_file() and known.get("bytes") == path.stat().st_size:
        return path
    if not path.is_file() and entry.url is None:
        raise DownloadError(
            f"{entry.name} has no address of its own: fetch {entry.file_name} from {entry.source} and put it at {path}"
        )
    wanted = entry.sha256 or _hash(known)
    if entry.url is None:
        digest = _checked(path, wanted)
    else:
        try:
            digest = download(entry.url, path, sha256=wanted, progress=progress, patience=patience)
        except WrongBytesError as error:
            if entry.sha256 is not None:
                raise
            raise WrongBytesError(f"{error} (if the publisher has changed it on purpose, remove {record})") from error
    size = path.stat().st_size
    fetched = datetime.now(UTC).isoformat(timespec="seconds")
    content = {"name": entry.name, "url": entry.url, "sha256": digest, "bytes": size, "fetched": fetched}
    write_text(record, json.dumps(content, indent=2) + "\n")
    return path


@contextmanager
def conversion(entry: Entry, *, keep_original: bool = True) -> Iterator[Path]:
    """Give a temporary path ending in ``.safetensors``; on success its file becomes `converted_path`, in one step.

    Other threads and processes that convert the same model wait. Whatever goes wrong, what was there before stays.

    Args:
        entry: What is being converted.
        keep_original: Whether the published file stays in the cache, too.
    """
    final = converted_path(entry)
    with only_one(final), _temporary_folder(final.parent) as temporary:
        yield temporary / CONVERTED
        try:
            sync(temporary / CONVERTED)
            (temporary / CONVERTED).replace(final)
            sync(final.parent)
            if not keep_original:
                original_path(entry).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {final}: {error.strerror or error}") from error


@contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    make_directory(parent)
    try:
        made = tempfile.TemporaryDirectory(dir=parent, prefix=".converting-", ignore_cleanup_errors=True)
    except OSError as error:
        raise OutputError(f"cannot write to {parent}: {error.strerror or error}") from error
    with made as name:
        yield Path(name)


def _checked(path: Path, wanted: str | None) -> str:
    digest = sha256_of(path)
    if wanted not in (None, digest):
        raise WrongBytesError(f"{path} has the SHA-256 {digest}, not {wanted}: it is not the file that it was")
    return digest


def _hash(record: dict[str, Any]) -> str | None:
    digest = record.get("sha256")
    return digest if isinstance(digest, str) and SHA256.fullmatch(digest) else None


def _read(record: Path) -> dict[str, Any]:
    """What was written down of the first download; empty if nothing was, or nothing that makes sense."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
