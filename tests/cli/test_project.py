"""allaprima project: pictures in, latents out, or one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from allaprima.checkpoint import Networks, load, load_networks, perceptual, save, weight_files
from allaprima.cli import project as module
from allaprima.cli.main import COMMANDS, main
from allaprima.errors import DownloadError
from allaprima.generation import generate, latents_of_seeds, read_latents
from allaprima.images import write_png
from allaprima.latents.projection import (
    DiscriminatorDistance,
    EncoderTraining,
    PerceptualDistance,
    PyramidDistance,
    SumOfDistances,
    new_encoder,
    write_encoder,
)
from allaprima.models.lpips import LPIPS
from tests.surgery.small import discriminator, generator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``allaprima project`` on the CPU in an empty directory, without the caches of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(COMMANDS, "project", "")
    monkeypatch.setattr(perceptual, "find", lambda *_: None)
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["project", "--device", "cpu", *map(str, arguments)])
        assert isinstance(caught.value.code, int)
        return caught.value.code, *capsys.readouterr()

    return run


def model_of(
    path: Path, kind: str = "skip", height: int = 16, width: int = 24, channels: int = 3, **fields: Any
) -> Path:
    G = generator(kind, height, width, channels, **fields)
    names = ["cat", "dog"] if fields.get("c_dim") else None
    save(Networks(G_ema=G, class_names=names, provenance={"licence": "CC0"}), path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_of(tmp_path / "model.safetensors")


@pytest.fixture
def picture(tmp_path: Path, model: Path) -> Path:
    """Something that the model has painted."""
    write_png(tmp_path / "me.png", next(iter(generate(load(model), seeds=[3]))))
    return tmp_path / "me.png"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


FILES = {"target.png", "projected.png", "latents.safetensors", "projected_w.npz", "film.mp4", "projection.json"}
FILES |= {"distance.csv", "distance.png"}


def test_a_picture_gets_its_latents(model: Path, picture: Path, run: Run) -> None:
    status, out, err = run(model, picture, "--out", "found", "--steps", 3)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].startswith("me: ")
    assert out.splitlines()[-1] == "projected 1 image into found: latents.safetensors, film.mp4 …"
    assert names(Path("found")) == FILES
    G = load(model)
    ws = read_latents(Path("found/latents.safetensors"), G)
    assert ws.shape == (1, G.num_ws, G.w_dim)
    np.testing.assert_array_equal(np.asarray(Image.open("found/target.png")), np.asarray(Image.open(picture)))


@pytest.mark.parametrize("kind", ["stylegan", "progan", "r3gan", "stylegan3"])
def test_every_architecture(kind: str, tmp_path: Path, run: Run) -> None:
    height, width, channels = (8, 12, 4) if kind == "stylegan3" else (16, 16, 1)
    path = model_of(tmp_path / "m.safetensors", kind, height, width, channels)
    write_png(tmp_path / "a.png", np.zeros((30, 20, 3), np.uint8))
    status, out, err = run(path, tmp_path / "a.png", "--steps", 2, "--tune", 1)
    assert status == 0
    assert "a: its centre cropped" in err
    assert "a: converted from RGB" in err
    assert "dB after tuning" in out
    assert names(Path("projected")) == {*FILES, "tuned.png", "tuned.safetensors"}


def test_in_w_all_layers_have_one_style(model: Path, picture: Path, run: Run) -> None:
    assert run(model, picture, "--space", "w", "--steps", 2)[0] == 0
    ws = read_latents(Path("projected/latents.safetensors"), load(model))
    assert torch.equal(ws, ws[:, :1].expand_as(ws))


def test_of_several_pictures_each_has_a_folder(model: Path, picture: Path, tmp_path: Path, run: Run) -> None:
    write_png(tmp_path / "you.png", np.zeros((16, 24, 3), np.uint8))
    status, out, _ = run(model, picture, tmp_path / "you.png", "--steps", 2, "--tune", 2)
    assert status == 0
    assert out.splitlines()[-1].startswith("projected 2 images into projected")
    assert names(Path("projected/me")) == {"target.png", "projected.png", "projected_w.npz", "tuned.png"}
    assert read_latents(Path("projected/latents.safetensors"), load(model)).shape[0] == 2


def test_the_tuned_model_paints_the_latents_again(model: Path, picture: Path, run: Run) -> None:
    assert run(model, picture, "--steps", 2, "--tune", 4)[0] == 0
    tuned = load_networks(Path("projected/tuned.safetensors"))
    assert tuned.provenance["licence"] == "CC0"
    assert tuned.provenance["tuning"] == {"model": str(model), "images": ["me"], "steps": 4}
    ws = read_latents(Path("projected/latents.safetensors"), tuned.G_ema)
    (image,) = generate(tuned.G_ema, ws=ws)
    np.testing.assert_array_equal(image, np.asarray(Image.open("projected/tuned.png")))


def test_it_starts_where_it_is_told(model: Path, picture: Path, tmp_path: Path, run: Run) -> None:
    G = load(model)
    ws = G.mapping(latents_of_seeds([3], G.z_dim))
    assert run(model, picture, "--start", "seed:3", "--steps", 1, "--out", "a")[0] == 0
    assert run(model, picture, "--start", "a/latents.safetensors", "--steps", 1, "--out", "b")[0] == 0
    assert run(model, picture, "--start", "best:5", "--steps", 1, "--out", "c")[0] == 0
    for out in ("a", "b"):
        found = read_latents(Path(out) / "latents.safetensors", G)
        assert (found - ws).abs().max() < 0.5
    training = EncoderTraining(G, new_encoder(G))
    write_encoder(tmp_path / "e.safetensors", training)
    assert run(model, picture, "--encoder", "e.safetensors", "--steps", 1, "--out", "d")[0] == 0
    status, _, err = run(model, picture, "--encoder", "e.safetensors", "--start", "mean")
    assert (status, err) == (2, "allaprima: give --start or --encoder, not both: each says where to start\n")


def test_a_class_is_started_in(tmp_path: Path, run: Run) -> None:
    path = model_of(tmp_path / "pets.safetensors", c_dim=2)
    write_png(tmp_path / "a.png", np.zeros((16, 24, 3), np.uint8))
    for name in ("cat", "dog", "mean"):
        more = [] if name == "mean" else ["--class", name]
        assert run(path, tmp_path / "a.png", "--steps", 1, "--out", name, *more)[0] == 0
    cat, dog = (read_latents(Path(name) / "latents.safetensors", load(path)) for name in ("cat", "dog"))
    assert not torch.allclose(cat, dog, atol=1e-2)


def test_ctrl_c_writes_what_there_is(model: Path, picture: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import signal

    watched = module.watched

    def stopped(*arguments: Any) -> Any:
        for step in watched(*arguments):
            if step.done == 2:
                os.kill(os.getpid(), signal.SIGINT)
            yield step

    monkeypatch.setattr(module, "watched", stopped)
    status, _, err = run(model, picture, "--steps", 5000, "--tune", 5)
    assert status == 130
    assert err.endswith("allaprima: stopped early: projected holds what was found\n")
    assert names(Path("projected")) == FILES
    assert len(Path("projected/distance.csv").read_text().splitlines()) <= 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "somewhere"], "--start is mean, seed:7, best:64 or a file of latents, not 'somewhere'"),
        (["--start", "best:0"], "--start best takes a number from 1 to 100000, as best:64, not '0'"),
        (["--start", "seed:x"], "'x' is no seed"),
        (["--start", "none.npz"], "there is no file none.npz"),
        (["--class", "cat"], "no class 'cat'"),
        (["--out", "me.png"], "me.png is a file: --out must be a directory"),
        (["--distance", "lpips"], "cannot download"),
        (["--steps", "0"], "0 is not in the range"),
        (["--encoder", "e.safetensors"], "there is no file e.safetensors"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: list[str], message: str, model: Path, picture: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(url: str, *_: object, **__: object) -> str:
        raise DownloadError(f"cannot download {url}")

    monkeypatch.setattr(weight_files, "download", refused)
    status, out, err = run(model, picture, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_what_is_no_picture_is_said(model: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.png").write_text("hello")
    assert run(model, tmp_path / "a.png")[::2] == (
        2,
        f"allaprima: {tmp_path / 'a.png'} is not an image that can be read\n",
    )
    assert run(model, tmp_path / "b.png")[0] == 2


def test_the_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    D, network = discriminator("resnet"), LPIPS()
    monkeypatch.setattr(perceptual, "find_lpips", lambda: None)
    monkeypatch.setattr(perceptual, "fetch_lpips", lambda: network)
    assert isinstance(module.distance_of("auto", None), PyramidDistance)
    own = module.distance_of("own", D)
    assert isinstance(own, SumOfDistances)
    assert isinstance(own.parts[1], DiscriminatorDistance)
    monkeypatch.setattr(perceptual, "find_lpips", lambda: network)
    for name in ("auto", "lpips"):
        found = module.distance_of(name, D)  # type: ignore[arg-type]
        assert isinstance(found, SumOfDistances)
        assert isinstance(found.parts[1], PerceptualDistance)
    assert isinstance(module.distance_of("own", None), PyramidDistance)
