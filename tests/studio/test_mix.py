"""Sheets of mixed styles over HTTP are those of allaprima mix, and each cell is a wish."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import allaprima
from allaprima.images import caption
from allaprima.latents import mix

WITH_LAYERS = ["stylegan2", "classes", "stylegan3", "stylegan"]
WITHOUT_LAYERS = ["progan", "r3gan"]


def order(name: str, **fields: Any) -> dict[str, Any]:
    classes = {"classes": {"1": 1.0}} if name == "classes" else {}
    return {"model": name, "rows": [1, 2], "columns": [5, 6, 7], "truncation": 0.7, **classes, **fields}


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(data)))


def far(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("model", WITH_LAYERS)
def test_the_sheet_is_that_of_the_library(client, model_files, model):
    answer = client.post("/api/mix", json=order(model))
    assert answer.status_code == 200, answer.text
    label = {"class_index": 1} if model == "classes" else {}
    G = allaprima.load(model_files[model])
    mixed = mix(G, rows=[1, 2], columns=[5, 6, 7], layers="coarse", truncation_psi=0.7, **label)
    wanted = caption(mixed.sheet(), "coarse layers from above, all others from the left")
    found = pixels(answer.content)
    assert found.shape == wanted.shape
    assert far(found, wanted) <= 2  # batches add in another order


def test_layers_can_be_said_by_depth_or_by_number(client):
    layers = client.get("/api/models/stylegan2").json()["layers"]
    coarse = [number for number, layer in enumerate(layers) if layer["depth"] == "coarse"]
    by_name = client.post("/api/mix", json=order("stylegan2"))
    by_number = client.post("/api/mix", json=order("stylegan2", layers=coarse))
    named, numbered = pixels(by_name.content), pixels(by_number.content)
    assert far(named[:-25], numbered[:-25]) <= 1  # but for the words below


def test_a_row_can_be_any_picture(client):
    """A row that is a wish for the seed gives the same sheet as the seed, but for its name."""
    wish = {"model": "stylegan2", "seed": 1, "truncation": 0.7}
    plain = pixels(client.post("/api/mix", json=order("stylegan2", rows=[1])).content)
    wished = pixels(client.post("/api/mix", json=order("stylegan2", rows=[wish])).content)
    assert far(plain, wished) <= 1
    other = {**wish, "seed": 3}
    mixed = pixels(client.post("/api/mix", json=order("stylegan2", rows=[other])).content)
    assert far(plain, mixed) > 20


@pytest.mark.parametrize("model", WITHOUT_LAYERS)
def test_a_model_without_layers_says_so(client, model):
    answer = client.post("/api/mix", json=order(model))
    assert answer.status_code == 400
    assert "one style" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"model": "nobody"}, 404, "no model 'nobody'"),
        ({"rows": list(range(9)), "columns": list(range(9))}, 413, "81 mixtures"),
        ({"layers": [99]}, 400, "no layer 99"),
        ({"layers": "fine"}, 400, "no fine layers"),
        ({"layers": []}, 422, "layers"),
        ({"rows": [-1]}, 422, "rows"),
        ({"rows": [{"model": "stylegan3", "seed": 1}]}, 400, "'stylegan3'"),
        ({"rows": [{"model": "stylegan2", "found": "notthere1"}]}, 404, "no such work"),
        ({"classes": {"0": 1}}, 400, "no classes"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_refusals_are_sentences(client, fields, status, words):
    answer = client.post("/api/mix", json=order("stylegan2", **fields))
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
