"""allaprima generate: files of exactly the model's shape, or one sentence and nothing."""

import errno
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

import allaprima
from allaprima.checkpoint import Networks, save
from allaprima.generation import latents_of_seeds
from allaprima.latents.centres import centre_of_class
from allaprima.latents.styles import styles_of_seeds
from allaprima.models import build, noise_maps
from tests.models.stylegan2.small import small_generator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(generate: Run) -> Run:
    return generate


def model_of(path: Path, img_channels: int = 3, class_names: list[str] | None = None, **fields: Any) -> Path:
    """A model of 24×16 images whose noise and average matter."""
    G = build(small_generator(24, 16, img_channels, map_depth=1, **fields))
    for name, parameter in G.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(parameter, 0.3)
    torch.nn.init.normal_(G.mapping.w_avg)
    save(Networks(G_ema=G, class_names=class_names), path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_of(tmp_path / "model.safetensors")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A model with three classes."""
    return model_of(tmp_path / "pets.safetensors", class_names=["cat", "dog", "ψ fish"], c_dim=3)


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.array(image)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What it paints.


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_each_seed_has_a_file_of_the_models_shape_and_mode(tmp_path: Path, run: Run, channels: int, mode: str) -> None:
    path = model_of(tmp_path / "model.safetensors", channels)
    status, out, err = run(path, "--seeds", "3,10-11", "--out", "sheet")
    assert (status, err) == (0, "")
    assert out == "painted 3 images into sheet: seed0003.png … seed0011.png\n"
    assert names(Path("sheet")) == ["seed0003.png", "seed0010.png", "seed0011.png"]
    for seed, image in zip([3, 10, 11], allaprima.generate(allaprima.load(path), seeds=[3, 10, 11]), strict=True):
        with Image.open(f"sheet/seed{seed:04d}.png") as picture:
            assert (picture.mode, picture.height, picture.width) == (mode, 24, 16)
        np.testing.assert_array_equal(pixels(Path(f"sheet/seed{seed:04d}.png")), image)


def test_unless_asked_it_paints_32_seeds_into_out(model: Path, run: Run) -> None:
    assert run(model)[0] == 0
    assert names(Path("out")) == [f"seed{seed:04d}.png" for seed in range(32)]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_a_grid_is_one_sheet_of_all_images(tmp_path: Path, run: Run, channels: int, mode: str) -> None:
    path = model_of(tmp_path / "model.safetensors", channels)
    status, out, err = run(path, "--seeds", "0-5", "--grid", "--out", "a/b")
    assert (status, out, err) == (0, "painted 6 images into a/b/grid.png\n", "")
    assert names(Path("a/b")) == ["grid.png"]
    sheet = pixels(Path("a/b/grid.png"))
    with Image.open("a/b/grid.png") as picture:
        assert picture.mode == mode
    rows, columns = sheet.shape[0] // 24, sheet.shape[1] // 16
    assert (sheet.shape[:2], rows * columns) == ((24 * rows, 16 * columns), 6)
    tiles = [sheet[24 * r : 24 * (r + 1), 16 * c : 16 * (c + 1)] for r in range(rows) for c in range(columns)]
    for tile, image in zip(tiles, allaprima.generate(allaprima.load(path), seeds=range(6)), strict=True):
        np.testing.assert_array_equal(tile, image)


def test_options_reach_the_images(model: Path, run: Run) -> None:
    G = allaprima.load(model)
    run(model, "--seeds", "5", "--truncation", "0.5", "--cutoff", "2", "--noise", "random", "--out", "a")
    options = {"truncation_psi": 0.5, "truncation_cutoff": 2, "noise_mode": "random"}
    (wanted,) = allaprima.generate(G, seeds=[5], **options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(pixels(Path("a/seed0005.png")), wanted)
    run(model, "--seeds", "5", "--out", "b")
    assert (pixels(Path("b/seed0005.png")) != wanted).any()


def test_painting_again_gives_the_same_files(model: Path, run: Run) -> None:
    for folder in ("a", "b", "b"):
        run(model, "--seeds", "0-2", "--noise", "random", "--out", folder)
    for name in names(Path("a")):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


def test_a_class_is_known_by_its_number_and_its_name(pets: Path, run: Run) -> None:
    for folder, wish in [("a", "2"), ("b", "ψ fish"), ("c", "cat")]:
        assert run(pets, "--seeds", "0", "--class", wish, "--out", folder)[0] == 0
    a, b, c = (pixels(Path(folder, "seed0000.png")) for folder in "abc")
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_styles_are_painted_under_their_own_names(model: Path, run: Run) -> None:
    G = allaprima.load(model)
    np.savez("projected_w.npz", w=G.mapping(latents_of_seeds([7, 8], G.z_dim)).numpy())
    status, out, _ = run(model, "--latents", "projected_w.npz", "--out", "a")
    assert (status, out) == (0, "painted 2 images into a: latent0000.png … latent0001.png\n")
    run(model, "--seeds", "7-8", "--out", "b")
    for latent, seed in [("latent0000.png", "seed0007.png"), ("latent0001.png", "seed0008.png")]:
        difference = pixels(Path("a", latent)).astype(int) - pixels(Path("b", seed)).astype(int)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(
    ("wish", "label"),
    [("cat+dog", [1, 1, 0]), ("0+ψ fish", [1, 0, 1]), ("0.5,-0.25,1e0", [0.5, -0.25, 1]), ("0,1,0", [0, 1, 0])],
)
def test_several_classes_and_labels_of_numbers(
    wish: str, label: list[float], pets: Path, run: Run, tmp_path: Path
) -> None:
    assert run(pets, "--seeds", "3", "--class", wish, "--out", str(tmp_path / "wished"))[0] == 0
    (wanted,) = allaprima.generate(allaprima.load(pets), seeds=[3], c=torch.tensor([label]))
    with Image.open(tmp_path / "wished/seed0003.png") as image:
        assert (np.asarray(image) == wanted).all()


def test_saved_z_obeys_class_and_truncation(pets: Path, run: Run) -> None:
    np.savez("z.npz", z=latents_of_seeds([7], 8).numpy())
    options = ["--class", "dog", "--truncation", "0.6", "--cutoff", "3"]
    assert run(pets, "--latents", "z.npz", *options, "--out", "a")[0] == 0
    run(pets, "--seeds", "7", *options, "--out", "b")
    difference = pixels(Path("a/latent0000.png")).astype(int) - pixels(Path("b/seed0007.png")).astype(int)
    assert np.abs(difference).max() <= 1


def test_truncation_may_lead_to_the_mean_of_a_class_or_the_nearest_cluster(
    pets: Path, run: Run, tmp_path: Path
) -> None:
    G = allaprima.load(pets)
    own = {"seeds": [3, 4], "class_index": 1, "noise_mode": "random"}
    for text, psi in [("0@class", 0.0), ("0.5@class", 0.5), ("1@class", 1.0)]:
        assert (
            run(pets, "--seeds", "3,4", "--class", "1", "--truncation", text, "--noise", "random", "--out", text)[0]
            == 0
        )
        ws = styles_of_seeds(G, [3, 4], class_index=1, truncation_psi=psi, centres=centre_of_class(G, 1)[None])
        wanted = list(replace(allaprima.generate(G, ws=ws, noise_mode="random"), seeds=[3, 4]))
        for seed, image in zip([3, 4], wanted, strict=True):
            np.testing.assert_array_equal(pixels(Path(text, f"seed000{seed}.png")), image)
    whole = list(allaprima.generate(G, **own))  # type: ignore[arg-type]
    assert np.abs(pixels(Path("1@class/seed0004.png")).astype(int) - whole[1].astype(int)).max() <= 1
    assert run(pets, "--seeds", "3", "--class", "1", "--truncation", "0.5@3", "--out", "clusters")[0] == 0
    np.savez("z.npz", z=latents_of_seeds([7], 8).numpy())
    assert_refused(
        run, pets, "--latents", "z.npz", "--class", "1", "--truncation", "0.5@class", sentence="--truncation with @"
    )


def test_a_model_may_be_a_directory_or_a_run(model: Path, run: Run) -> None:
    G = allaprima.load(model)
    save(G, "hub")
    Path("run/snapshots").mkdir(parents=True)
    save(G, "run/snapshots/network-snapshot-000001.safetensors")
    for source in (model, "hub", "run"):
        assert run(source, "--seeds", "1", "--out", "out")[0] == 0
        (wanted,) = allaprima.generate(G, seeds=[1])
        np.testing.assert_array_equal(pixels(Path("out/seed0001.png")), wanted)


# What it refuses.


def assert_refused(run: Run, *arguments: object, sentence: str) -> None:
    """Exit status 2, one sentence, and nothing is left behind."""
    before = names(Path())
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert re.match(rf"allaprima: {sentence}", err), err
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert names(Path()) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--seeds", "x"], "'x' is no seed: give numbers and ranges"),
        (["--seeds", ""], "'' is no seed"),
        (["--seeds", "5-1"], "the range of seeds 5-1 runs backwards: write 1-5$"),
        (["--seeds", "4294967296"], "4294967296 is no seed: the largest is 4294967295$"),
        (["--seeds", "1", "--latents", "w.npz"], "give --seeds or --latents, not both$"),
        (["--latents", "w.npz"], "there is no file w.npz$"),
        (["--truncation", "nan"], "'nan' is no truncation: give ψ as 0.7"),
        (["--truncation", "inf"], "'inf' is no truncation: give ψ as 0.7"),
        (["--truncation", "x"], "'x' is no truncation: give ψ as 0.7"),
        (["--truncation", "0.5@"], "'0.5@' is no truncation: give ψ as 0.7"),
        (["--truncation", "0.5@none.safetensors"], "there is no file none.safetensors"),
        (["--cutoff", "-1"], "Invalid value for '--cutoff'"),
        (["--noise", "loud"], "Invalid value for '--noise'"),
        (["--class", "0"], "this model knows no classes: paint without one$"),
        (["--class", "cat"], "this model has no class 'cat': it has no classes with names$"),
        (["--device", "gpu"], "--device 'gpu' cannot be used on this machine"),
        (["--device", "meta"], "--device 'meta' cannot be used on this machine"),
    ],
)
def test_a_wrong_option_is_one_sentence(model: Path, run: Run, options: list[str], sentence: str) -> None:
    assert_refused(run, model, *options, sentence=sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "this model has 3 classes: say which, from 0 to 2$"),
        (["--class", "cat+bird"], "this model has no class 'bird': its classes are cat, dog, ψ fish$"),
        (["--class", "1+5"], r"c must be \[32, 3\] or \[1, 3\] for 32 images of this model, got \[1, 6\]$"),
        (["--class", "0.5,0.5"], r"c must be \[32, 3\] or \[1, 3\] for 32 images of this model, got \[1, 2\]$"),
        (["--class", "0.5,,1"], "'0.5,,1' is no label: it must be numbers joined by commas, as 0.2,0.5,1$"),
        (["--class", "3"], "there is no class 3: this model has classes 0 to 2$"),
        (["--class", "-1"], "this model has no class '-1': its classes are cat, dog, ψ fish$"),
        (["--class", "Cat"], "this model has no class 'Cat': its classes are cat, dog, ψ fish$"),
        (["--class", ""], "this model has no class '': its classes are cat, dog, ψ fish$"),
        (["--class", "9" * 5000], "this model has no class '9+': its classes are cat, dog, ψ fish$"),
    ],
)
def test_a_wrong_class_is_one_sentence(pets: Path, run: Run, options: list[str], sentence: str) -> None:
    assert_refused(run, pets, *options, sentence=sentence)


def test_a_wrong_model_is_one_sentence(tmp_path: Path, run: Run) -> None:
    empty, text = tmp_path / "empty", tmp_path / "text.safetensors"
    empty.mkdir()
    text.write_text("no model\n")
    assert_refused(run, "nowhere", sentence="there is no model 'nowhere'")
    assert_refused(run, "n" * 5000, sentence="cannot look at n+: File name too long$")
    assert_refused(run, empty, sentence=f"the directory {empty} holds no model.safetensors and no snapshot of a run$")
    assert_refused(run, text, sentence=f"{text} is no readable safetensors file")


def test_wrong_latents_are_one_sentence(model: Path, run: Run) -> None:
    np.savez("w.npz", w=np.zeros((1, 3, 9), np.float32))
    np.savez("styles.npz", w=np.zeros((1, 8), np.float32))
    np.savez("none.npz", w=np.zeros((0, 8), np.float32))
    np.save("pickle.npy", np.array([{}], dtype=object))
    assert_refused(run, model, "--latents", "w.npz", sentence=r"the latents in w.npz have shape \[1, 3, 9\]")
    assert_refused(run, model, "--latents", "pickle.npy", sentence="pickle.npy holds no latents")
    assert_refused(run, model, "--latents", "none.npz", sentence="there is nothing to paint")
    assert_refused(run, model, "--latents", "styles.npz", "--truncation", "0.5", sentence="styles.npz holds styles")


def test_saved_z_of_a_model_with_classes_asks_for_the_class(pets: Path, run: Run) -> None:
    np.savez("z.npz", z=np.zeros((1, 8), np.float32))
    assert_refused(run, pets, "--latents", "z.npz", sentence="this model has 3 classes: say which, from 0 to 2$")


@pytest.mark.parametrize("grid", [[], ["--grid"]])
def test_a_model_of_more_channels_than_a_png_has_is_one_sentence(tmp_path: Path, run: Run, grid: list[str]) -> None:
    path = model_of(tmp_path / "model.safetensors", 5)
    assert_refused(run, path, *grid, sentence="this model paints 5 channels: a PNG holds 4 at most$")


def test_an_output_directory_that_is_a_file_is_one_sentence(model: Path, run: Run) -> None:
    Path("file").write_text("old")
    assert_refused(run, model, "--out", "file", sentence="cannot make the directory file: File exists$")
    assert_refused(run, model, "--out", "file/a", sentence="cannot make the directory file/a: Not a directory$")
    assert Path("file").read_text() == "old"


def test_a_full_disk_leaves_no_half_image(model: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, calls = os.fsync, []

    def fill_up(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    status, out, err = run(model, "--seeds", "0-5", "--out", "out")
    assert (status, out) == (2, "")
    assert re.fullmatch(r"allaprima: cannot write out/seed000\d.png: No space left on device\n", err)
    for name in names(Path("out")):
        assert name.startswith("seed")
        assert pixels(Path("out", name)).shape == (24, 16, 3)


def test_the_noise_of_a_projection_is_painted_unless_another_is_wanted(model: Path, run: Run) -> None:
    G = allaprima.load(model)
    ws = G.mapping(latents_of_seeds([7], G.z_dim)).contiguous()
    noise = {f"noise.{name}": torch.randn(1, 1, *own.shape) * 5 for name, own in noise_maps(G).items()}
    save_file({"ws": ws, **noise}, "latents.safetensors")
    for folder, options in [("a", []), ("b", ["--noise", "saved"]), ("c", ["--noise", "const"])]:
        assert run(model, "--latents", "latents.safetensors", *options, "--out", folder)[0] == 0
    a, b, c = (pixels(Path(folder, "latent0000.png")) for folder in "abc")
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    save_file({"ws": ws}, "bare.safetensors")
    assert_refused(
        run, model, "--latents", "bare.safetensors", "--noise", "saved", sentence="--noise saved is for latents"
    )
