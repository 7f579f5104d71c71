from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allaprima.errors import DataError
from allaprima.images import write_png
from allaprima.images.film import write_film
from allaprima.origin import Origin, read_statement
from allaprima.origin.xmp import TRAINED
from tests.origin.pictures import smooth

ORIGIN = Origin(model_sha256="cd" * 32, seed="0-3", truncation=0.5)
WORDS = {"Model SHA-256": "cd" * 32, "Seed": "0-3", "Truncation": "0.5"}


def test_what_a_png_says(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", smooth(9, 9), texts=ORIGIN.texts())
    statement = read_statement(tmp_path / "a.png")
    assert (statement.is_synthetic, statement.is_ours, statement.words) == (True, True, WORDS)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "PNG"])
def test_xmp_of_other_formats_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    packet = ORIGIN.xmp().encode()
    if kind == "PNG":
        write_png(path, smooth(9, 9), texts={"XML:com.adobe.xmp": ORIGIN.xmp()})
    elif kind == "TIFF":
        Image.fromarray(smooth(9, 9)).save(path, kind, tiffinfo={700: packet})
    else:
        Image.fromarray(smooth(9, 9)).save(path, kind, xmp=packet)
    statement = read_statement(path)
    assert statement.source == TRAINED
    assert statement.is_synthetic
    assert not statement.is_ours


@pytest.mark.parametrize("name", ["film.gif", "film.png"])
def test_films_say_it_too(name: str, tmp_path: Path) -> None:
    write_film(tmp_path / name, [smooth(16, 16, seed=seed) for seed in range(3)], fps=10, texts=ORIGIN.texts())
    statement = read_statement(tmp_path / name)
    assert (statement.is_synthetic, statement.is_ours, statement.words) == (True, True, WORDS)


def test_a_file_that_says_nothing(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", smooth(9, 9))
    statement = read_statement(tmp_path / "a.png")
    assert (statement.source, statement.software, statement.words) == (None, None, {})
    assert not statement.is_synthetic


def test_long_texts_of_strangers_are_cut(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", np.zeros((2, 2), np.uint8), texts={"Software": "x" * 5000})
    software = read_statement(tmp_path / "a.png").software
    assert software == "x" * 200


@pytest.mark.parametrize("content", [None, b"", b"no image", b"\x89PNG\r\n\x1a\n\0\0"])
def test_what_is_no_image_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png cannot be read as an image"):
        read_statement(path)
