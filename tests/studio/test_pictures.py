"""Pictures over HTTP are those that allaprima generate paints, whoever else is asking."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

import allaprima

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(data)))


def wish(model: str, **fields: Any) -> dict[str, Any]:
    return {"model": model, **({"classes": {"1": 1.0}} if model == "classes" else {}), **fields}


def painted(client: TestClient, model: str, **fields: Any) -> NDArray[np.uint8]:
    answer = client.post("/api/picture", json=wish(model, **fields))
    assert answer.status_code == 200, answer.text
    return pixels(answer.content)


def generated(files: dict[str, Path], model: str, seed: int, **options: Any) -> NDArray[np.uint8]:
    label = {"class_index": 1} if model == "classes" else {}
    return next(iter(allaprima.generate(allaprima.load(files[model]), seeds=[seed], **label, **options)))


def near(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Equal but for rounding: a batch may add in another order."""
    return a.shape == b.shape and bool(np.abs(a.astype(int) - b.astype(int)).max() <= 1)


@pytest.mark.parametrize("model", MODELS)
def test_a_seed_is_the_picture_that_generate_paints(client, model_files, model):
    fields = {"class": 1} if model == "classes" else {}
    answer = client.get(f"/api/models/{model}/picture", params={"seed": 7, "truncation": 0.6, **fields})
    assert answer.headers["content-type"] == "image/png"
    assert near(pixels(answer.content), generated(model_files, model, 7, truncation_psi=0.6))


@pytest.mark.parametrize("model", MODELS)
def test_whole_places_of_the_map_are_seeds(client, model_files, model):
    assert near(painted(client, model, at=[3, 2]), generated(model_files, model, 203))
    last = 2**32 - 1
    assert near(painted(client, model, at=[-1, 0]), generated(model_files, model, last))


@pytest.mark.parametrize("model", MODELS)
def test_between_seeds_the_picture_changes_little_by_little(client, model):
    there = [painted(client, model, at=[x, 0.25]).astype(int) for x in (0.5, 0.501, 0.9)]
    assert np.abs(there[0] - there[1]).mean() < 0.1 * np.abs(there[0] - there[2]).mean()
