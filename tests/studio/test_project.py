"""Projection over HTTP: a picture goes up, its styles are found, and other pages can paint them."""

import time
from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.studio.conftest import finished

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]


def picture_of(client: Any, model: str, seed: int = 5, **fields: Any) -> bytes:
    classes = {"classes": {"1": 1.0}} if model == "classes" else {}
    wish = {"model": model, "seed": seed, "truncation": 0.7, **classes, **fields}
    data: bytes = client.post("/api/picture", json=wish).content
    return data


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(data)))


def file(size: tuple[int, int], colour: Any = "red", mode: str = "RGB", form: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new(mode, size, colour).save(out, form)
    return out.getvalue()


def project(client: Any, data: bytes, **params: Any) -> Any:
    return client.post("/api/project", params=params, content=data)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_found_is_what_paint_paints(client, model):
    """Also of models without a discriminator, without W, of one channel and of four, not square, with classes."""
    answer = project(client, picture_of(client, model), model=model, steps=12)
    assert answer.status_code == 200, answer.text
    job = finished(client, answer.json())
    assert job["state"] == "done", job["sentence"]
    wanted = {"target.png", "preview.png", "projected.png", "latents.safetensors", "distance.csv", "projected_w.npz"}
    assert wanted <= set(job["files"])
    assert any(name.startswith("way.") for name in job["files"])
    classes = {"classes": {"1": 1.0}} if model == "classes" else {}
    painted = client.post("/api/picture", json={"model": model, "found": job["id"], **classes})
    assert painted.status_code == 200, painted.text
    projected = client.get(f"/api/jobs/{job['id']}/files/projected.png").content
    assert np.abs(pixels(painted.content).astype(int) - pixels(projected).astype(int)).max() <= 2


def test_the_distance_falls_and_is_told(client):
    job = finished(client, project(client, picture_of(client, "stylegan2"), model="stylegan2", steps=60).json())
    told = job["step"]["distances"]
    assert told[0][0] == 1
    assert told[-1][0] == 60
    assert told[-1][1] < told[0][1]
    assert job["step"]["done"] == job["step"]["total"] == 60
    assert job["result"]["psnr"] == job["step"]["psnr"]
    assert job["order"]["steps"] == 60
    assert "/" not in str({name: value for name, value in job["order"].items() if name != "notes"})


def test_stop_keeps_what_is_found(client):
    job = project(client, picture_of(client, "stylegan2"), model="stylegan2", steps=5000).json()
    until = time.monotonic() + 30
    while "latents.safetensors" not in client.get(f"/api/jobs/{job['id']}").json()["files"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    stopped = client.post(f"/api/jobs/{job['id']}/stop").json()
    assert stopped["state"] == "stopped"
    assert {"target.png", "preview.png", "latents.safetensors"} <= set(stopped["files"])
    preview = client.get(f"/api/jobs/{job['id']}/files/preview.png").content
    painted = client.post("/api/picture", json={"model": "stylegan2", "found": job["id"]})
    assert painted.status_code == 200, painted.text
    assert pixels(painted.content).shape == pixels(preview).shape


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ["crop", "pad"])
def test_any_picture_is_fitted(client, model, how):
    answer = client.post("/api/project/fit", params={"model": model, "fit": how}, content=file((50, 20)))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    facts = client.get(f"/api/models/{model}").json()
    assert pixels(b64decode(found["image"])).shape[:2] == (facts["height"], facts["width"])
    assert (found["height"], found["width"]) == (20, 50)
    assert any("20×50" in note for note in found["notes"])


def test_crop_takes_the_middle_and_pad_takes_all(client):
    picture = Image.new("RGB", (48, 16), "blue")
    picture.paste("red", (16, 0, 32, 16))
    out = BytesIO()
    picture.save(out, "PNG")
    made = {}
    for how in ("crop", "pad"):
        answer = client.post("/api/project/fit", params={"model": "stylegan3", "fit": how}, content=out.getvalue())
        made[how] = pixels(b64decode(answer.json()["image"]))[..., :3].astype(int)
    assert made["crop"][8, 1, 0] > 200  # red to the edge
    assert made["pad"][8, 1, 2] > 200  # blue at the edge
    assert made["pad"][8, 8, 0] > 200


@pytest.mark.parametrize("place", ["/api/project", "/api/project/fit"])
@pytest.mark.parametrize(
    ("data", "params", "status", "words"),
    [
        (b"", {}, 400, "empty"),
        (b"no picture", {}, 400, "no image"),
        (file((20, 20))[:60], {}, 400, "image"),
        (file((9000, 9000), 1, "1"), {}, 400, "at most 40,000,000"),
        (file((9, 9)), {"model": "nobody"}, 404, "no model 'nobody'"),
        (file((9, 9)), {"fit": "twist"}, 422, "fit"),
    ],
)
def test_bad_pictures_get_a_sentence_at_once(client, place, data, params, status, words):
    answer = client.post(place, params={"model": "stylegan2", **params}, content=data)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"class": 0}, 400, "knows no classes"),
        ({"model": "classes", "class": 3}, 400, "classes 0 to 2"),
        ({"steps": 0}, 422, "steps"),
        ({"steps": 5001}, 422, "steps"),
        ({"space": "v"}, 422, "space"),
        ({"quality": "superb"}, 422, "quality"),
    ],
)
def test_refusals_are_sentences(client, params, status, words):
    answer = project(client, file((9, 9)), **{"model": "stylegan2", **params})
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]


def test_a_body_that_is_too_long_is_refused(client, settings):
    answer = client.post("/api/project/fit?model=stylegan2", content=b"x" * (settings.limits.upload + 1))
    assert answer.status_code == 413


def test_a_class_can_be_chosen_to_start_in(client):
    job = finished(
        client, project(client, picture_of(client, "classes"), model="classes", steps=2, **{"class": 1}).json()
    )
    assert job["state"] == "done", job["sentence"]
    assert job["order"]["class"] == 1
