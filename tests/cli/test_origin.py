"""What painted files say of themselves, and allaprima origin, which reads it."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from allaprima.checkpoint import Networks, load_networks, save
from allaprima.images import write_png
from allaprima.metrics.detector import hash_of
from allaprima.origin import Origin, look_for_mark, watermarked
from allaprima.origin.xmp import TRAINED
from tests.origin.pictures import smooth
from tests.surgery.small import generator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(allaprima_in_work: Run) -> Run:
    return allaprima_in_work


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Of 32×32 pictures in colour, with two classes."""
    path = tmp_path / "pets.safetensors"
    save(Networks(G_ema=generator("skip", 32, 32, 3, c_dim=2), class_names=["cat", "dog"]), path)
    return path


def hash_of_file(path: Path) -> str:
    return hash_of(load_networks(path, roles=("G_ema",)).G_ema)


def texts(source: Path | bytes) -> dict[str, str]:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        image.load()
        return dict(image.text)  # type: ignore[attr-defined]


# What is written.


def test_generated_pictures_say_model_seed_truncation_and_class(model: Path, run: Run) -> None:
    assert run("generate", model, "--seeds", "3,7", "--class", "dog", "--truncation", "0.7")[0] == 0
    said = texts(Path("out/seed0007.png"))
    assert said == Origin(model_sha256=hash_of_file(model), seed=7, truncation="0.7", label=1).texts()
    assert TRAINED in said["XML:com.adobe.xmp"]
    assert texts(Path("out/seed0003.png"))["Seed"] == "3"


def test_no_metadata_leaves_all_of_it_out(model: Path, run: Run) -> None:
    assert run("generate", model, "--seeds", "3", "--class", "dog", "--no-metadata")[0] == 0
    assert texts(Path("out/seed0003.png")) == {}
    assert run("mix", model, "sheet.png", "--class", "dog", "--no-metadata")[0] == 0
    assert texts(Path("sheet.png")) == {}
    assert run("walk", model, "film.png", "--class", "dog", "--seconds", "0.1", "--no-metadata")[0] == 0
    assert texts(Path("film.png")) == {}
    assert run("generate", model, "--seeds", "0-2", "--class", "0", "--shards", "1", "--no-metadata")[0] == 0
    with zipfile.ZipFile("out/shard-00000.zip") as archive:
        assert texts(archive.read("seed0000000001.png")) == {}


def test_saved_latents_have_no_seed(model: Path, run: Run) -> None:
    G = load_networks(model, roles=("G_ema",)).G_ema
    np.save("w.npy", np.zeros((1, G.num_ws, G.w_dim), np.float32))
    assert run("generate", model, "--latents", "w.npy")[0] == 0
    assert "Seed" not in texts(Path("out/latent0000.png"))


def test_a_sheet_says_all_seeds(model: Path, run: Run) -> None:
    assert run("generate", model, "--seeds", "0-3,9", "--class", "0", "--grid")[0] == 0
    assert texts(Path("out/grid.png"))["Seed"] == "0-3,9"


def test_mixed_sheets_say_what_is_mixed(model: Path, run: Run) -> None:
    assert run("mix", model, "mixed", "--class", "0", "--rows", "0,1", "--columns", "5")[0] == 0
    said = texts(Path("mixed/coarse.png"))
    assert (said["Seed"], said["Mixed layers"]) == ("rows 0,1, columns 5", "coarse")


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_films_have_a_comment(name: str, model: Path, run: Run) -> None:
    assert run("walk", model, name, "--class", "0", "--seconds", "0.1", "--seeds", "1,2")[0] == 0
    with av.open(name) as film:
        said = {key.lower(): text for key, text in film.metadata.items()}["comment"]
    assert f"Digital source type: {TRAINED}; Model SHA-256: {hash_of_file(model)}; Seed: 1,2" in said


def test_a_folder_of_frames_says_it_in_each(model: Path, run: Run) -> None:
    assert run("walk", model, "frames", "--class", "0", "--seconds", "0.1", "--seeds", "1,2")[0] == 0
    assert {texts(path)["Seed"] for path in Path("frames").iterdir()} == {"1,2"}


def test_pictures_of_shards_say_the_same_as_single_ones(model: Path, run: Run) -> None:
    run("generate", model, "--seeds", "0-4", "--class", "each", "--shards", "2", "--watermark")
    run("generate", model, "--seeds", "3", "--class", "dog", "--watermark", "--out", "one")
    with zipfile.ZipFile("out/shard-00001.zip") as archive:
        data = archive.read("seed0000000003.png")
    assert texts(data) | {"Truncation": "1"} == texts(Path("one/seed0003.png")) | {"Truncation": "1"}
    assert look_for_mark(np.asarray(Image.open(io.BytesIO(data)))).is_marked


