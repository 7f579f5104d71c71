"""What is remembered about shards, so that they are gone through only once; all of it can be made again."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

FORMAT_VERSION = 1

T = TypeVar("T")


def folder() -> Path:
    """Where indices are kept: ``$ALLAPRIMA_HOME/indices`` or ``~/.cache/allaprima/indices``."""
    own, shared = os.environ.get("ALLAPRIMA_HOME"), os.environ.get("XDG_CACHE_HOME")
    if own:
        return Path(own).expanduser() / "indices"
    if shared and Path(shared).is_absolute():
        return Path(shared) / "allaprima/indices"
    return Path.home() / ".cache/allaprima/indices"


def digest(facts: object) -> str:
    """Hash what an index depends on."""
    return hashlib.sha256(json.dumps([FORMAT_VERSION, facts]).encode()).hexdigest()[:32]


def read_kept(path: Path, read: Callable[[Path], T]) -> T | None:
    """Read what was remembered; None if it is not there, or damaged."""
    try:
        return read(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
