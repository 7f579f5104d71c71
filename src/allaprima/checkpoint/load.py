"""`load`: the one door through which models come in: by name, file, directory, run directory or address on the hub.

It knows a file by its content. What another program wrote goes through `allaprima.interchange`, which runs nothing.
"""

import difflib
from pathlib import Path
from typing import Any

import torch

from allaprima.checkpoint.fetching import fetched
from allaprima.checkpoint.foreign import is_foreign, read_foreign_networks
from allaprima.checkpoint.hub_repository import fetch_directory, is_hub_id
from allaprima.checkpoint.model_file import ROLES, Networks, read_networks
from allaprima.checkpoint.tensors import one_line
from allaprima.errors import ModelFileError
from allaprima.interchange.catalogue import find, near

ASSETS = Path(__file__).parents[1] / "assets"
SNAPSHOTS = "snapshots"  # folder of a run directory
FILES = {".safetensors", ".pkl", ".pickle", ".pt", ".pth"}  # endings of what is certainly meant to be a file


def bundled_names() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in ASSETS.glob("*.safetensors"))


def load(model: str | Path, *, device: torch.device | str = "cpu") -> Any:
    """Load the generator that paints (``G_ema``), in evaluation mode.

    Args:
        model: A file: ours, or a published pickle or PyTorch file; a directory with ``model.safetensors``, or a run
            directory (its newest snapshot); the name of a bundled model, or of a public one in `allaprima models`,
            which is fetched when it is first used; ``owner/name`` on the Hugging Face hub.
        device: Where to put the weights.

    Raises:
        ModelFileError: Nothing of that name, or a file that cannot be read.
        DownloadError: A public model cannot be fetched.
    """
    return load_networks(model, roles=("G_ema",), device=device).G_ema


def load_networks(model: str | Path, *, roles: tuple[str, ...] = ROLES, device: torch.device | str = "cpu") -> Networks:
    """Load all networks of a model (or those in ``roles``) as ``.G_ema``, ``.G`` and ``.D``; see `load`.

    Raises:
        ModelFileError: It is no model, or damaged, or newer than this program.
        DownloadError: It is not here and cannot be fetched.
    """
    path = locate(model)
    read = read_foreign_networks if is_foreign(path) else read_networks
    return read(path, roles=roles, device=device)


def locate(model: str | Path) -> Path:
    """The file that ``model`` means; see `load`. Raises `ModelFileError` or `DownloadError`."""
    path = Path(model)
    try:
        if path.is_dir():
            return _in_directory(path)
        if path.is_file():
            return path
    except OSError as error:
        raise ModelFileError(f"cannot look at {one_line(path)}: {error.strerror or error}") from error
    if str(model) in bundled_names():
        return ASSETS / f"{model}.safetensors"
    if (entry := find(str(model))) is not None:
        return fetched(entry)
    if _means_the_hub(model):
        return _in_directory(fetch_directory(str(model)))
    raise ModelFileError(
        f"there is no model {str(model)!r}: it is neither a file, nor a directory, nor a bundled model"
        f" ({', '.join(bundled_names()) or 'none is bundled'}), nor a public one that allaprima models lists"
        + _suggestion(str(model))
    )


def _means_the_hub(model: str | Path) -> bool:
    """Whether ``owner/name`` is no file that is missing."""
    path = Path(model)
    return is_hub_id(model) and path.suffix.lower() not in FILES and not path.parent.is_dir()


def _suggestion(name: str) -> str:
    alike = difflib.get_close_matches(name.lower(), bundled_names()) + near(name)
    return f"; did you mean {' or '.join(alike)}?" if alike else ""


def _in_directory(path: Path) -> Path:
    if (path / "model.safetensors").is_file():
        return path / "model.safetensors"
    folder = path / SNAPSHOTS if (path / SNAPSHOTS).is_dir() else path
    snapshots = sorted(folder.glob("*.safetensors"))
    if not snapshots:
        raise ModelFileError(f"the directory {path} holds no model.safetensors and no snapshot of a run")
    return snapshots[-1]
