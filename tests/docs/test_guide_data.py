"""What the guides about data, shapes and many GPUs say is what the program does."""

import contextlib
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allaprima.data.advice import advise
from allaprima.data.archive import archive_writer
from allaprima.data.diversity import DIVERSE, UNIFORM, in_words
from allaprima.errors import ConfigError
from allaprima.images import write_png
from allaprima.models import Geometry, build, count_parameters
from allaprima.processes import Processes
from allaprima.training import RECIPES, Recipe
from allaprima.training.keeper import halving_note
from allaprima.training.networks import specs
from allaprima.training.recipe import decide
from allaprima.training.session import FREE_FIELDS, require_even_shares
from tests.docs.blocks import ROOT, blocks_in

GUIDES = ROOT / "docs" / "guides"
PREPARING, SHAPES, MANY = (GUIDES / f"{name}.md" for name in ("preparing-data", "shapes", "many-gpus"))
FIGURES = json.loads((ROOT / "docs" / "benchmarks" / "stamps.json").read_text())["figures"]
SETS = {
    "dresses 24×24 gray": "fashion-mnist-dress-24-gray",
    "clothes on white 80×48": "clothes-80x48",
    "digits 28×28 gray (MNIST, test)": "mnist-28-gray-test",
    "Noto emoji 64×64 RGBA": "emoji-noto-64-rgba",
    "five sets of emoji 64×64 RGBA": "emoji-noskin-64-rgba",
    "clothes photographed anywhere 64×48": "clothing-cc0-64x48-rgb",
    "**stamps 48×80**": "stamps-48x80-rgb",
}


def python(page: Path, containing: str) -> str:
    (found,) = [
        b.text for b in blocks_in(page.read_text(), page.name) if b.language == "python" and containing in b.text
    ]
    return found


def printed(code: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, {})
    return out.getvalue()


def shared_layout(images: NDArray[np.uint8]) -> float:
    """What the guide's own lines say of these images [n, h, w, c], in the working directory."""
    with archive_writer(Path("flowers.zip")) as archive:
        for image in images:
            archive.add(image, None)
        archive.finish()
    return float(printed(python(PREPARING, "shared layout")).rpartition(" ")[2])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_images_that_differ_in_tint_alone_share_all_of_their_layout() -> None:
    layout = np.random.default_rng(0).integers(0, 100, (1, 16, 16, 3))
    tints = np.random.default_rng(1).integers(0, 150, (40, 1, 1, 3))
    assert shared_layout((layout + tints).astype(np.uint8)) == 1.0


@pytest.mark.usefixtures("here")
def test_images_of_noise_share_none_of_it() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 16, 16, 3))
    assert shared_layout(noise.astype(np.uint8)) <= 0.01


def test_copies_are_put_aside_and_one_of_each_stays(here: Path) -> None:
    (here / "photos").mkdir()
    for index in range(6):
        picture = np.random.default_rng(index % 4).integers(0, 256, (20, 20, 3), np.uint8)
        write_png(here / "photos" / f"{index}.png", picture)
    printed(python(PREPARING, "copies"))
    names = [sorted(path.name for path in (here / folder).iterdir()) for folder in ("photos", "copies")]
    assert names == [["0.png", "1.png", "2.png", "3.png"], ["4.png", "5.png"]]


def test_the_table_of_sets_has_the_measured_figures() -> None:
    rows = re.findall(
        r"^\| (.+?) \| ([\d,]+) \| (\**0\..+?) \| (.+?) \| (.+?) \|$", PREPARING.read_text(), re.MULTILINE
    )
    assert {row[0] for row in rows} == set(SETS)
    for name, *texts in rows:
        figures: dict[str, Any] = FIGURES[SETS[name]]
        numbers = [float(text.strip("*").replace(",", "")) for text in texts]
        assert numbers == [
            figures["images"],
            round(figures["diversity"], 2),
            round(figures["shared_layout"], 2),
            figures["directions_of_nine_tenths"],
        ]


@pytest.mark.parametrize("words", ["of one kind: well suited", "diverse", "very diverse"])
def test_the_doctors_words_are_explained_with_their_limits(words: str) -> None:
    limits = {"of one kind: well suited": UNIFORM - 0.01, "diverse": UNIFORM, "very diverse": DIVERSE}
    assert in_words(limits[words]).startswith(words)
    assert f"`{words}`" in PREPARING.read_text()
    assert f"{UNIFORM} to {DIVERSE}: `diverse`" in PREPARING.read_text()


def test_the_doctors_advice_is_quoted_as_it_is() -> None:
    quoted = re.findall(r"^  advice      (.+)$", PREPARING.read_text(), re.MULTILINE)
    assert quoted == advise(1631, 48, 80, 0, FIGURES["stamps-48x80-rgb"]["diversity"]).reasons[1:]


def test_natural_sizes_are_natural() -> None:
    (paragraph,) = re.findall(r"^\*\*Natural sizes\*\*(.+?)\n\n", SHAPES.read_text(), re.MULTILINE | re.DOTALL)
    sizes = [(int(height), int(width)) for height, width in re.findall(r"(\d+)×(\d+)", paragraph)]
    assert len(sizes) > 9
    assert [size for size in sizes if Geometry(*size).full != size] == []
    assert all(Geometry(9 * n, 16 * n).full != (9 * n, 16 * n) for n in range(1, 130))


@pytest.mark.parametrize("containing", ["sizes.base", "to_network"])
def test_what_the_page_about_shapes_prints_is_printed(containing: str) -> None:
    text = SHAPES.read_text()
    code = python(SHAPES, containing)
    shown = text[text.index(code) + len(code) :].split("```text\n")[1].split("```")[0]
    assert printed(code) == shown


def test_what_may_change_when_a_run_goes_on_is_listed() -> None:
    (row,) = re.findall(r"^\| recipe \|.+\| (.+) \|$", MANY.read_text(), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == set(FREE_FIELDS)


def test_an_uneven_share_is_refused_as_the_page_says() -> None:
    with pytest.raises(ConfigError) as refusal:
        require_even_shares(Recipe(batch=16), Processes(0, 3))
    assert f"`{refusal.value}`" in MANY.read_text()


def test_memory_that_runs_out_is_told_as_the_page_says() -> None:
    session: Any = SimpleNamespace(run=SimpleNamespace(batch_gpu=8, share=range(16)))
    assert f"`{halving_note(session)}`" in MANY.read_text()


def test_gray_is_hardly_cheaper_than_colour() -> None:
    recipe = decide(RECIPES["laptop"], height=64, width=64)
    with torch.device("meta"):
        pairs = [specs(recipe, height=64, width=64, channels=channels, c_dim=0) for channels in (1, 3)]
        counts = [count_parameters(build(G)) for G, _ in pairs]
    assert [f"{count:,}" for count in counts] == re.findall(r"1,09\d,\d{3}", SHAPES.read_text())
