"""However much is asked for, it is answered with a sentence, and memory stays bounded."""

import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from allaprima.studio.settings import Limits
from tests.studio.conftest import finished, studio

LIVE = "ws://127.0.0.1/api/live"
SMALL = Limits(images=3, order=10, queue=4, jobs=2, kept=2, upload=20_000, live=2)


@pytest.fixture(scope="module")
def small(settings, tmp_path_factory) -> Iterator[TestClient]:
    few = {name: settings.models[name] for name in ("stylegan3", "progan")}
    with studio(replace(settings, models=few, out=tmp_path_factory.mktemp("small"), limits=SMALL)) as client:
        yield client


def wishes(count: int, model: str = "progan") -> dict[str, object]:
    return {"wishes": [{"model": model, "seed": seed} for seed in range(count)]}


def test_as_many_as_allowed_are_painted_and_one_more_is_not(small):
    answer = small.post("/api/generate", json=wishes(3))
    assert [b64decode(image)[:4] for image in answer.json()["images"]] == [b"\x89PNG"] * 3
    refused = small.post("/api/generate", json=wishes(4))
    assert (refused.status_code, "at most 3" in refused.json()["detail"]) == (413, True)
    assert small.post("/api/generate", json=wishes(0)).status_code == 422


def test_when_the_queue_is_full_clients_are_told_to_come_back_and_can(small):
    start = threading.Barrier(40)

    def ask(seed: int) -> tuple[int, str | None, str]:
        start.wait()
        answer = small.get(f"/api/models/stylegan3/picture?seed={seed}")
        return answer.status_code, answer.headers.get("retry-after"), answer.headers["content-type"]

    with ThreadPoolExecutor(40) as pool:
        found = Counter(pool.map(ask, range(40)))
    assert set(found) <= {(200, None, "image/png"), (429, "1", "application/json")}
    assert found[200, None, "image/png"] >= 5
    assert found[429, "1", "application/json"] > 0
    assert small.get("/api/models/stylegan3/picture?seed=1").status_code == 200
    assert small.app.state.studio.painter.waiting == 0


def test_live_connections_are_so_many_and_no_more(small):
    with small.websocket_connect(LIVE), small.websocket_connect(LIVE):
        with small.websocket_connect(LIVE) as third, pytest.raises(WebSocketDisconnect) as closed:
            third.receive_text()
        assert (closed.value.code, closed.value.reason) == (1013, "too many are painting live: try again later")
    until = time.monotonic() + 5
    while small.app.state.studio.live and time.monotonic() < until:
        time.sleep(0.01)
    with small.websocket_connect(LIVE) as again:
        again.send_text("{}")
        assert "number" in again.receive_text()


def test_long_works_are_so_many_and_old_ones_are_forgotten(small):
    answers = [small.post("/api/bulk", json={"model": "stylegan3", "count": 10}) for _ in range(4)]
    assert sorted(answer.status_code for answer in answers)[:2] == [200, 200]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert all(answer.status_code == 429 and "works are waiting" in answer.json()["detail"] for answer in refused)
    for answer in answers:
        if answer.status_code == 200:
            assert finished(small, answer.json())["state"] == "done"
    for _ in range(3):
        finished(small, small.post("/api/bulk", json={"model": "progan", "count": 1}).json())
    assert len(small.get("/api/jobs").json()) <= SMALL.kept + 1
    assert small.post("/api/bulk", json={"model": "progan", "count": 11}).status_code == 413


def test_bodies_are_so_long_and_no_longer(small):
    long = {"model": "progan", "seed": 1, "noise": {"silent": ["x" * 200] * 200}}
    answer = small.post("/api/picture", json=long)
    assert (answer.status_code, "at most 20,000" in answer.json()["detail"]) == (413, True)


def test_a_flood_of_malformed_requests_leaves_it_as_it_was(small):
    bodies = [
        b"",
        b"{",
        b"\x00" * 1000,
        b"[1]",
        b'{"model": 1}',
        b'{"wishes": [{}]}',
        b'{"model": "progan", "seed": 1e99}',
    ]
    for address in ("/api/picture", "/api/generate", "/api/bulk", "/api/play"):
        for body in bodies * 3:
            assert small.post(address, content=body, headers={"content-type": "application/json"}).status_code == 422
    assert small.post("/api/picture", json={"model": "progan", "seed": 1}).status_code == 200


def test_how_busy_it_is_can_be_asked(small):
    before = small.get("/api/load").json()
    small.post("/api/picture", json={"model": "progan", "seed": 77})
    after = small.get("/api/load").json()
    assert after["images"] == before["images"] + 1
    assert after["batches"] == before["batches"] + 1
    assert (after["waiting"], after["live"], after["jobs"]) == (0, 0, 0)
