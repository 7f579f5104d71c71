"""`load`: the one door through which models come in, by bundled name, file, directory or run directory."""

from pathlib import Path
from typing import Any

import torch

from allaprima.checkpoint.model_file import ROLES, Networks, read_networks
from allaprima.checkpoint.tensors import one_line
from allaprima.errors import ModelFileError

ASSETS = Path(__file__).parents[1] / "assets"
SNAPSHOTS = "snapshots"  # folder of a run directory


def bundled_names() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in ASSETS.glob("*.safetensors"))


def load(model: str | Path, *, device: torch.device | str = "cpu") -> Any:
    """Load the generator that paints (``G_ema``), in evaluation mode.

    Args:
        model: Name of a bundled model, a ``.safetensors`` file, a directory with ``model.safetensors``, or a run
            directory (its newest snapshot).
        device: Where to put the weights.

    Raises:
        ModelFileError: Nothing of that name, or a file that cannot be read.
    """
    return load_networks(model, roles=("G_ema",), device=device).G_ema


def load_networks(model: str | Path, *, roles: tuple[str, ...] = ROLES, device: torch.device | str = "cpu") -> Networks:
    """Load all networks of a model (or those in ``roles``) as ``.G_ema``, ``.G`` and ``.D``; see `load`."""
    return read_networks(locate(model), roles=roles, device=device)


def locate(model: str | Path) -> Path:
    """The ``.safetensors`` file that ``model`` means. Raises `ModelFileError`."""
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
    raise ModelFileError(
        f"there is no model {str(model)!r}: it is neither a file, nor a directory, nor a bundled model"
        f" ({', '.join(bundled_names()) or 'none is bundled'})"
    )


def _in_directory(path: Path) -> Path:
    if (path / "model.safetensors").is_file():
        return path / "model.safetensors"
    folder = path / SNAPSHOTS if (path / SNAPSHOTS).is_dir() else path
    snapshots = sorted(folder.glob("*.safetensors"))
    if not snapshots:
        raise ModelFileError(f"the directory {path} holds no model.safetensors and no snapshot of a run")
    return snapshots[-1]
