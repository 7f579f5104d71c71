"""The live picture: the newest wish wins, and nobody can spoil it for others."""

import json
import struct
import threading
import time
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from allaprima.studio.errors import StudioError
from allaprima.studio.routes import live
from allaprima.studio.routes.live import MOST_LETTERS, read

LIVE = "ws://127.0.0.1/api/live"
BURST = 100


def message(number: int, model: str = "stylegan2", **fields: Any) -> str:
    return json.dumps({"number": number, "wish": {"model": model, "seed": number, **fields}})


def number_of(answer: bytes) -> int:
    return int(struct.unpack(">I", answer[:4])[0])


def painted(socket: Any, text: str) -> bytes:
    socket.send_text(text)
    return bytes(socket.receive_bytes())


def complaint(socket: Any, text: str) -> dict[str, Any]:
    socket.send_text(text)
    return dict(json.loads(socket.receive_text()))


@pytest.mark.parametrize("model", ["stylegan2", "stylegan3", "stylegan", "progan", "r3gan"])
def test_a_live_picture_is_that_of_its_wish(client, model):
    with client.websocket_connect(LIVE) as socket:
        answer = painted(socket, message(7, model))
    assert number_of(answer) == 7
    own = client.get(f"/api/models/{model}/picture?seed=7").content
    shown, wanted = (np.asarray(Image.open(BytesIO(data))).astype(int) for data in (answer[4:], own))
    assert np.abs(shown - wanted).max() <= 1


def test_of_a_burst_few_are_painted_and_the_last_one_always(client):
    painter = client.app.state.studio.painter
    for _ in range(3):
        before = painter.images
        with client.websocket_connect(LIVE) as socket:
            for number in range(BURST):
                socket.send_text(message(number))
            got = []
            while not got or got[-1] != BURST - 1:
                got.append(number_of(socket.receive_bytes()))
        assert got == sorted(set(got))
        assert painter.images - before == len(got) < BURST


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "invalid JSON"),
        ("no", "invalid JSON"),
        ("[]", "object"),
        ("[" * 50_000, "invalid JSON"),
        ("{}", "number"),
        (message(1, "nobody"), "no model 'nobody'"),
        (message(1, truncation="much"), "truncation"),
        (message(1, extra=1), "extra"),
        (message(1, seed=-1), "seed"),
        (message(1, classes={"0": 1}), "no classes"),
        (message(1, found="AAAAAAAAAAAA"), "no such work"),
        (message(-1), "number"),
        ("x" * (MOST_LETTERS + 1), "at most 65,536"),
        ('{"number": 1, "wish": {"model": "\\ud800"}}', "JSON"),
        ('{"number": 1, "wish": {"model": "a"}, "\\u0000\\u202e": 1}', "not permitted"),
    ],
)
def test_a_message_that_cannot_be_painted_is_answered_and_the_next_one_is_painted(client, text, says):
    with client.websocket_connect(LIVE) as socket:
        assert says.lower() in complaint(socket, text)["detail"].lower()
        assert number_of(painted(socket, message(3))) == 3


def test_bytes_are_read_as_text(client):
    with client.websocket_connect(LIVE) as socket:
        socket.send_bytes(b"\xff\xfe\x00")
        assert "JSON" in json.loads(socket.receive_text())["detail"]
        socket.send_bytes(message(4).encode())
        assert number_of(socket.receive_bytes()) == 4


def test_a_bad_wish_says_which_it_was():
    assert read(message(9)).number == 9
    with pytest.raises(StudioError, match="letters"):
        read(" " * (MOST_LETTERS + 1))


def test_those_who_leave_are_counted_out(client):
    studio = client.app.state.studio
    for _ in range(10):
        with client.websocket_connect(LIVE) as socket:
            for number in range(20):
                socket.send_text(message(number))
    until = time.monotonic() + 5
    while studio.live and time.monotonic() < until:
        time.sleep(0.01)
    assert studio.live == 0
    assert studio.painter.waiting == 0


def test_what_is_painted_for_one_who_leaves_is_left_off(client, monkeypatch):
    begun, left = threading.Event(), threading.Event()

    async def slow(*arguments: Any) -> None:
        begun.set()
        try:
            await live.asyncio.sleep(30)
        finally:
            left.set()

    monkeypatch.setattr(live, "_answer", slow)
    with client.websocket_connect(LIVE) as socket:
        socket.send_text(message(1))
        assert begun.wait(5)
    assert left.wait(5)


def test_one_who_does_not_read_holds_up_nobody(client):
    with client.websocket_connect(LIVE) as deaf:
        for number in range(50):
            deaf.send_text(message(number))
        with client.websocket_connect(LIVE) as other:
            begun = time.perf_counter()
            assert [number_of(painted(other, message(number))) for number in range(5)] == list(range(5))
            assert time.perf_counter() - begun < 10