def test_other_wishes_are_another_order_of_shards(model: Path, run: Run) -> None:
    words = ("generate", model, "--seeds", "0-3", "--class", "0", "--shards", "2")
    assert run(*words)[0] == 0
    before = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    for change, name in (("--watermark", "watermark"), ("--no-metadata", "metadata")):
        status, _, err = run(*words, change)
        assert status == 2
        assert f"out holds shards of another order: its {name} is " in err
    assert {path.name: path.read_bytes() for path in Path("out").iterdir()} == before


def test_the_same_call_gives_the_same_bytes(model: Path, run: Run) -> None:
    for out in ("a", "b"):
        run("generate", model, "--seeds", "0-1", "--class", "0", "--watermark", "--out", out)
    for name in ("seed0000.png", "seed0001.png"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


def test_small_pictures_are_warned_of_and_smaller_ones_refused(tmp_path: Path, run: Run) -> None:
    for side in (24, 16):
        save(Networks(G_ema=generator("skip", side, side, 1)), tmp_path / f"{side}.safetensors")
    status, _, err = run("generate", tmp_path / "24.safetensors", "--seeds", "0", "--watermark")
    assert status == 0
    assert err.startswith("allaprima: pictures of 24×24 have little room for a watermark: after JPEG quality 80")
    for more in ((), ("--shards", "1")):
        status, _, err = run(
            "generate", tmp_path / "16.safetensors", "--seeds", "0", "--watermark", "--out", "no", *more
        )
        assert status == 2
        assert err == (
            "allaprima: a picture of 16×16 has no room for a watermark: it needs 9 blocks of 8×8, as 24×24 has\n"
        )
        assert not Path("no").exists()


# What is read.


def test_origin_tells_both(model: Path, run: Run) -> None:
    run("generate", model, "--seeds", "7", "--class", "dog", "--watermark")
    status, out, err = run("origin", "out/seed0007.png")
    assert (status, err) == (0, "")
    assert re.fullmatch(
        r"out/seed0007\.png: says it is synthetic, made by allaprima, model sha-256 [0-9a-f]{64}, seed 7, truncation 1,"
        r" class 1; watermark found \(p = [0-9.]+e-\d+\)\n",
        out,
    )


def test_a_copy_without_metadata_still_has_the_mark(run: Run) -> None:
    Image.fromarray(watermarked(smooth(64, 64))).save("copy.jpg", quality=80)
    Image.fromarray(smooth(64, 64)).save("other.jpg", quality=80)
    out = run("origin", "copy.jpg", "other.jpg")[1].splitlines()
    assert re.fullmatch(r"copy\.jpg: says nothing of its origin; watermark found \(p = .*e-\d+\)", out[0])
    assert re.fullmatch(r"other\.jpg: says nothing of its origin; watermark not found \(p = [01.]\d*\)", out[1])


def test_a_smaller_copy_is_brought_back_to_its_size(run: Run) -> None:
    image = Image.fromarray(watermarked(smooth(128, 128)))
    image.resize((96, 96), Image.Resampling.LANCZOS).save("small.png")
    assert "watermark not found" in run("origin", "small.png")[1]
    assert "watermark found" in run("origin", "small.png", "--size", "128x128")[1]


def test_json_has_it_for_programs(run: Run) -> None:
    write_png("a.png", np.full((8, 8), 3, np.uint8), texts={"Software": "paint"})
    assert json.loads(run("origin", "a.png", "--json")[1]) == {
        "file": "a.png",
        "digital_source_type": None,
        "software": "paint",
        "words": {},
        "watermark": False,
        "p_value": 1.0,
        "agreement": 0.0,
        "projections": 0,
    }


def test_what_others_say_cannot_command_the_terminal(run: Run) -> None:
    write_png("a.png", smooth(24, 24), texts={"Software": "\x1b[2J evil", "Digital source type": "\x1b[2J"})
    out = run("origin", "a.png")[1]
    assert "\x1b" not in out
    assert "made by \\x1b[2J evil" in out


def test_one_colour_can_hold_no_mark(run: Run) -> None:
    write_png("a.png", np.full((64, 64), 3, np.uint8))
    assert run("origin", "a.png")[1] == "a.png: says nothing of its origin; nothing in it could hold a watermark\n"


def test_a_file_that_is_no_image_does_not_stop_the_others(run: Run) -> None:
    Path("b.png").write_text("no image")
    write_png("c.png", np.full((64, 64), 3, np.uint8))
    status, out, err = run("origin", "a.png", "b.png", "c.png")
    assert status == 2
    assert out.startswith("c.png: ")
    assert err == (
        "allaprima: a.png cannot be read as an image: No such file or directory\n"
        "allaprima: b.png cannot be read as an image\n"
    )


@pytest.mark.parametrize("size", ["0x4", "64", "64x", "a x b", "64x123456"])
def test_a_wrong_size_is_one_sentence(size: str, run: Run) -> None:
    assert run("origin", "a.png", "--size", size) == (
        2,
        "",
        f"allaprima: {size!r} is no size: give height and width, as 512x512\n",
    )
