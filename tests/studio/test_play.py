"""A new picture at each reload, and the game: nothing but a guess tells which picture is real."""

import re
import struct
from html import unescape
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from allaprima.errors import AllaPrimaError
from allaprima.images import encode_png
from allaprima.studio.rounds import Round, Rounds
from allaprima.studio.work.play import END, filled

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]
SIDES = ["left", "right"]


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(data)))


def dealt(client: TestClient, model: str = "stylegan2") -> dict[str, Any]:
    answer = client.post("/api/play", json={"model": model})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("model", MODELS)
def test_each_reload_is_another_picture_which_its_own_address_gives_again(client, model):
    first, second = (client.get("/random.png", params={"model": model}) for _ in range(2))
    assert first.headers["content-type"] == "image/png"
    assert first.headers["cache-control"] == "no-store"
    assert first.content != second.content
    again = client.get(first.headers["content-location"])
    assert np.abs(pixels(again.content).astype(int) - pixels(first.content)).max() <= 1


def test_a_seed_draws_its_class(client):
    places = {
        client.get("/random.png", params={"model": "classes", "seed": seed}).headers["content-location"][-1]
        for seed in (1, 2, 3, 4, 5, 6, 7, 8) for _ in range(2)
    }  # fmt: skip
    assert places == {"0", "1", "2"}
    once = client.get("/random.png?model=classes&seed=5")
    assert once.content == client.get("/random.png?model=classes&seed=5").content
    chosen = client.get("/random.png?model=classes&seed=5&class=2").headers["content-location"]
    assert chosen.endswith("class=2")


def test_the_page_works_without_scripts_and_its_links_lead_where_they_say(client):
    page = client.get("/random?model=classes").text
    assert "<script" not in page
    links = [unescape(link) for link in re.findall(r'(?:href|src)="([^"]+)"', page)]
    picture = next(link for link in links if link.startswith("/random.png"))
    seed = re.search(r"seed=(\d+)", picture)[1]
    assert f"seed {seed}" in page
    same = next(link for link in links if link.startswith("/random?") and "seed" in link)
    assert picture in unescape(client.get(same).text)
    another = next(link for link in links if link.startswith("/random?") and "seed" not in link)
    assert picture not in unescape(client.get(another).text)
    assert any(re.fullmatch(rf"/#/paint\?model=classes&seed={seed}&psi=0\.8&class=\d", link) for link in links)
    for link in links:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize(
    "query", ["model=<script>", "seed=-1", "seed=x", "truncation=nan", "class=3&model=classes", "class=0"]
)
def test_what_cannot_be_painted_is_refused_with_a_sentence(client, query):
    for address in ("/random", "/random.png"):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code in (400, 404, 422)
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.json()["detail"]) > 10


def test_only_data_of_the_same_shape_is_played_with(client):
    assert client.get("/api/play/stylegan2").json() == {"datasets": ["pictures"]}
    assert client.get("/api/play/progan").json() == {"datasets": []}
    assert client.post("/api/play", json={"model": "progan"}).status_code == 400
    answer = client.post("/api/play", json={"model": "progan", "dataset": "pictures"})
    assert (answer.status_code, answer.json()["detail"]) == (
        400, "the pictures of pictures have another shape than those of progan",
    )  # fmt: skip
    assert client.post("/api/play", json={"model": "stylegan2", "dataset": "/etc"}).status_code == 404


def test_a_round_is_one_real_picture_and_one_of_the_seed_that_the_answer_tells(client, image_folder):
    reals = [pixels(path.read_bytes()) for path in sorted(image_folder.glob("*.png"))]
    where = set()
    for _ in range(12):
        round_ = dealt(client)
        shown = {side: client.get(f"/api/play/rounds/{round_['id']}/{side}") for side in SIDES}
        assert [shown[side].headers["cache-control"] for side in SIDES] == ["no-store"] * 2
        answer = client.post(f"/api/play/rounds/{round_['id']}/guess", json={"side": "left"}).json()
        assert answer["is_right"] == (answer["real"] == "left")
        where.add(answer["real"])
        painted = SIDES[answer["real"] == "left"]
        assert any(np.array_equal(pixels(shown[answer["real"]].content), real) for real in reals)
        fields = {"seed": answer["seed"], "truncation": answer["truncation"]}
        own = client.get("/api/models/stylegan2/picture", params=fields)
        assert np.abs(pixels(own.content).astype(int) - pixels(shown[painted].content)).max() <= 1
    assert where == set(SIDES)


def test_nothing_tells_the_two_apart_but_the_picture(client):
    for _ in range(4):
        round_ = dealt(client)
        assert set(round_) == {"id", "model", "dataset"}
        left, right = (client.get(f"/api/play/rounds/{round_['id']}/{side}") for side in SIDES)
        assert len(left.content) == len(right.content)
        assert dict(left.headers) == dict(right.headers)
        assert [kind for kind, _ in chunks(left.content)] == [kind for kind, _ in chunks(right.content)]
        assert dict(chunks(left.content))[b"IHDR"] == dict(chunks(right.content))[b"IHDR"]


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


@pytest.mark.parametrize("more", [END, END + 1, 5000])
def test_a_filled_file_is_the_same_picture(more):
    picture = np.random.default_rng(0).integers(256, size=(7, 5, 4), dtype=np.uint8)
    png = encode_png(picture)
    longer = filled(png, len(png) + more)
    assert len(longer) == len(png) + more
    assert np.array_equal(pixels(longer), picture)
    assert chunks(longer)[-1] == (b"IEND", b"")


def test_a_round_is_answered_once(client):
    address = f"/api/play/rounds/{dealt(client)['id']}/guess"
    assert client.post(address, json={"side": "middle"}).status_code == 422
    assert client.post(address, json={"side": "left"}).status_code == 200
    again = client.post(address, json={"side": "right"})
    assert (again.status_code, again.json()["detail"]) == (400, "this round has been answered: start another one")
    assert client.post("/api/play/rounds/nonsense/guess", json={"side": "left"}).status_code == 404
    assert client.get("/api/play/rounds/nonsense/left").status_code == 404


def a_round(size: int = 100, **fields: Any) -> Round:
    files = {"left": bytes(size // 2), "right": bytes(size // 2)}
    return Round(
        files=files, real="left", model="m", dataset="d", seed=1, class_=None, truncation=1.0, **fields
    )  # fmt: skip


def test_rounds_take_so_much_memory_and_no_more():
    rounds = Rounds(most_bytes=1000)
    all_ = [a_round() for _ in range(50)]
    for each in all_:
        rounds.add(each)
    assert len(rounds) == 10
    assert rounds.find(all_[-1].id) is all_[-1]
    with pytest.raises(AllaPrimaError, match="over"):
        rounds.find(all_[0].id)
    rounds.add(big := a_round(5000))  # a single one may be larger
    assert rounds.find(big.id) is big
    assert len(rounds) == 1


def test_an_old_round_is_over():
    rounds = Rounds(life=0.0)
    rounds.add(old := a_round())
    with pytest.raises(AllaPrimaError, match="start another one"):
        rounds.guess(old.id, "left")
    rounds.add(a_round())
    assert len(rounds) == 1
