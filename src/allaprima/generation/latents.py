"""Latents that were saved to a file: by this program, or as ``projected_w.npz`` by the reference tools."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.generation.labels import labels
from allaprima.models import noise_maps

NAMES = ("ws", "w", "z")
NOISE = "noise."


@torch.no_grad()
def read_latents(
    path: Path,
    G: Any,
    *,
    c: Float[Tensor, "n c"] | None = None,
    class_index: int | None = None,
    truncation_psi: float = 1.0,
    truncation_cutoff: int | None = None,
) -> Float[Tensor, "n s d"]:
    """Styles from a ``.npz``, ``.npy`` or ``.safetensors`` file.

    The array is [n, num_ws, w_dim], one style for each layer, [n, w_dim], one for all, or, named ``z``, [n, z_dim],
    which the mapping network maps. The other arguments are for ``z``: a style has its class and truncation behind it.

    Raises:
        LatentError: The file cannot be read, or does not fit the generator.
    """
    name, array = _read(path)
    if name == "z":
        if array.shape[1:] != (G.z_dim,):
            raise _misfit(path, array, f"[n, {G.z_dim}] for this model")
        device = next(G.parameters()).device
        c = labels(G, len(array), c, class_index)
        options = {"truncation_psi": truncation_psi, "truncation_cutoff": truncation_cutoff}
        ws: Tensor = G.mapping(array.to(device), None if c is None else c.to(device), **options)
        return ws
    if (c, class_index, truncation_psi) != (None, None, 1):
        raise LatentError(f"{path} holds styles ({name}): a class and truncation have a say only where it holds z")
    if array.shape[1:] == (G.w_dim,):
        return array[:, None].repeat(1, G.num_ws, 1)
    if array.shape[1:] == (1, G.w_dim):
        return array.repeat(1, G.num_ws, 1)
    if array.shape[1:] != (G.num_ws, G.w_dim):
        raise _misfit(path, array, f"[n, {G.num_ws}, {G.w_dim}] or [n, {G.w_dim}] for this model")
    return array


def read_noise(path: Path, G: Any) -> dict[str, Tensor]:
    """The noise maps that a projection found and saved beside its styles, as `allaprima.models.paint_with_noise` takes
    them: [n, 1, h, w] by layer ([n, h, w] of a `LucidrainsGenerator`). Empty where a file has none.

    Raises:
        LatentError: The file cannot be read, or its noise does not fit the generator.
    """
    if path.suffix != ".safetensors":
        return {}
    maps = {name.removeprefix(NOISE): each for name, each in _arrays(path).items() if name.startswith(NOISE)}
    known = noise_maps(G)
    for name, each in maps.items():
        if name not in known or each.shape[-2:] != known[name].shape[-2:]:
            raise LatentError(f"{path} has noise {list(each.shape)} for a layer {name!r}: this model has no such layer")
        if not torch.isfinite(each).all():
            raise LatentError(f"the noise in {path} for the layer {name!r} is not finite")
    return maps


def _misfit(path: Path, array: Tensor, wanted: str) -> LatentError:
    return LatentError(f"the latents in {path} have shape {list(array.shape)}: they must be {wanted}")


def _read(path: Path) -> tuple[str, Tensor]:
    """The first of `NAMES` that a file holds, and its array in float32."""
    arrays = _arrays(path)
    names = [name for name in NAMES if name in arrays]
    if not names:
        raise LatentError(f"{path} holds none of the arrays {', '.join(NAMES)}, but {', '.join(arrays) or 'nothing'}")
    array = arrays[names[0]]
    if not array.is_floating_point() or not torch.isfinite(array).all():
        raise LatentError(f"the latents in {path} are not finite floating-point numbers")
    return names[0], array


def _arrays(path: Path) -> dict[str, Tensor]:
    """All that a file holds, numbers as float32. Raises `LatentError`."""
    try:
        found = load_file(path) if path.suffix == ".safetensors" else _read_numpy(path)
        return {name: array.float() if array.is_floating_point() else array for name, array in found.items()}
    except FileNotFoundError as error:
        raise LatentError(f"there is no file {path}") from error
    except Exception as error:  # readers of broken files raise whatever they stumble over
        reason = " ".join(str(error).split())[:300]
        raise LatentError(f"{path} holds no latents: a .npz, .npy or .safetensors file is wanted ({reason})") from error


def _read_numpy(path: Path) -> dict[str, Tensor]:
    """Arrays by name; those of other names than `NAMES` are not read. Object arrays, which are pickles, are refused."""
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return {"w": _to_tensor(found)}
    with found:
        return {name: _to_tensor(found[name]) if name in NAMES else torch.empty(0) for name in found.files}


def _to_tensor(array: Any) -> Tensor:
    if array.dtype.kind == "f":  # of any width and byte order
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    return torch.from_numpy(np.array(array))
