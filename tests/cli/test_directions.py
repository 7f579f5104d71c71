"""allaprima directions: found, kept, painted, filmed, applied."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from safetensors.torch import load_file, save_file

from allaprima.checkpoint import Networks, load, save
from allaprima.cli.directions import directions, parse_strengths
from allaprima.cli.generate import generate
from allaprima.errors import ConfigError, LatentError, ModelFileError
from allaprima.latents.clusters import write_centres
from allaprima.latents.directions.direction import apply_direction
from allaprima.latents.directions.direction_file import read_directions
from allaprima.latents.directions.sefa import sefa
from allaprima.latents.styles import styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


def model_of(kind: str, tmp_path: Path, *shape: int, c_dim: int = 0) -> str:
    path = tmp_path / f"{kind}.safetensors"
    save(Networks(G_ema=generator(kind, *shape, c_dim=c_dim), class_names=["cat", "dog"][:c_dim] or None), path)
    return str(path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(directions, [str(argument) for argument in arguments])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("method", ["sefa", "pca"])
@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_found_kept_and_painted(kind: str, method: str, tmp_path: Path) -> None:
    model, out = model_of(kind, tmp_path, 24, 16, 4), tmp_path / "out"
    result = run(model, out, "--method", method, "--count", 2, "--seeds", "0,1")
    assert result.exit_code == 0
    assert names_in(out) == ["directions.png", "directions.safetensors", f"{method}-0.png", f"{method}-1.png"]
    assert f"painted 2 strips: {out / 'directions.png'}\n" in result.stdout
    assert f"{method}-1: " in result.stdout
    assert [direction.name for direction in read_directions(out / "directions.safetensors", load(model))] == [
        f"{method}-0",
        f"{method}-1",
    ]


def test_layers_of_what_is_found(tmp_path: Path) -> None:
    model, out = model_of("skip", tmp_path), tmp_path / "out"
    assert run(model, out, "--layers", "coarse", "--count", 1, "--seeds", 0).exit_code == 0
    (direction,) = read_directions(out / "directions.safetensors", load(model))
    (wanted,) = sefa(load(model), 1, layers="coarse")
    assert torch.equal(direction.vector, wanted.vector)
    assert direction.rows == (0, 1, 2)


def test_boundaries_from_examples_and_from_classes(tmp_path: Path) -> None:
    model, out = model_of("skip", tmp_path, c_dim=2), tmp_path / "out"
    result = run(model, out, "--method", "boundary", "--examples", "0-3", "4-7", "--class", "cat", "--seeds", 0)
    assert result.exit_code == 0
    assert "boundary: accuracy " in result.stdout
    assert "(guessing gives 50%)" in result.stdout
    classes = tmp_path / "classes"
    assert run(model, classes, "--method", "boundary", "--class", 0, "--seeds", "0,1").exit_code == 0
    assert names_in(classes) == ["cat.png", "directions.png", "directions.safetensors", "dog.png"]


def test_arithmetic_of_saved_latents(tmp_path: Path) -> None:
    model = model_of("skip", tmp_path)
    G = load(model)
    a, b, c = (styles_of_seeds(G, [seed]) + 0.1 * torch.randn(1, G.num_ws, G.w_dim) for seed in (0, 1, 2))
    for name, ws in (("a", a), ("b", b), ("c", c)):
        save_file({"ws": ws}, tmp_path / f"{name}.safetensors")
    files = [tmp_path / f"{name}.safetensors" for name in "abc"]
    out = tmp_path / "out"
    options = ("--method", "difference", "--examples", *files[:2], "--seeds", files[2], "--strength", 1)
    result = run(model, out, *options)
    assert result.stdout == f"moved 1 images by 1 along difference: {out}\n"
    assert names_in(out) == ["latent0000.png", "latents.safetensors"]
    torch.testing.assert_close(load_file(out / "latents.safetensors")["ws"], a - b + c, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_moved_by_one_strength_can_be_painted_again(kind: str, tmp_path: Path) -> None:
    model, out = model_of(kind, tmp_path), tmp_path / "found"
    assert run(model, out, "--count", 2, "--seeds", 0).exit_code == 0
    moved = tmp_path / "moved"
    chosen = f"{out / 'directions.safetensors'}:sefa-1"
    assert run(model, moved, "--method", chosen, "--seeds", "3,5", "--strength", -1.5).exit_code == 0
    assert names_in(moved) == ["latents.safetensors", "seed0003.png", "seed0005.png"]
    G = load(model)
    wanted = apply_direction(G, styles_of_seeds(G, [3, 5]), sefa(G, 2)[1], -1.5)
    torch.testing.assert_close(load_file(moved / "latents.safetensors")["ws"], wanted)
    again = ["--latents", str(moved / "latents.safetensors"), "--out", str(tmp_path / "again")]
    assert CliRunner().invoke(generate, [model, *again]).exit_code == 0
    pixels = [np.asarray(Image.open(path)) for path in (moved / "seed0005.png", tmp_path / "again" / "latent0001.png")]
    assert np.array_equal(*pixels)


def test_a_file_gives_all_its_directions_or_those_that_are_named(tmp_path: Path) -> None:
    model, out = model_of("skip", tmp_path), tmp_path / "out"
    run(model, out, "--count", 3, "--seeds", 0)
    file = out / "directions.safetensors"
    assert run(model, tmp_path / "all", "--method", file, "--seeds", "0,1").exit_code == 0
    assert names_in(tmp_path / "all") == ["directions.png", "sefa-0.png", "sefa-1.png", "sefa-2.png"]
    assert run(model, tmp_path / "two", "--method", f"{file}:sefa-2,sefa-0", "--seeds", "0,1").exit_code == 0
    assert names_in(tmp_path / "two") == ["directions.png", "sefa-0.png", "sefa-2.png"]
    pages = []
    for layers in ((), ("--layers", "0")):  # what moves may be chosen anew
        run(model, tmp_path / "a.png", "--method", f"{file}:sefa-0", *layers)
        pages.append(np.asarray(Image.open(tmp_path / "a.png")))
    assert not np.array_equal(*pages)


@pytest.mark.parametrize("seeds", ["0,1", "0"])
def test_films(seeds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allaprima.cli.directions.FRAMES", 6)
    model, out = model_of("skip", tmp_path, 16, 24, 4), tmp_path / "film.gif"
    result = run(model, out, "--count", 2, "--seeds", seeds)
    assert result.stdout == f"filmed 2 directions in 6 frames: {out}\n"
    with Image.open(out) as film:
        assert getattr(film, "n_frames", 1) == 6


def test_truncation_towards_centres_of_a_file(tmp_path: Path) -> None:
    model = model_of("skip", tmp_path)
    G, file = load(model), tmp_path / "c.safetensors"
    centres = torch.randn(2, G.w_dim)
    write_centres(file, centres, G)
    run(model, tmp_path / "found", "--count", 1, "--seeds", 0)
    chosen = tmp_path / "found" / "directions.safetensors"
    options = ("--method", chosen, "--strength", 0, "--seeds", 3, "--truncation", f"0@{file}")
    assert run(model, tmp_path / "out", *options).exit_code == 0
    ws = load_file(tmp_path / "out" / "latents.safetensors")["ws"]
    assert any(torch.allclose(ws, centre.expand_as(ws), atol=1e-6) for centre in centres)


@pytest.mark.parametrize(
    ("text", "strengths"),
    [
        ("-3..3", [-3, -2, -1, 0, 1, 2, 3]),
        ("-1..1..0.5", [-1, -0.5, 0, 0.5, 1]),
        ("0..0.3..0.1", [0, 0.1, 0.2, 0.3]),
        ("-2, 0,2.5", [-2, 0, 2.5]),
        ("−1", [-1]),
    ],
)
def test_strengths(text: str, strengths: list[float]) -> None:
    assert parse_strengths(text) == strengths


@pytest.mark.parametrize("text", ["", "x", "1..", "3..-3", "0..1..0", "0..1..1e-9", "0..9999", "nan"])
def test_no_strengths(text: str) -> None:
    with pytest.raises(LatentError, match="strengths"):
        parse_strengths(text)


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        (("--method", "foo"), LatentError, "there is no method 'foo': give sefa, pca, boundary, difference, or a file"),
        (("--method", "foo.safetensors"), ModelFileError, "there is no file"),
        (("--method", "sefa", "--examples", "0", "1"), LatentError, "sefa takes no examples"),
        (("--method", "difference"), LatentError, "difference needs --examples"),
        (("--method", "boundary"), LatentError, "this model knows no classes"),
        (("--method", "boundary", "--examples", "0", "1"), LatentError, "at least 2 positive and 2 negative"),
        (("--count", "99"), ConfigError, "there cannot be 99 directions"),
        (("--strength", "x"), LatentError, "'x' are no strengths"),
        (("--seeds", "nothing.npz"), LatentError, "there is no file"),
        (("--layers", "fine"), LatentError, "this model has no fine layers"),
    ],
)
def test_what_it_refuses(arguments: tuple[str, ...], kind: type[Exception], sentence: str, tmp_path: Path) -> None:
    error: Any = run(model_of("skip", tmp_path), tmp_path / "out", *arguments).exception
    assert isinstance(error, kind)
    with pytest.raises(kind, match=sentence):
        raise error


def test_a_direction_that_a_file_does_not_hold(tmp_path: Path) -> None:
    model, out = model_of("skip", tmp_path), tmp_path / "out"
    run(model, out, "--count", 2, "--seeds", 0)
    error = run(model, tmp_path / "b", "--method", f"{out / 'directions.safetensors'}:smile").exception
    assert str(error).endswith("it holds sefa-0, sefa-1")
