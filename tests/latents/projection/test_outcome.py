"""What a projection leaves behind."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from allaprima.generation import generate, read_latents
from allaprima.images import to_pixels
from allaprima.latents.projection.outcome import folders, frames, painted_psnr, table, write_outcome
from allaprima.latents.projection.projection import Projection, project
from allaprima.latents.projection.search import Search
from allaprima.latents.styles import as_tensors
from tests.surgery.small import generator, paint

QUICK = Search(steps=3)
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_of_one_target_all_is_in_the_directory(channels: int, tmp_path: Path) -> None:
    G = generator("skip", 24, 16, channels)
    found = project(G, to_pixels(paint(G, 1)), how=QUICK)
    quality = write_outcome(tmp_path / "out", found, ["me"])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        *("target.png", "projected.png", "latents.safetensors", "projected_w.npz"),
        *("distance.csv", "distance.png", "projection.json"),
    }
    for name in ("target.png", "projected.png"):
        with Image.open(tmp_path / "out" / name) as picture:
            assert (picture.mode, picture.size) == (MODES[channels], (16, 24))
    w = np.load(tmp_path / "out" / "projected_w.npz")["w"]
    np.testing.assert_array_equal(w, found.ws.numpy())
    assert w.shape == (1, G.num_ws, G.w_dim)
    assert torch.equal(read_latents(tmp_path / "out" / "latents.safetensors", G), found.ws)
    kept = load_file(tmp_path / "out" / "latents.safetensors")
    assert {name for name in kept if name != "ws"} == {f"noise.{name}" for name in found.noise}
    told = json.loads((tmp_path / "out" / "projection.json").read_text())
    assert told["search"]["steps"] == 3
    assert told["targets"][0]["psnr"] == pytest.approx(quality.item(), abs=0.01)
    assert told["targets"][0]["steps"] == 3
    again = torch.stack(list(as_tensors(generate(G, ws=found.ws))))
    assert told["targets"][0]["psnr_with_own_noise"] == pytest.approx(
        painted_psnr(again, found.targets).item(), abs=0.01
    )


def test_of_several_targets_each_has_a_folder(tmp_path: Path) -> None:
    G = generator("r3gan")
    found = project(G, to_pixels(paint(G, 3)), how=QUICK)
    write_outcome(tmp_path, found, ["me", "you", "me"])
    for name in ("me", "you", "me-2"):
        assert {path.name for path in (tmp_path / name).iterdir()} == {"target.png", "projected.png", "projected_w.npz"}
    assert read_latents(tmp_path / "latents.safetensors", G).shape == (3, 1, G.w_dim)
    rows = list(csv.reader((tmp_path / "distance.csv").open()))
    assert rows[0] == ["step", "me", "you", "me"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]


def test_what_was_left_early_is_written(tmp_path: Path) -> None:
    G = generator("skip")
    projection = Projection(G, to_pixels(paint(G, 2)), how=Search(steps=50), at_once=1)
    next(iter(projection))
    write_outcome(tmp_path, projection, ["a", "b"])
    told = json.loads((tmp_path / "projection.json").read_text())
    assert [target["steps"] for target in told["targets"]] == [1, 0]
    assert told["targets"][1]["distance"] is None
    assert list(csv.reader((tmp_path / "distance.csv").open()))[1][2] == ""


def test_names_of_folders_are_unlike(tmp_path: Path) -> None:
    assert [path.name for path in folders(tmp_path, ["a", "a", "b", "a"])] == ["a", "a-2", "b", "a-3"]
    assert [path.name for path in folders(tmp_path, ["a", "a", "a-2"])] == ["a", "a-2", "a-2-2"]
    assert folders(tmp_path, ["a"]) == [tmp_path]


def test_a_table_leaves_out_what_there_is_not() -> None:
    nan = float("nan")
    text = table(torch.tensor([[1.0, 0.5], [0.25, nan], [nan, nan]]), ["a", "b, c"])
    assert text == 'step,a,"b, c"\n1,1,0.5\n2,0.25,\n'


@pytest.mark.parametrize(("count", "channels"), [(1, 4), (3, 1), (40, 3)])
def test_the_film_shows_targets_and_the_way(count: int, channels: int) -> None:
    G = generator("skip", 16, 24, channels)
    projection = Projection(G, to_pixels(paint(G, 1)).expand(count, -1, -1, -1), how=Search(steps=2))
    way = list(frames(projection))
    assert len(way) == len(projection.trail)
    assert {frame.shape for frame in way} == {way[0].shape}
    assert way[0].dtype == np.uint8


def test_psnr_is_that_of_what_is_written() -> None:
    G = generator("skip", channels=4)
    pixels = to_pixels(paint(G, 2))
    assert (painted_psnr(pixels, pixels) == 100).all()
