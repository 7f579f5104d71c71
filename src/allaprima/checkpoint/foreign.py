"""Files of other programs as networks: what `allaprima.interchange` finds in them, built."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from allaprima.checkpoint.model_file import ROLES, Networks
from allaprima.checkpoint.seal import is_sealed
from allaprima.checkpoint.tensors import KEY
from allaprima.errors import ModelFileError
from allaprima.interchange import Limits, import_file, is_safetensors, provenance_of


def is_foreign(path: Path) -> bool:
    """Whether another program wrote the file. What is named ``.safetensors`` but is damaged counts as ours."""
    if not is_safetensors(path):
        return path.suffix != ".safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            return KEY not in (file.metadata() or {}) and not is_sealed(path)
    except (SafetensorError, OSError):
        return False


def read_foreign_networks(
    path: Path,
    *,
    roles: tuple[str, ...] = ROLES,
    device: torch.device | str = "cpu",
    limits: Limits | None = None,
) -> Networks:
    """Read networks out of a file of another program. Nothing in it is run. Raises `ModelFileError`.

    Args:
        path: A pickle, a file of ``torch.save``, or a ``.safetensors`` of published parameter names.
        roles: Which networks are wanted; ``G_ema`` is always there.
        device: Where to put the weights.
        limits: How much the file may ask for.
    """
    model = import_file(path, limits=limits)
    found: dict[str, Any] = {}
    for role, network in model.networks.items():
        if role in roles:
            try:
                found[role] = network.build().to(device)
            except ModelFileError as error:
                raise ModelFileError(f"{path}: {role}: {error}") from error
    return Networks(**found, provenance=provenance_of(model, path))
