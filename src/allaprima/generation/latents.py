"""Latents that were saved to a file: by this program, or as ``projected_w.npz`` by the reference tools."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from allaprima.errors import LatentError

NAMES = ("ws", "w", "z")


def read_latents(path: Path, G: Any, *, truncation_psi: float = 1.0, c: Tensor | None = None) -> Float[Tensor, "n s d"]:
    """Styles from a ``.npz``, ``.npy`` or ``.safetensors`` file.

    The array is [n, num_ws, w_dim], one style for each layer, [n, w_dim], one for all, or, named ``z``, [n, z_dim],
    which the mapping network maps.

    Raises:
        LatentError: The file cannot be read, or does not fit the generator.
    """
    name, array = _read(path)
    if name == "z":
        if array.shape[1:] != (G.z_dim,):
            raise _misfit(path, array, f"[n, {G.z_dim}] for this model")
        ws: Tensor = G.mapping(array, c, truncation_psi=truncation_psi)
        return ws
    if array.shape[1:] == (G.w_dim,):
        return array[:, None].repeat(1, G.num_ws, 1)
    if array.shape[1:] == (1, G.w_dim):
        return array.repeat(1, G.num_ws, 1)
    if array.shape[1:] != (G.num_ws, G.w_dim):
        raise _misfit(path, array, f"[n, {G.num_ws}, {G.w_dim}] or [n, {G.w_dim}] for this model")
    return array


def _misfit(path: Path, array: Tensor, wanted: str) -> LatentError:
    return LatentError(f"the latents in {path} have shape {list(array.shape)}: they must be {wanted}")


def _read(path: Path) -> tuple[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            arrays: dict[str, Any] = dict(load_file(path))
        else:
            found = np.load(path, allow_pickle=False)
            arrays = {"w": found} if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except FileNotFoundError as error:
        raise LatentError(f"there is no file {path}") from error
    except (OSError, ValueError, SafetensorError, zipfile.BadZipFile, EOFError) as error:
        raise LatentError(f"{path} holds no latents: a .npz, .npy or .safetensors file is wanted ({error})") from error
    names = [name for name in NAMES if name in arrays]
    if not names:
        raise LatentError(f"{path} holds none of the arrays {', '.join(NAMES)}, but {', '.join(arrays) or 'nothing'}")
    array = torch.as_tensor(arrays[names[0]])
    if not array.is_floating_point() or not torch.isfinite(array).all():
        raise LatentError(f"the latents in {path} are not finite floating-point numbers")
    return names[0], array.float()
