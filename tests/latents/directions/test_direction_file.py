"""Files of directions: what was written comes back, what is damaged is refused in a sentence."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from allaprima.checkpoint import write_tensors
from allaprima.errors import LatentError, ModelFileError
from allaprima.latents.directions.arithmetic import difference
from allaprima.latents.directions.direction_file import read_directions, write_directions
from allaprima.latents.directions.sefa import sefa
from allaprima.latents.styles import styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_comes_back(kind: str, tmp_path: Path) -> None:
    G, path = generator(kind, 24, 16, 1), tmp_path / "d.safetensors"
    a, b = styles_of_seeds(G, [0, 1]).split(1)
    written = [*sefa(G, 2, layers="coarse"), difference(G, a + torch.randn_like(a), b, name="a − b")]
    write_directions(path, written, G)
    read = read_directions(path, G)
    for before, after in zip(written, read, strict=True):
        assert torch.equal(before.vector, after.vector)
        assert (before.name, before.method, before.rows) == (after.name, after.method, after.rows)
        assert (before.unit, before.figures) == (after.unit, after.figures)


def test_others_can_read_what_it_says(tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "d.safetensors"
    write_directions(path, sefa(G, 1, layers="coarse"), G)
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["allaprima"])
    assert header["model"] == {"architecture": "stylegan2-generator", "w_dim": 8, "num_ws": 6}
    (entry,) = header["directions"]
    assert entry["space"] == "w"
    assert entry["layers"] == ["b4.conv1", "b8.conv0", "b8.conv1"]


@pytest.mark.parametrize(
    ("other", "fields"),
    [("stylegan", {}), ("stylegan3", {}), ("skip", {"w_dim": 16}), ("r3gan", {})],
)
def test_other_models_are_refused(other: str, fields: dict[str, Any], tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "d.safetensors"
    write_directions(path, sefa(G, 1), G)
    sentence = r"was made for a stylegan2-generator with 6 styles of 8 numbers; this model is a "
    with pytest.raises(LatentError, match=sentence):
        read_directions(path, generator(other, **fields))
    write_directions(path, sefa(G, 1), G)
    assert read_directions(path, generator("skip", seed=9))  # of the same shape: perhaps trained from it


def header_and_tensors() -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    model = {"architecture": "stylegan2-generator", "w_dim": 8, "num_ws": 6}
    entry = {"name": "up", "method": "sefa", "unit": 1.0, "rows": [0, 5], "figures": {"eigenvalue": 2.0}}
    header = {"kind": "file of directions", "format_version": 1, "model": model, "directions": [entry]}
    return header, {"direction.0000": torch.eye(8)[0]}


def damaged(path: Path, how: str) -> None:
    header, tensors = header_and_tensors()
    (entry,) = header["directions"]
    match how:
        case "nothing":
            return
        case "bytes":
            path.write_bytes(b"no safetensors")
            return
        case "cut short":
            write_tensors(path, tensors, header)
            path.write_bytes(path.read_bytes()[:-8])
            return
        case "kind":
            header["kind"] = "model"
        case "newer":
            header["format_version"] = 2
        case "no model":
            header["model"] = {"w_dim": 8}
        case "strange model":
            header["model"] |= {"num_ws": "six"}
        case "no list":
            header["directions"] = {"name": "up"}
        case "too few":
            tensors["direction.0001"] = torch.eye(8)[1]
        case "no unit":
            del entry["unit"]
        case "text for a unit":
            entry["unit"] = "far"
        case "infinite unit":
            entry["unit"] = 1e999
        case "no entry":
            header["directions"] = ["up"]
        case "rows":
            entry["rows"] = [6]
        case "no rows":
            entry["rows"] = []
        case "shape":
            tensors["direction.0000"] = torch.ones(7)
        case "whole numbers":
            tensors["direction.0000"] = torch.eye(8)[0].int()
        case "length":
            tensors["direction.0000"] = torch.ones(8)
        case "not finite":
            tensors["direction.0000"] = torch.full((8,), torch.nan)
        case "key":
            tensors = {"vector": torch.eye(8)[0]}
    write_tensors(path, tensors, header)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("nothing", "there is no file"),
        ("bytes", "no readable safetensors file"),
        ("cut short", "no readable safetensors file"),
        ("kind", "holds a model, not a file of directions"),
        ("newer", "has format version 2"),
        ("no model", "does not say for which models it was made"),
        ("strange model", "does not say for which models it was made"),
        ("no list", "does not describe its directions"),
        ("too few", "does not describe its directions"),
        ("no unit", "does not describe its directions"),
        ("text for a unit", "does not describe its directions"),
        ("infinite unit", "the direction 'up' in .* has no length"),
        ("no entry", "does not describe its directions"),
        ("rows", "the direction 'up' in .* moves layers that there are not"),
        ("no rows", "the direction 'up' in .* moves layers that there are not"),
        ("shape", "the direction 'up' in .* is no vector of such models"),
        ("whole numbers", "the direction 'up' in .* is no vector of such models"),
        ("length", "the direction 'up' in .* has no length"),
        ("not finite", "the direction 'up' in .* has no length"),
        ("key", "the direction 'up' in .* is no vector of such models"),
    ],
)
def test_damage_is_said_in_one_sentence(how: str, sentence: str, tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "d.safetensors"
    write_tensors(path, header_and_tensors()[1], header_and_tensors()[0])
    assert read_directions(path, G)[0].name == "up"
    path.unlink()
    damaged(path, how)
    with pytest.raises(ModelFileError, match=sentence) as error:
        read_directions(path, G)
    assert "\n" not in str(error.value)


def test_a_bare_vector_is_taken_as_it_is(tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "smile.npy"
    vector = torch.randn(8)
    np.save(path, vector.numpy().astype(np.float64)[None])
    (direction,) = read_directions(path, G)
    assert (direction.name, direction.rows) == ("smile", tuple(range(6)))
    torch.testing.assert_close(direction.vector * direction.unit, vector)
    np.save(path, np.ones((6, 8)))
    assert read_directions(path, G)[0].vector.shape == (6, 8)


@pytest.mark.parametrize(
    ("array", "kind", "sentence"),
    [
        (np.ones(5), LatentError, r"is \[5\]: this model's are \[8\] or \[6, 8\]"),
        (np.zeros(8), LatentError, "has no length"),
        (np.full(8, np.inf), LatentError, "has no length"),
        (np.array([{}] * 8), ModelFileError, "no readable .npy file"),
        (np.array(["a"] * 8), ModelFileError, "no readable .npy file"),
    ],
)
def test_bare_vectors_that_do_not_fit(array: Any, kind: type[Exception], sentence: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(kind, match=sentence):
        read_directions(tmp_path / "x.npy", generator("skip"))
    with pytest.raises(ModelFileError, match="there is no file"):
        read_directions(tmp_path / "y.npy", generator("skip"))
