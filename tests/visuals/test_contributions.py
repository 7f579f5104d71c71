"""The contributions of all layers are the image."""

import copy

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from allaprima.models import recording
from allaprima.ops import upsample2d
from allaprima.visuals.contributions import contributions, image_at_level, layers_section
from allaprima.visuals.subject import paint
from tests.visuals.subjects import SHAPES, model, subject

SUMS = [("skip", shape) for shape in (*SHAPES, (20, 17, 3))]
SUMS += [("lucidrains", (16, 16, channels)) for channels in (3, 4)]
LEVELS = [(kind, shape) for kind in ("growing", "stylegan", "progan") for shape in SHAPES]


@pytest.mark.parametrize(("kind", "shape"), SUMS + LEVELS)
def test_the_sum_is_the_image(kind: str, shape: tuple[int, int, int]) -> None:
    one = subject(kind, *shape)
    found = contributions(one.G, one.ws())
    assert found is not None
    assert found.kind == ("sum" if (kind, shape) in SUMS else "levels")
    assert len(found.parts) == len(found.sizes) == len(one.G.spec.geometry.resolutions)
    image = paint(one.G, one.ws())
    assert_close(torch.stack(found.parts).sum(dim=0), image, rtol=1e-5, atol=1e-5)
    assert_close(found.sums()[-1], image, rtol=1e-5, atol=1e-5)


def test_each_part_is_the_colours_of_its_resolution_doubled_to_the_size_of_the_image() -> None:
    one = subject("skip", 16, 16, 3)
    found = contributions(one.G, one.ws())
    assert found is not None
    with recording(one.G, ["synthesis.b4.torgb"]) as kept:
        one.G.synthesis(one.ws(), noise_mode="const")
    wanted = kept["synthesis.b4.torgb"]
    for _ in range(2):
        wanted = upsample2d(wanted, one.G.synthesis.b8.resample_filter)
    assert_close(found.parts[0], wanted)


@pytest.mark.parametrize("kind", ["stylegan", "progan", "growing"])
def test_a_level_is_what_a_generator_paints_that_has_not_grown_further(kind: str) -> None:
    one = subject(kind)
    other = copy.deepcopy(one.G)
    other.set_lod(1)
    assert_close(image_at_level(one.G, one.ws(), 1), other.synthesis(one.ws(), noise_mode="const"))
    assert float(one.G.lod) == 0, "the generator itself must not change"


@pytest.mark.parametrize("kind", ["resnet", "r3gan", "stylegan3"])
def test_where_one_layer_paints_all_colours_the_section_says_so(kind: str) -> None:
    one = subject(kind)
    assert contributions(one.G, one.ws()) is None
    section = layers_section(one)
    assert not section.pictures
    assert "only the last layer" in section.text[0]


@pytest.mark.parametrize(("kind", "shape"), [("skip", (16, 24, 4)), ("stylegan", (24, 16, 1))])
def test_pictures_have_all_layers_and_the_film_ends_with_the_image(kind: str, shape: tuple[int, int, int]) -> None:
    section = layers_section(subject(kind, *shape))
    running, parts, film = section.pictures
    assert running.image is not None
    assert parts.image is not None
    assert running.image.shape[2] == parts.image.shape[2] == 3
    assert len(section.table) == 1 + len(model(kind, *shape).spec.geometry.resolutions)
    assert film.film is not None
    frames = list(film.film())
    assert {frame.shape for frame in frames} == {frames[0].shape}
    assert film.image is not None
    assert np.array_equal(frames[-1], film.image)
    assert not np.array_equal(frames[0], frames[-1])
