"""allaprima walk: one film, one line; every mistake one sentence, before anything is painted."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image, ImageSequence

from allaprima.checkpoint import Networks, load, save
from allaprima.cli.walk import grid_of, settings_of, walk
from allaprima.errors import AllaPrimaError, ConfigError, LatentError, OutputError
from allaprima.latents.model_walk import walk_models
from allaprima.latents.motion import Motion
from allaprima.latents.route import Route
from allaprima.latents.walks import Breath
from allaprima.latents.walks import walk as walk_latents
from tests.surgery.small import generator


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with two models, one of classes, one of StyleGAN3, and latents."""
    for seed, name in enumerate(("a", "b")):
        save(generator("skip", seed=seed), tmp_path / f"{name}.safetensors")
    names = ["cat", "dog", "bird"]
    save(Networks(G_ema=generator("skip", c_dim=3), class_names=names), tmp_path / "classes.safetensors")
    save(generator("stylegan3", 16, 24), tmp_path / "sg3.safetensors")
    np.savez(tmp_path / "projected_w.npz", w=np.random.RandomState(0).randn(3, 6, 8))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(walk, [str(argument) for argument in arguments])


def frames_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.stack([np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])


def assert_films(result: Result, out: Path, made: Any) -> None:
    assert result.exit_code == 0, result.exception
    wanted = np.stack(list(made)).astype(int)
    assert np.abs(frames_of(out).astype(int) - wanted).max() <= 1
    assert result.stdout == f"filmed {len(wanted)} frames ({len(wanted) / 5:.1f} s) into {out}\n"


def test_a_loop_through_seeds(models: Path) -> None:
    out = models / "film.png"
    result = run(models / "a.safetensors", out, "--seeds", "1,5,9", "--truncation", 0.7, "--fps", 5)
    made = walk_latents(load(models / "a.safetensors"), Route(seeds=[1, 5, 9], frames=30), truncation_psi=0.7)
    assert_films(result, out, made)


@pytest.mark.parametrize(
    ("kind", "frames"), [("loop", 40), ("line", 30), ("sphere", 30), ("circle", 40), ("random", 40)]
)
def test_every_kind_has_keys_and_a_length_of_its_own(models: Path, kind: Any, frames: int) -> None:
    out = models / "film.png"
    seeds = range({"circle": 2, "random": 1}.get(kind, 4))
    route = Route(seeds=seeds, kind=kind, frames=frames, sigma=5)
    assert_films(
        run(models / "a.safetensors", out, "--kind", kind, "--fps", 5),
        out,
        walk_latents(load(models / "a.safetensors"), route),
    )


def test_a_grid_shares_the_seeds(models: Path) -> None:
    out = models / "film.png"
    route = Route(seeds=range(6), kind="random", frames=5, grid=(2, 3), sigma=2.5)
    made = walk_latents(load(models / "a.safetensors"), route, noise="moving", truncation_psi=Breath(0.3, 0.9, 2))
    options = ("--kind", "random", "--grid", "2x3", "--seconds", 1, "--fps", 5, "--truncation", "0.3:0.9:2")
    assert_films(run(models / "a.safetensors", out, *options, "--set", "noise=moving,smoothing=0.5"), out, made)


def test_styles_of_a_file_are_keys(models: Path) -> None:
    out, G = models / "film.png", load(models / "a.safetensors")
    ws = torch.from_numpy(np.load(models / "projected_w.npz")["w"]).float()
    options = ("--seeds", models / "projected_w.npz", "--kind", "line", "--seconds", 1, "--fps", 5)
    assert_films(
        run(models / "a.safetensors", out, *options), out, walk_latents(G, Route(ws=ws, kind="line", frames=5))
    )


def test_a_class_or_several(models: Path) -> None:
    out, G = models / "film.png", load(models / "classes.safetensors")
    rest = ("--seeds", 3, "--seconds", 1, "--fps", 5)
    one = run(models / "classes.safetensors", out, "--class", "dog", *rest)
    assert_films(one, out, walk_latents(G, Route(seeds=[3], class_index=1, frames=5)))
    several = run(models / "classes.safetensors", out, "--class", "cat:2", *rest)
    assert_films(several, out, walk_latents(G, Route(seeds=[3], c=torch.eye(3)[[0, 2]], frames=5)))


