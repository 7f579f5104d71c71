"""Walks over HTTP: previews are frames of the film, and the film passes its pictures."""

from base64 import b64decode
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from allaprima.studio.films import Way
from allaprima.studio.wish import Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.walking import walk_of
from tests.studio.conftest import finished

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]


def key(model: str, seed: int, **fields: Any) -> dict[str, Any]:
    classes = {"classes": {str(seed % 3): 1.0}} if model == "classes" else {}
    return {"model": model, "seed": seed, "truncation": 0.8, **classes, **fields}


def way(model: str, seeds: tuple[int, ...] = (1, 2, 3), **fields: Any) -> dict[str, Any]:
    return {"keys": [key(model, seed) for seed in seeds], "seconds": 0.5, "fps": 12, **fields}


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(data)))


def frames(client: Any, way: dict[str, Any], total: int, wanted: list[int]) -> list[NDArray[np.uint8]]:
    answer = client.post("/api/walk/frames", json={"way": way, "total": total, "wanted": wanted, "format": "png"})
    assert answer.status_code == 200, answer.text
    return [pixels(b64decode(image)) for image in answer.json()["images"]]


def picture(client: Any, wish: dict[str, Any]) -> NDArray[np.uint8]:
    return pixels(client.post("/api/picture", json=wish).content)


def far(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("kind", ["loop", "line", "sphere"])
@pytest.mark.parametrize("model", MODELS)
def test_a_walk_passes_its_pictures(client, model, kind):
    total = 9 if kind == "loop" else 7  # an open walk ends at its last picture, a loop before its first
    wanted = [0, 3, 6]
    for frame, seed in zip(frames(client, way(model, kind=kind), total, wanted), (1, 2, 3), strict=True):
        assert far(frame, picture(client, key(model, seed))) <= 3


@pytest.mark.parametrize("model", MODELS)
def test_a_circle_passes_two_pictures_and_comes_back(client, model):
    first, second = frames(client, way(model, (1, 2), kind="circle"), 8, [0, 2])
    assert far(first, picture(client, key(model, 1))) <= 3
    assert far(second, picture(client, key(model, 2))) <= 3


@pytest.mark.parametrize("model", MODELS)
def test_a_random_walk_goes_on_smoothly(client, model):
    asked = way(model, (1,), kind="random", seconds=4)
    near, middle, away = (frame.astype(int) for frame in frames(client, asked, 48, [10, 11, 34]))
    assert np.abs(near - middle).mean() < np.abs(near - away).mean()


def test_any_picture_can_be_passed(client):
    """One with mixed styles, between seeds, and pushed: it is more than a seed."""
    wish = key("stylegan2", 0) | {
        "mix": [{"seed": 9, "layers": [0, 1]}],
        "push": [{"direction": "sefa-0", "strength": 3}],
    }
    wish = {name: value for name, value in wish.items() if name != "seed"} | {"at": [0.5, 0.25]}
    (frame, _) = frames(client, {"keys": [wish, key("stylegan2", 4)], "kind": "line"}, 5, [0, 4])
    assert far(frame, picture(client, wish)) <= 2


def test_stylegan3_moves_on_its_way(client):
    still = way("stylegan3", (1,))
    moved = still | {"move": {"x": 0.25}}
    (there, half), (_, away) = frames(client, still, 8, [0, 4]), frames(client, moved, 8, [0, 4])
    assert far(there, half) == 0
    assert far(half, away) > 4
    shifted = picture(client, key("stylegan3", 1, move={"x": 0.25}))
    assert far(away, shifted) <= 2  # half-way it is as far as Paint would move it


def test_noise_can_flow(client):
    a, b = frames(client, way("stylegan2", (1,), noise="moving"), 8, [0, 4])
    assert far(a, picture(client, key("stylegan2", 1))) <= 2
    assert a.shape == b.shape


FORMATS = ["gif", pytest.param("mp4", marks=pytest.mark.skipif(find_spec("av") is None, reason="no PyAV"))]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_film_is_made(client, format_):
    answer = client.post("/api/walk", json=way("stylegan2", fps=10, format=format_, enlarge=4))
    assert answer.status_code == 200, answer.text
    job = finished(client, answer.json())
    assert job["state"] == "done", job["sentence"]
    assert job["result"] == {"frames": 5, "height": 64, "width": 64}
    assert job["files"] == [f"walk.{format_}"]
    assert "/" not in str(job["order"])  # no path of the server
    data = client.get(f"/api/jobs/{job['id']}/files/walk.{format_}")
    assert data.headers["content-type"] in ("image/gif", "video/mp4")
    if format_ == "gif":
        film = Image.open(BytesIO(data.content))
        assert (film.size, film.n_frames) == ((64, 64), 5)


def test_formats_say_why_not(client):
    answer = client.get("/api/walk/formats").json()
    assert "gif" in answer["formats"]
    assert bool(answer["sentence"]) == ("mp4" not in answer["formats"])


def test_without_pyav_there_is_gif_and_a_sentence(client, monkeypatch):
    from allaprima.studio.routes import walk

    monkeypatch.setattr(walk, "find_spec", lambda name: None)
    answer = client.get("/api/walk/formats").json()
    assert answer == {"formats": ["gif"], "sentence": walk.WITHOUT_VIDEO}
    assert client.post("/api/walk", json=way("stylegan2")).json() == {"detail": walk.WITHOUT_VIDEO}


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"keys": []}, 422, "keys"),
        ({"keys": [key("nobody", 1)]}, 404, "no model 'nobody'"),
        ({"keys": [key("stylegan2", 1), key("stylegan3", 1)]}, 400, "stays in one model"),
        ({"keys": [{"model": "stylegan2", "found": "notthere1"}]}, 404, "no such work"),
        ({"kind": "circle"}, 400, "two pictures, not 3"),
        ({"kind": "random"}, 400, "one picture"),
        ({"kind": "zigzag"}, 422, "kind"),
        ({"seconds": 600}, 413, "7,200 frames"),
        ({"seconds": 0}, 422, "seconds"),
        ({"fps": 60, "format": "gif"}, 400, "at most 50"),
        ({"enlarge": 32, "keys": [key("stylegan2", 1)], "format": "exe"}, 422, "format"),
    ],
)
def test_refusals_are_sentences(client, fields, status, words):
    answer = client.post("/api/walk", json=way("stylegan2") | fields)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"way": way("stylegan2"), "total": 4, "wanted": [4]}, "no frame 4"),
        ({"way": way("stylegan2", move={"rotate": 90}), "wanted": [0]}, "only StyleGAN3"),
        ({"way": way("progan", noise="moving"), "wanted": [0]}, "no noise"),
        ({"way": way("classes") | {"keys": [{"model": "classes", "seed": 1}]}, "wanted": [0]}, "3 classes"),
    ],
)
def test_frames_that_cannot_be_are_refused(client, order, words):
    answer = client.post("/api/walk/frames", json=order)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("model", ["progan", "r3gan"])
def test_latents_of_models_without_w_stay_as_long_as_they_were_trained_with(model_files, model):
    keys = [Wish(**key(model, seed, truncation=1.0)) for seed in (1, 2, 3)]
    bench = Bench({model: str(model_files[model])}, torch.device("cpu"))
    made = walk_of(bench, Way(keys=keys, kind="line"), 9, {})
    lengths = made.places.latents.norm(dim=-1).flatten()
    assert lengths.min() > 0.999 * lengths[[0, 4, 8]].min()  # frames 0, 4 and 8 are the keys
