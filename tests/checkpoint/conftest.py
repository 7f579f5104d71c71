"""Small models, in memory and on disk."""

from pathlib import Path
from typing import Any

import pytest

from allaprima.checkpoint import Networks, save
from allaprima.models import build
from tests.models.stylegan2.small import small_discriminator, small_generator


@pytest.fixture
def networks() -> Networks:
    return Networks(
        G_ema=build(small_generator(16, 16, c_dim=2, map_depth=1)),
        G=build(small_generator(16, 16, c_dim=2, map_depth=1)),
        D=build(small_discriminator(16, 16, c_dim=2, map_depth=1)),
        provenance={"data": "cats.zip", "licence": "CC0-1.0", "images_seen": 64_000, "recipe": {"gamma": 0.5}},
        class_names=["cat", "ψ"],
    )


@pytest.fixture
def G() -> Any:
    return build(small_generator(16, 16, map_depth=1))


@pytest.fixture
def model(G: Any, tmp_path: Path) -> Path:
    """A model file with one generator."""
    path = tmp_path / "model.safetensors"
    save(G, path, provenance={"data": "cats.zip"})
    return path
