"""The whole explanation, of every architecture."""

import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from allaprima.checkpoint import Networks
from allaprima.data import ImageDataset
from allaprima.errors import ConfigError, DataError, LatentError, OutputError
from allaprima.visuals.explain import SECTIONS, explain, sections
from tests.surgery.small import discriminator
from tests.visuals.subjects import model

SHAPES = {"skip": (24, 16, 4), "stylegan": (16, 24, 1), "progan": (16, 16, 4), "r3gan": (24, 16, 1)}


def networks(kind: str, **fields: Any) -> Networks:
    shape = SHAPES.get(kind, (16, 16, 3))
    D = discriminator(kind, *shape) if kind in ("skip", "stylegan", "progan", "r3gan") and not fields else None
    return Networks(G_ema=model(kind, *shape, **fields), D=D, provenance={"licence": "<script>alert(1)</script>"})


def archive(path: Path, height: int, width: int, channels: int, count: int = 12) -> ImageDataset:
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    random = np.random.RandomState(0)
    with zipfile.ZipFile(path, "w") as file:
        for index in range(count):
            pixels = random.randint(0, 256, (height, width, channels), dtype=np.uint8)
            data = BytesIO()
            Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, mode).save(data, "PNG")
            file.writestr(f"{index:03d}.png", data.getvalue())
    return ImageDataset(path)


@pytest.mark.parametrize("kind", ["skip", "progan"])  # the sections are tested with all architectures
def test_all_sections(kind: str) -> None:
    found = list(sections(networks(kind), seeds=(0, 1), only=SECTIONS[:-1]))
    assert [section.name for section in found] == list(SECTIONS[:-1])
    for section in found:
        assert section.text
        for picture in section.pictures:
            assert len(picture.caption) > 30, picture.name
            assert picture.image is not None
            assert picture.image.dtype == np.uint8


@pytest.mark.parametrize("kind", ["skip", "r3gan"])
def test_the_page_holds_all_and_files_lie_beside_it(kind: str, tmp_path: Path) -> None:
    steps: list[tuple[int, str]] = []
    only = ("layers", "truncation", "verdicts")
    page = explain(
        networks(kind),
        tmp_path / "new" / "out",
        title="<b>mine</b>",
        seeds=(0, 1),
        only=only,
        progress=lambda done, what: steps.append((done, what)),
    )
    text = page.read_text()
    assert page == tmp_path / "new" / "out" / "index.html"
    assert "How &lt;b&gt;mine&lt;/b&gt; paints" in text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert steps == [(0, "layers"), (1, "truncation"), (2, "verdicts"), (3, "")]
    files = {path.name for path in page.parent.iterdir()}
    assert "truncation.png" in files
    assert any(name.startswith("truncation-film.") for name in files)
    assert not [name for name in files if name.startswith(".")]


def test_without_films(tmp_path: Path) -> None:
    page = explain(networks("skip"), tmp_path, title="m", seeds=(0,), only=("truncation",), films=False)
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "truncation.png"}
    assert "<video" not in page.read_text()


def test_without_pyav_films_are_gifs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[explain.__module__], "find_spec", lambda name: None)
    page = explain(networks("skip"), tmp_path, title="m", seeds=(0,), only=("truncation",))
    assert (tmp_path / "truncation-film.gif").read_bytes().startswith(b"GIF89a")
    assert "data:image/gif;base64," in page.read_text()


def test_what_is_stopped_has_the_page_of_what_was_done(tmp_path: Path) -> None:
    def stop(done: int, _: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(networks("skip"), tmp_path, title="m", only=("truncation", "layers"), films=False, progress=stop)
    assert (tmp_path / "layers-running-sum.png").exists()
    text = (tmp_path / "index.html").read_text()
    assert 'id="layers"' in text
    assert 'id="truncation"' not in text


def test_real_images_are_compared_and_judged(tmp_path: Path) -> None:
    data = archive(tmp_path / "data.zip", 24, 16, 4)
    spectra, verdicts = sections(networks("skip"), seeds=(0,), data=data, only=("spectra", "verdicts"))
    assert spectra.pictures[-1].svg is not None
    assert "data set" in spectra.pictures[-1].svg
    assert len(verdicts.pictures) > 2


def test_a_model_with_labels_shows_one_class() -> None:
    G = networks("skip", c_dim=3)
    (section,) = sections(G, class_index=1, only=("truncation",))
    assert section.pictures
    with pytest.raises(LatentError, match="say which"):
        sections(G, only=("truncation",))


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ({"only": ("layers", "colours")}, ConfigError, "no section 'colours': there are layers"),
        ({"only": ()}, ConfigError, "nothing to explain"),
        ({"seeds": ()}, LatentError, "1 to 8 seeds"),
        ({"seeds": range(9)}, LatentError, "not 9"),
        ({"seeds": (-1,)}, LatentError, "-1 is no seed"),
        ({"truncation_psi": float("nan")}, ConfigError, "truncation_psi is nan"),
        ({"class_index": 1}, LatentError, "no classes"),
    ],
)
def test_bad_wishes_fail_before_any_work(what: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sections(networks("skip"), **what)


def test_images_of_another_shape(tmp_path: Path) -> None:
    data = archive(tmp_path / "data.zip", 8, 8, 3, count=1)
    with pytest.raises(DataError, match=r"8×8 RGB, but this model paints 24×16 RGBA"):
        sections(networks("skip"), data=data)


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make the directory"):
        explain(networks("skip"), tmp_path / "file", title="m", only=("truncation",))


def test_the_model_is_left_as_it_was() -> None:
    found = networks("stylegan")
    before = {name: tensor.clone() for name, tensor in found.G_ema.state_dict().items()}
    list(sections(found, seeds=(0, 1), only=("layers", "features", "truncation", "crossovers")))
    after = found.G_ema.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
