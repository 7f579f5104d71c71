"""The bundled models: what they paint with, and what they say of themselves."""

from pathlib import Path

import numpy as np
import pytest

import allaprima
from allaprima.checkpoint import bundled_names, load_networks, locate, read_description

SHAPES = {"emoji-64": (64, 64, 4), "dress-24": (24, 24)}
LICENCES = {"emoji-64": "SIL Open Font License", "dress-24": "MIT"}


def test_they_are_all_there_and_small() -> None:
    assert set(SHAPES) <= set(bundled_names())
    assert sum(locate(name).stat().st_size for name in SHAPES) <= 16e6


@pytest.mark.parametrize("name", SHAPES)
def test_each_paints_its_shape_with_variety(name: str) -> None:
    images = np.stack(list(allaprima.generate(allaprima.load(name), seeds=range(8))))
    assert images.shape == (8, *SHAPES[name])
    assert images.dtype == np.uint8
    assert images.astype(float).std(axis=0).mean() > 5  # not eight times the same
    assert images.min() < 16
    assert images.max() > 200


@pytest.mark.parametrize("name", SHAPES)
def test_each_tells_where_it_comes_from(name: str) -> None:
    provenance = read_description(locate(name))["provenance"]
    assert LICENCES[name] in provenance["images_licence"]
    assert provenance["attribution"]
    assert provenance["images_seen"] > 50_000
    assert provenance["recipe"]["batch"]
    assert "path" not in provenance["data"]


@pytest.mark.parametrize("name", SHAPES)
def test_the_documents_say_what_the_file_says(name: str) -> None:
    kimg = read_description(locate(name))["provenance"]["images_seen"] / 1000
    page = (Path(__file__).parents[1] / "docs" / "models.md").read_text()
    assert f"{kimg:.0f} kimg" in page


def test_the_package_carries_painters_and_their_critics() -> None:
    for name in SHAPES:
        assert list(load_networks(name).members()) == ["G_ema", "D"]
