"""The section has its pictures for every architecture, with images and without, and says what it cannot show."""

from pathlib import Path

import numpy as np
import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.verdicts import short, verdicts_section
from tests.surgery.small import discriminator, generator
from tests.training.small import make_data

PAIRS = [
    ("skip", "resnet"),
    ("stylegan", "stylegan"),
    ("progan", "progan"),
    ("r3gan", "r3gan"),
    ("stylegan3", "resnet"),
]
WITHOUT = ["verdicts-scores", "verdicts-fakes-highest", "verdicts-fakes-lowest", "verdicts-gradients"]


def images(count: int, *shape: int) -> torch.Tensor:
    return torch.randint(256, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


def by_name(section: Section) -> dict[str, Picture]:
    for picture in section.pictures:
        assert picture.caption.endswith(".")
        assert picture.image is not None
        assert picture.image.dtype == np.uint8
        assert picture.image.ndim == 3
    return {picture.name: picture for picture in section.pictures}


@pytest.mark.parametrize(("g", "d"), PAIRS)
def test_every_architecture_is_judged(g: str, d: str) -> None:
    section = verdicts_section(generator(g), discriminator(d), images(5, 3, 16, 16), num_fakes=7)
    names = list(by_name(section))
    assert names == [*WITHOUT[:3], "verdicts-images-highest", "verdicts-images-lowest", WITHOUT[3]]
    assert [row[:2] for row in section.table[1:]] == [("generated", "7"), ("of the data", "5")]
    assert len(section.text) == (1 if d == "r3gan" else 2)


@pytest.mark.parametrize(("height", "width", "channels"), [(24, 16, 1), (16, 24, 4)])
def test_other_shapes_and_no_images(height: int, width: int, channels: int) -> None:
    G, D = generator("skip", height, width, channels), discriminator("resnet", height, width, channels)
    assert list(by_name(verdicts_section(G, D, num_fakes=3))) == WITHOUT


def test_it_is_the_same_each_time() -> None:
    G, D = generator("skip"), discriminator("resnet")
    one, two = (by_name(verdicts_section(G, D, images(4, 3, 16, 16), num_fakes=4)) for _ in range(2))
    assert all(np.array_equal(one[name].image, two[name].image) for name in one)  # type: ignore[arg-type]


def test_labels_show_what_may_be_labelled_wrongly(tmp_path: Path) -> None:
    dataset = ImageDataset(make_data(tmp_path / "set.zip", (16, 16, 3), classes=3), use_labels=True)
    section = verdicts_section(generator("skip", c_dim=3), discriminator("resnet", c_dim=3), dataset, num_fakes=4)
    assert "own class as other class" in by_name(section)["verdicts-images-doubtful"].caption


def test_without_a_discriminator_it_says_so() -> None:
    section = verdicts_section(generator("skip"), None)
    assert section.pictures == ()
    assert "generator alone" in section.text[0]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("00000/img00000007.png", "img00000007"), ("a" * 30 + ".png", "…" + "a" * 15), ("seed 3", "seed 3")],
)
def test_short_names(name: str, wanted: str) -> None:
    assert short(name) == wanted
