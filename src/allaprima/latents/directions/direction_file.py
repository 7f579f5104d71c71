"""Directions in a file that others can use: numbers and text, never code.

A safetensors file with one tensor for each direction, and in its metadata, under ``allaprima``, the kind of model that
it fits and for each direction its name, method, unit and layers. A bare vector in a ``.npy`` file, as users of the
reference tools share them, is read as well.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.errors import LatentError, ModelFileError
from allaprima.latents.directions.direction import Direction
from allaprima.latents.layer_choice import names_of
from allaprima.latents.likeness import Likeness

FORMAT_VERSION = 1
KIND = "file of directions"
LENGTH_TOLERANCE = 1e-3


def write_directions(path: Path, directions: Sequence[Direction], G: Any) -> None:
    """Write directions of ``G`` to ``path``. Raises `OutputError`."""
    described = [
        {
            "name": direction.name,
            "method": direction.method,
            "space": "w" if direction.vector.ndim == 1 else "ws",
            "unit": direction.unit,
            "rows": list(direction.rows),
            "layers": names_of(G, direction.rows),
            "figures": direction.figures,
        }
        for direction in directions
    ]
    header = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "model": Likeness.of(G).to_dict(),
        "directions": described,
    }
    write_tensors(path, {_key(index): direction.vector for index, direction in enumerate(directions)}, header)


def read_directions(path: Path, G: Any) -> list[Direction]:
    """The directions of a file.

    Raises:
        ModelFileError: The file is missing, damaged, of another kind or of a newer version.
        LatentError: It was made for another kind of model.
    """
    if path.suffix == ".npy":
        return [_bare_direction(path, G)]
    tensors, header = read_tensors(path, kind=KIND, version=FORMAT_VERSION)
    Likeness.from_dict(header.get("model"), path).require(G, path)
    described = header.get("directions")
    if not isinstance(described, list) or len(described) != len(tensors) or not described:
        raise ModelFileError(f"{path} does not describe its directions: it is damaged")
    return [_direction(path, G, entry, tensors.get(_key(index))) for index, entry in enumerate(described)]


def _key(index: int) -> str:
    return f"direction.{index:04d}"


def _direction(path: Path, G: Any, entry: Any, vector: Tensor | None) -> Direction:
    try:
        name, unit, rows = str(entry["name"]), float(entry["unit"]), tuple(int(row) for row in entry["rows"])
        figures = {str(key): float(value) for key, value in entry.get("figures", {}).items()}
        method = str(entry["method"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ModelFileError(f"{path} does not describe its directions: it is damaged") from error
    if vector is None or vector.shape not in {(G.w_dim,), (G.num_ws, G.w_dim)} or not vector.is_floating_point():
        raise ModelFileError(f"the direction {name[:60]!r} in {path} is no vector of such models: the file is damaged")
    vector = vector.float()
    if not abs(float(vector.norm()) - 1) < LENGTH_TOLERANCE or not (math.isfinite(unit) and unit >= 0):
        raise ModelFileError(f"the direction {name[:60]!r} in {path} has no length: the file is damaged")
    if not rows or not set(rows) <= set(range(G.num_ws)):
        raise ModelFileError(f"the direction {name[:60]!r} in {path} moves layers that there are not: it is damaged")
    return Direction(name=name, method=method, vector=vector, unit=unit, rows=rows, figures=figures)


def _bare_direction(path: Path, G: Any) -> Direction:
    """A vector that says nothing of itself: strength 1 is the vector as it is."""
    try:
        found = np.load(path, allow_pickle=False)
        vector = torch.from_numpy(np.array(found, dtype=np.float32)).squeeze()
    except FileNotFoundError as error:
        raise ModelFileError(f"there is no file {path}") from error
    except Exception as error:  # readers of broken files raise whatever they stumble over
        raise ModelFileError(f"{path} is no readable .npy file: it is cut short, damaged or of another kind") from error
    if vector.shape not in {(G.w_dim,), (G.num_ws, G.w_dim)}:
        raise LatentError(
            f"the direction in {path} is {list(vector.shape)}: this model's are [{G.w_dim}] or [{G.num_ws}, {G.w_dim}]"
        )
    length = float(vector.norm())
    if not (math.isfinite(length) and length):
        raise LatentError(f"the direction in {path} has no length")
    return Direction(name=path.stem, method="file", vector=vector / length, unit=length, rows=tuple(range(G.num_ws)))
