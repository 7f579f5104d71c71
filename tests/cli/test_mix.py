"""allaprima mix: sheets, one picture of them, films."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from allaprima.checkpoint import Networks, save
from allaprima.cli.mix import mix
from allaprima.errors import ConfigError, LatentError
from tests.surgery.small import generator


def model_of(kind: str, tmp_path: Path, height: int = 16, width: int = 16, channels: int = 3, c_dim: int = 0) -> str:
    path = tmp_path / f"{kind}.safetensors"
    save(
        Networks(G_ema=generator(kind, height, width, channels, c_dim=c_dim), class_names=["cat", "dog"][:c_dim]), path
    )
    return str(path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(mix, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("kind", "height", "width", "channels"),
    [("skip", 24, 16, 4), ("stylegan", 16, 16, 1), ("stylegan3", 16, 24, 3)],
)
def test_a_directory_gets_a_sheet_of_each_depth(
    kind: str, height: int, width: int, channels: int, tmp_path: Path
) -> None:
    result = run(model_of(kind, tmp_path, height, width, channels), tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout == f"mixed 4 × 6 images into {tmp_path / 'out'}: coarse.png, middle.png\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["coarse.png", "middle.png"]
    sheet = Image.open(tmp_path / "out" / "coarse.png")
    factor = -(-64 // width)
    assert sheet.width > 7 * factor * width
    assert sheet.height > 5 * factor * height


def test_a_png_holds_all_sheets(tmp_path: Path) -> None:
    model, out = model_of("skip", tmp_path), tmp_path / "deep" / "sheet.png"
    options = ("--rows", "0,1", "--columns", "2")
    assert run(model, out, *options, "--layers", "coarse", "--layers", "3-4").exit_code == 0
    both = np.asarray(Image.open(out))
    assert run(model, out, *options, "--layers", "coarse").exit_code == 0
    one = np.asarray(Image.open(out))
    assert np.array_equal(both[: len(one)], one)
    assert len(both) == 2 * len(one)


@pytest.mark.parametrize("suffix", ["gif", "apng"])
def test_a_film(suffix: str, tmp_path: Path) -> None:
    model, out = model_of("skip", tmp_path, channels=4), tmp_path / f"film.{suffix}"
    result = run(model, out, "--layers", "b4,b8.conv0", "--columns", "2-4", "--seconds", 0.1)
    assert result.exit_code == 0
    assert result.stdout == f"filmed b4,b8.conv0 layers in 9 frames: {out}\n"
    with Image.open(out) as film:
        assert getattr(film, "n_frames", 1) == 9


def test_class_and_truncation(tmp_path: Path) -> None:
    model = model_of("skip", tmp_path, c_dim=2)
    pages = []
    for name, more in (
        ("cat", ()),
        ("dog", ()),
        ("cat", ("--truncation", "0@class")),
        ("cat", ("--truncation", "0@3")),
    ):
        assert run(model, tmp_path / "a.png", "--class", name, *more).exit_code == 0
        pages.append(np.asarray(Image.open(tmp_path / "a.png")))
    assert not any(np.array_equal(pages[0], page) for page in pages[1:])
    assert isinstance(run(model, tmp_path / "a.png").exception, LatentError)  # which class?


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        (("a.jpg",), ConfigError, "can be a directory, a .png or a film .* but no .jpg file"),
        (("a.gif", "--layers", "coarse", "--layers", "middle"), ConfigError, "a film shows one choice of layers"),
        (("a", "--layers", "fine"), LatentError, "this model has no fine layers"),
        (("a", "--rows", "x"), LatentError, "'x' is no seed"),
        (("a", "--truncation", "x"), LatentError, "'x' is no truncation: give ψ as 0.7, or 0.7@class"),
        (("a", "--truncation", "0.7@"), LatentError, "'0.7@' is no truncation"),
        (("a", "--truncation", "nan"), LatentError, "'nan' is no truncation"),
    ],
)
def test_what_it_refuses(arguments: tuple[str, ...], kind: type[Exception], sentence: str, tmp_path: Path) -> None:
    out, *others = arguments
    result = run(model_of("skip", tmp_path), tmp_path / out, *others)
    assert isinstance(result.exception, kind)
    with pytest.raises(kind, match=sentence):
        raise result.exception


@pytest.mark.parametrize("kind", ["progan", "r3gan"])
@pytest.mark.parametrize("out", ["a", "a.gif"])
def test_one_style_cannot_be_mixed(kind: str, out: str, tmp_path: Path) -> None:
    result = run(model_of(kind, tmp_path), tmp_path / out)
    assert str(result.exception) == "this model paints all its layers in one style, so there are no layers to mix"
    assert not (tmp_path / out).exists()
