"""A model on the Hugging Face hub, fetched into the hub's own cache.

The package ``huggingface-hub`` (1.x or 2.x) is imported only when something goes over the network.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allaprima.checkpoint.tensors import one_line
from allaprima.errors import AllaPrimaError, DownloadError

FILES = ["config.json", "model.safetensors", "README.md"]
HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def fetch_directory(repo_id: str, *, revision: str | None = None) -> Path:
    """The directory of a model on the hub, in the hub's own cache. Raises `DownloadError`."""
    files = f"config.json and model.safetensors of https://huggingface.co/{repo_id}"
    by_hand = f"fetch {files} in another way into a directory and give that"
    with the_hub(DownloadError, f"cannot fetch {repo_id} from the Hugging Face hub", by_hand) as hub:
        return Path(hub.snapshot_download(repo_id, revision=revision, allow_patterns=FILES))


def is_hub_id(name: object) -> bool:
    """Whether a name looks like one of the hub: ``owner/model``."""
    return isinstance(name, str) and HUB_ID.fullmatch(name) is not None and ".." not in name and "--" not in name


@contextmanager
def the_hub(kind: type[AllaPrimaError], failure: str, advice: str) -> Iterator[Any]:
    """The package `huggingface_hub`; whatever it raises becomes one sentence."""
    try:
        import huggingface_hub
    except ImportError as error:
        raise kind(f"{failure}: that takes the package huggingface-hub, which is not installed; {advice}") from error
    try:
        yield huggingface_hub
    except AllaPrimaError:
        raise
    except Exception as error:  # its versions raise errors of their own, of httpx and of the system
        raise kind(f"{failure}: {_reason(error)}; {advice}") from error


def _reason(error: Exception) -> str:
    """What the hub's error means, in a few words."""
    kind = type(error).__name__
    if kind in ("RepositoryNotFoundError", "GatedRepoError"):
        return "there is no such model, or only for some"
    if kind == "RevisionNotFoundError":
        return "there is no such revision"
    if kind in ("LocalEntryNotFoundError", "IncompleteSnapshotError", "OfflineModeIsEnabled", "ConnectError"):
        return "there is no network here, and it is not in the cache"
    return one_line(error).partition(". ")[0] or kind