def test_stylegan3_is_moved(models: Path) -> None:
    out, G = models / "film.png", load(models / "sg3.safetensors")
    motion = Motion(rotate=360, translate=(0.2, -0.1), scale=1.5)
    made = walk_latents(G, Route(seeds=[3], frames=5), motion=motion)
    moved = ("--set", "rotate=360, translate=0.2:-0.1", "--set", "scale=1.5")
    result = run(models / "sg3.safetensors", out, "--seeds", 3, "--seconds", 1, "--fps", 5, *moved)
    assert_films(result, out, made)


def test_from_model_to_model(models: Path) -> None:
    out, paths = models / "film.png", [models / "a.safetensors", models / "b.safetensors"]
    networks = [load(path) for path in paths]
    options = ("--seeds", "0-3", "--grid", "2x2", "--fps", 5)
    there_and_back = walk_models(networks, Route(seeds=range(4), grid=(2, 2), frames=20))
    assert_films(run(*paths, out, *options), out, there_and_back)
    there = walk_models(networks, Route(seeds=range(4), grid=(2, 2), frames=5, kind="line"))
    assert_films(run(*paths, out, *options, "--kind", "line", "--seconds", 1), out, there)


def test_pixels_are_enlarged(models: Path) -> None:
    out, G = models / "film.png", load(models / "a.safetensors")
    assert run(models / "a.safetensors", out, "--seconds", 0.2, "--fps", 5, "--set", "enlarge=3").exit_code == 0
    wanted = next(iter(walk_latents(G, Route(seeds=range(4), frames=1))))
    np.testing.assert_array_equal(frames_of(out)[0], wanted.repeat(3, axis=0).repeat(3, axis=1))


def test_ctrl_c_leaves_a_film_and_says_so(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import allaprima.cli.walk as module

    def interrupted(frames: Any, factor: int) -> Any:
        for index, frame in enumerate(frames):
            if index == 3:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(module, "enlarged", interrupted)
    out = models / "film.png"
    result = run(models / "a.safetensors", out, "--fps", 5)
    assert result.exit_code == 130
    assert result.stderr == f"allaprima: stopped: {out} holds the first 3 of 40 frames, and can be played\n"
    assert len(frames_of(out)) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (["a.safetensors", "film.avi"], ConfigError, r"^no film format is called \.avi"),
        (["a.safetensors", "no/film.mp4"], OutputError, r"^cannot write .*film\.mp4: .* is no directory"),
        (["a.safetensors", "f.png", "--grid", "2"], ConfigError, r"^'2' is no grid: give rows and columns, as 2x3$"),
        (["a.safetensors", "f.png", "--seeds", "0-4", "--grid", "2x2"], ConfigError, r"^5 seeds cannot be dealt"),
        (["a.safetensors", "f.png", "--set", "speed=3"], ConfigError, r"^--set knows space, noise, .*, not 'speed'$"),
        (["a.safetensors", "f.png", "--set", "noise"], ConfigError, r"^--set noise takes const, none, random or mov"),
        (["a.safetensors", "f.png", "--set", "rotate=90"], ConfigError, r"^only StyleGAN3's images can be turned"),
        (["a.safetensors", "f.png", "--truncation", "x:1"], LatentError, r"^'x:1' is no truncation"),
        (["a.safetensors", "f.png", "--truncation", "0.5@3"], ConfigError, r"^a walk would jump between the 3 centres"),
        (["a.safetensors", "f.png", "--class", "0:1"], LatentError, r"^this model knows no classes"),
        (["a.safetensors", "sg3.safetensors", "f.png"], ConfigError, r"^the networks cannot be mixed: one is a"),
        (["a.safetensors", "b.safetensors", "f.png", "--kind", "random"], ConfigError, r"^from model to model leads"),
        (["a.safetensors", "f.png", "--seeds", "none.npz"], LatentError, r"^there is no file .*none\.npz$"),
    ],
)
def test_a_mistake_is_one_sentence(
    models: Path, arguments: list[str], error: type[AllaPrimaError], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    result = run(*arguments)
    assert isinstance(result.exception, error)
    assert re.search(sentence, str(result.exception)), str(result.exception)
    assert not (models / "f.png").exists()


def test_settings_and_grids_are_read() -> None:
    assert settings_of(("rotate=-30.5,translate=.2", "cutoff=4"))[2:6] == (-30.5, (0.2, 0.0), 1.0, 4)
    assert settings_of(()) == settings_of(("noise=const",))
    assert [grid_of(text) for text in ("1x1", "2X3", " 4 × 5 ")] == [(1, 1), (2, 3), (4, 5)]
    for wrong in ("0x2", "2x", "x", "2x3x4", "1000x1"):
        with pytest.raises(ConfigError, match="is no grid"):
            grid_of(wrong)
