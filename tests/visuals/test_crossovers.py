"""Crossovers: from one image to the other, layer by layer."""

import pytest
import torch
from torch.testing import assert_close

from allaprima.errors import LatentError
from allaprima.models import style_layers
from allaprima.visuals.crossovers import crossovers, crossovers_section
from allaprima.visuals.subject import paint
from tests.visuals.subjects import subject

SEVERAL = ("skip", "stylegan", "stylegan3", "lucidrains")


@pytest.mark.parametrize("kind", SEVERAL)
def test_the_ends_are_the_two_images_and_each_step_changes_one_style(kind: str) -> None:
    one = subject(kind)
    a, b = one.ws()
    images = crossovers(one.G, a, b)
    assert len(images) == one.G.num_ws + 1
    assert_close(images[0], paint(one.G, b[None])[0], rtol=1e-4, atol=1e-5)
    assert_close(images[-1], paint(one.G, a[None])[0], rtol=1e-4, atol=1e-5)
    mixed = torch.cat([a[:2], b[2:]])
    assert_close(images[2], paint(one.G, mixed[None])[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "shape"), [("skip", (24, 16, 4)), ("stylegan3", (16, 24, 1)), ("stylegan", (16, 16, 3))]
)
def test_section_names_every_layer(kind: str, shape: tuple[int, int, int]) -> None:
    one = subject(kind, *shape, seeds=(0, 1, 5, 7))
    *rows, change = crossovers_section(one).pictures
    assert [row.name for row in rows] == ["crossovers-0-1", "crossovers-5-7"]
    assert change.svg is not None
    assert all(f"{layer.name} ({layer.depth})" in change.svg for layer in style_layers(one.G))


@pytest.mark.parametrize("kind", ["progan", "r3gan"])
def test_one_style_cannot_be_mixed(kind: str) -> None:
    one = subject(kind)
    with pytest.raises(LatentError, match="from one style alone"):
        crossovers(one.G, *one.ws())
    section = crossovers_section(one)
    assert not section.pictures
    assert "one style" in section.text[0]


def test_one_seed_cannot_be_mixed_with_itself() -> None:
    section = crossovers_section(subject("skip", seeds=(3,)))
    assert not section.pictures
    assert "two seeds" in section.text[0]
