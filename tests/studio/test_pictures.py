"""Pictures over HTTP are those that allaprima generate paints, whoever else is asking."""

import math
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

import allaprima
from allaprima.generation import latents_of_seeds
from allaprima.images import to_pixels
from allaprima.latents import apply_direction, sefa
from allaprima.models import noise_maps

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


@torch.no_grad()
def painted_by_hand(G: Any, ws: torch.Tensor, noise_mode: str = "const") -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = to_pixels(G.synthesis(ws, noise_mode=noise_mode))[0].permute(1, 2, 0).numpy()
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def styles_by_hand(G: Any, model: str, seed: int, psi: float = 1.0, class_: int = 1) -> torch.Tensor:
    c = torch.eye(3)[[class_]] if model == "classes" else None
    ws: torch.Tensor = G.mapping(latents_of_seeds([seed], G.z_dim), c, truncation_psi=psi)
    return ws.clone()


@pytest.mark.parametrize("model", ["stylegan2", "classes", "stylegan3", "stylegan"])
def test_truncation_reaches_the_first_layers_alone_if_asked(client, model_files, model):
    wanted = generated(model_files, model, 9, truncation_psi=0.3, truncation_cutoff=2)
    assert near(painted(client, model, seed=9, truncation=0.3, cutoff=2), wanted)


@pytest.mark.parametrize("model", ["stylegan2", "classes", "stylegan3", "stylegan"])
def test_layers_of_another_seed(client, model_files, model):
    G = allaprima.load(model_files[model])
    ws, other = (styles_by_hand(G, model, seed, psi=0.7) for seed in (4, 11))
    ws[:, [0, 2]] = other[:, [0, 2]]
    got = painted(client, model, seed=4, truncation=0.7, mix=[{"seed": 11, "layers": [0, 2]}])
    assert near(got, painted_by_hand(G, ws))


@pytest.mark.parametrize("model", MODELS)
def test_a_push_goes_along_a_direction_of_the_model(client, model_files, model):
    G = allaprima.load(model_files[model])
    found = sefa(G, 4)[2]
    ws = apply_direction(G, styles_by_hand(G, model, 4), found, 2.5)
    assert near(painted(client, model, seed=4, push=[{"direction": "sefa-2", "strength": 2.5}]), painted_by_hand(G, ws))
    still = painted(client, model, seed=4, push=[{"direction": "sefa-2", "strength": 0}])
    assert near(still, painted(client, model, seed=4))


@pytest.mark.parametrize("model", ["stylegan2", "classes", "stylegan"])
def test_noise(client, model_files, model):
    G = allaprima.load(model_files[model])
    names = list(noise_maps(G))
    none = generated(model_files, model, 5, noise_mode="none")
    assert near(painted(client, model, seed=5, noise={"mode": "none"}), none)
    assert near(painted(client, model, seed=5, noise={"silent": names}), none)
    random = generated(model_files, model, 5, noise_mode="random")
    assert near(painted(client, model, seed=5, noise={"mode": "random", "seed": 5}), random)
    own = painted(client, model, seed=5)
    assert near(painted(client, model, seed=5, noise={"mode": "moving", "time": 0}), own)
    assert near(painted(client, model, seed=5, noise={"mode": "moving", "time": 1}), own)
    assert not near(painted(client, model, seed=5, noise={"mode": "moving", "time": 0.3}), own)
    assert not near(own, none)
    some = painted(client, model, seed=5, noise={"silent": names[-1:]})
    assert not near(some, own)
    assert not near(some, none)


def test_a_moved_picture_is_that_of_the_moved_signal(client, model_files):
    G = allaprima.load(model_files["stylegan3"])
    ws = styles_by_hand(G, "stylegan3", 3)
    angle, x = math.radians(30), 0.25
    moved = torch.tensor([[math.cos(angle), math.sin(angle), x], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    G.synthesis.input.transform.copy_(torch.linalg.inv(moved))
    assert near(painted(client, "stylegan3", seed=3, move={"rotate": 30, "x": x}), painted_by_hand(G, ws))
    still = painted(client, "stylegan3", seed=3)
    assert near(painted(client, "stylegan3", seed=3, move={"rotate": 360}), still)


def test_styles_of_classes_are_mixed_by_their_weights(client, model_files):
    G = allaprima.load(model_files["classes"])
    ws = 0.25 * styles_by_hand(G, "classes", 6, class_=0) + 0.75 * styles_by_hand(G, "classes", 6, class_=2)
    for weights in ({"0": 0.25, "2": 0.75}, {"0": 0.1, "1": 0, "2": 0.3}):
        assert near(painted(client, "classes", seed=6, classes=weights), painted_by_hand(G, ws))


def test_a_picture_does_not_depend_on_who_else_is_painted(client):
    wishes = [wish("stylegan2", seed=seed, truncation=0.1 * seed, mix=[{"seed": 50 + seed, "layers": [seed % 3]}])
              for seed in range(12)]  # fmt: skip
    wishes += [wish("stylegan3", seed=seed, move={"rotate": 20 * seed}) for seed in range(4)]
    answer = client.post("/api/generate", json={"wishes": wishes}).json()
    for one, image in zip(wishes, answer["images"], strict=True):
        alone = client.post("/api/picture", json=one).content
        assert near(pixels(b64decode(image)), pixels(alone))


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"model": "nobody"}, 404, "no model 'nobody'"),
        ({"classes": {"0": 1.0}}, 400, "knows no classes"),
        ({"mix": [{"seed": 1, "layers": [99]}]}, 400, "there is no layer 99"),
        ({"push": [{"direction": "sefa-99", "strength": 1}]}, 400, "no direction 'sefa-99'"),
        ({"noise": {"silent": ["b99"]}}, 400, "no layer with noise is called 'b99'"),
        ({"move": {"rotate": 1}}, 400, "only StyleGAN3"),
        ({"found": "abcdefgh"}, 404, "no such work"),
        ({"beauty": 1}, 422, "beauty"),
        ({"seed": -1}, 422, "seed"),
        ({"truncation": 1e9}, 422, "truncation"),
        ({"at": [1]}, 422, "at"),
    ],
)
def test_what_cannot_be_painted_is_one_sentence(client, fields, status, sentence):
    answer = client.post("/api/picture", json={"model": "stylegan2", "seed": 1, **fields})
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]


def test_a_model_with_classes_wants_one(client):
    answer = client.post("/api/picture", json={"model": "classes", "seed": 1})
    assert (answer.status_code, "has 3 classes" in answer.json()["detail"]) == (400, True)
    answer = client.post("/api/picture", json={"model": "classes", "seed": 1, "classes": {"7": 1}})
    assert "there is no class 7" in answer.json()["detail"]
