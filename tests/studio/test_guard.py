"""Who is let in, and what of a request goes no further."""

import asyncio
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from allaprima.studio import guard
from allaprima.studio.app import create_app
from allaprima.studio.guard import HEADERS, Guard
from allaprima.studio.server import _claim, _listen
from allaprima.studio.settings import Limits, Settings
from allaprima.studio.wish import Name, Strict
from tests.studio.loops import run

LIVE = "ws://127.0.0.1/api/live"
TOKEN = "a-long-token"
LONG = Limits(upload=1000)
POST = b"POST /api/picture HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PAGE = {"accept": "text/html,*/*"}


class Some(Strict):
    text: Name


def guarded(settings: Settings) -> FastAPI:
    """A small application behind the guard, with the errors of the real one, and no workers."""
    app = create_app(settings)
    app.router.lifespan_context = _nothing
    app.state.left_off = 0

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/deaf")
    async def deaf() -> str:
        return "it was not read"

    @app.post("/json")
    async def json(some: Some) -> int:
        return len(some.text)

    @app.get("/slow")
    async def slow() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            app.state.left_off += 1
            raise
        return "done"

    app.router.routes.sort(key=lambda route: getattr(route, "path", "") not in ("/raw", "/deaf", "/json", "/slow"))
    return app


@asynccontextmanager
async def _nothing(app: Any) -> AsyncIterator[None]:
    yield


@pytest.fixture
def settings_of(tmp_path):
    return lambda **fields: Settings(models={"m": "m"}, out=tmp_path, **fields)


def client_of(settings: Settings, base_url: str = "http://127.0.0.1") -> TestClient:
    return TestClient(guarded(settings), base_url=base_url, raise_server_exceptions=False, follow_redirects=False)


def test_a_token_is_taken_from_header_cookie_and_address(settings_of):
    client = client_of(settings_of(token=TOKEN))
    refused = client.get("/")
    assert refused.status_code == 401
    assert "token" in refused.json()["detail"]
    for wrong in ({"authorization": "Bearer no"}, {"cookie": "allaprima-token=no"}, {"authorization": TOKEN[:-1]}):
        assert client.get("/", headers=wrong).status_code == 401
    assert client.get("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    # Other programs at this host leave cookies that no standard knows.
    strange = f'a={{"b": [1, 2]}}; c d=e; allaprima-token={TOKEN}; "='
    assert client.get("/", headers={"cookie": strange}).status_code == 200


def test_a_token_in_the_address_becomes_a_cookie(settings_of):
    client = client_of(settings_of(token=TOKEN))
    answer = client.get(f"/random?seed=3&token={TOKEN}&class=1", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/random?seed=3&class=1")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=Strict" in answer.headers["set-cookie"]
    assert client.get("/").status_code == 200
    assert client_of(settings_of(token=TOKEN)).get("/?token=wrong", headers=PAGE).status_code == 401
    program = client_of(settings_of(token=TOKEN)).get(f"/?token={TOKEN}")  # it keeps no cookies, maybe
    assert program.status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "///evil.example", "/\\/evil.example"])
def test_the_way_back_stays_at_this_host(settings_of, path):
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "headers": [(b"host", b"localhost"), (b"accept", b"text/html")],
        "query_string": f"token={TOKEN}".encode(),
    }  # fmt: skip
    run(Guard(None, settings_of(token=TOKEN))(scope, None, send))  # type: ignore[arg-type]
    where = dict(sent[0]["headers"])[b"location"].decode()
    assert where.startswith("/")
    assert where[1:2] not in ("/", "\\")


@pytest.mark.parametrize(
    ("host", "fields", "served"),
    [
        ("127.0.0.1:7860", {}, True),
        ("localhost", {}, True),
        ("LocalHost:1", {}, True),
        ("[::1]:7860", {}, True),
        ("evil.example", {}, False),
        ("127.0.0.1.evil.example", {}, False),
        ("localhost.evil.example:7860", {}, False),
        ("192.168.0.7", {}, False),
        ("", {}, False),
        ("studio.lan", {"hosts": ("studio.lan",)}, True),
        ("10.0.0.2:7860", {"host": "10.0.0.2"}, True),
        ("10.0.0.3", {"host": "10.0.0.2"}, False),
        # Listening everywhere: any number is an address of its own, and a name could be anybody's.
        ("192.168.0.7:7860", {"host": "0.0.0.0"}, True),
        ("[fe80::1]", {"host": "::"}, True),
        ("evil.example", {"host": "0.0.0.0"}, False),
        ("studio.lan", {"host": "0.0.0.0", "hosts": ("studio.lan",)}, True),
    ],
)
def test_it_is_served_under_its_own_names_alone(settings_of, host, fields, served):
    answer = client_of(settings_of(**fields)).get("/", headers={"host": host})
    assert answer.status_code == (200 if served else 421)


def test_whoever_knows_the_token_may_call_it_by_any_name_where_it_listens_everywhere(settings_of):
    client = client_of(settings_of(host="0.0.0.0", token=TOKEN))
    headers = {"host": "my-machine.lan", "authorization": f"Bearer {TOKEN}"}
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://[broken", "http://127.0.0.1:99", "", "127.0.0.1"]
)
def test_pages_of_other_hosts_change_nothing(settings_of, origin):
    client = client_of(settings_of())
    assert client.post("/deaf", headers={"origin": origin}).status_code == 403
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(LIVE, headers={"origin": origin}):
        pass
    assert closed.value.code == 1008
    assert client.get("/", headers={"origin": origin}).status_code == 200  # reads nothing: there is no CORS header
    assert client.post("/deaf", headers={"origin": "http://127.0.0.1"}).status_code == 200
    assert client.post("/deaf").status_code == 200  # a program


def test_a_live_connection_is_let_in_from_its_own_pages_and_from_programs(client):
    for headers in ({}, {"origin": "http://127.0.0.1"}):
        with client.websocket_connect(LIVE, headers=headers) as socket:
            socket.send_text("{}")
            assert "number" in socket.receive_text()


def test_a_live_connection_needs_the_token_too(settings_of):
    client = client_of(settings_of(token=TOKEN))
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(LIVE):
        pass
    assert closed.value.code == 1008


def in_pieces(length: int) -> Iterator[bytes]:
    for _ in range(length // 100):
        yield b"x" * 100


@pytest.mark.parametrize("path", ["/raw", "/json"])
@pytest.mark.parametrize("content", [b"x" * 1001, "pieces"])
def test_a_body_too_long_is_refused_however_it_comes(settings_of, path, content):
    client = client_of(settings_of(limits=LONG))
    body = in_pieces(5000) if content == "pieces" else content
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert re.search("at most 1,000 (bytes )?are taken$", answer.json()["detail"])
    assert client.post("/raw", content=in_pieces(1000)).json() == 1000


def test_json_may_be_shorter_than_pictures(settings_of, monkeypatch):
    monkeypatch.setattr(guard, "JSON_LENGTH", 500)
    client = client_of(settings_of(limits=LONG))
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/problem+json"):
        assert client.post("/raw", content=b"x" * 501, headers={"content-type": kind}).status_code == 413
        assert client.post("/raw", content=in_pieces(600), headers={"content-type": kind}).status_code == 413
    assert client.post("/raw", content=b"x" * 900, headers={"content-type": "image/png"}).json() == 900


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "", "99999999999999999999", "²"])
def test_a_length_that_is_none_is_refused(settings_of, length):
    client = client_of(settings_of())
    headers = [(b"host", b"localhost"), (b"content-length", length.encode())]
    scope = {"type": "http", "method": "POST", "path": "/raw", "headers": headers, "query_string": b""}
    status, _ = Guard(client.app, settings_of())._refusal(scope, {"host": "localhost", "content-length": length}) or (
        0,
        "",
    )
    assert status in (400, 413)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"text": 1}', b"\xff\xfe", b'{"text": "\\ud800"}', b'{"text": "", "\\ud800": 1}',
     b"9" * 10_000,
     b'{"text": NaN}', b'{"text": "a", "text": {}}', b"null", "ü".encode("utf-16")],
)  # fmt: skip
def test_what_is_no_json_of_that_form_is_told_so(settings_of, body):
    answer = client_of(settings_of()).post("/json", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


def test_every_answer_says_what_the_page_may_load(settings_of):
    client = client_of(settings_of(token=TOKEN, limits=LONG))
    key = {"authorization": f"Bearer {TOKEN}"}
    answers = [
        client.get("/"),
        client.get("/", headers=key),
        client.get("/nothing", headers=key),
        client.get(f"/?token={TOKEN}", headers=PAGE),
        client.post("/raw", content=b"x" * 2000, headers=key),
        client.get("/", headers={"host": "evil.example"}),
    ]
    assert [answer.status_code for answer in answers] == [401, 200, 404, 303, 413, 421]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("name", ["../settings.py", "..%2fsettings.py", "%2e%2e/settings.py", "/etc/passwd",
                                  "%2fetc%2fpasswd", "js/../../settings.py", "js/app.js%00.png", "..\\settings.py",
                                  "js"])  # fmt: skip
def test_no_path_of_a_request_reaches_the_disk(client, name):
    for address in (f"/static/{name}", f"/api/models/{name}/picture", f"/api/jobs/{name}",
                    f"/api/jobs/{name}/files/{name}",
                    f"/api/play/{name}", f"/api/play/rounds/{name}/left", f"/random.png?model={name}"):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code in (404, 405, 422), address
        assert "import" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "DELETE", "CONNECT", "BREW"])
def test_methods_that_nothing_knows_are_refused(client, method):
    for address in ("/", "/api/studio", "/random.png", "/api/bulk", "/static/js/app.js"):
        assert client.request(method, address).status_code in (404, 405)


def asgi(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


def test_who_goes_away_is_not_worked_for(settings_of):
    app = guarded(settings_of())

    async def ask() -> None:
        messages: asyncio.Queue[Any] = asyncio.Queue()
        await messages.put({"type": "http.request", "body": b"", "more_body": False})
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/slow",
            "raw_path": b"/slow", "root_path": "", "scheme": "http", "query_string": b"", "client": ("x", 1),
            "server": ("127.0.0.1", 80), "headers": [(b"host", b"127.0.0.1")],
        }  # fmt: skip
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        work = asyncio.create_task(app(scope, messages.get, send))
        await asyncio.sleep(0.05)
        assert app.state.left_off == 0
        await messages.put({"type": "http.disconnect"})
        await asyncio.wait_for(work, 2)
        assert not sent

    run(ask())
    assert app.state.left_off == 1


def test_bodies_that_are_too_many_at_once_are_told_to_wait_and_forgotten_afterwards(settings_of, monkeypatch):
    monkeypatch.setattr(guard, "BODIES_AT_ONCE", 2)
    app = guarded(settings_of(limits=LONG))

    async def flood() -> list[int]:
        go = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield b"x" * 900
            await go.wait()
            yield b"x"

        async with asgi(app) as client:
            asking = [asyncio.create_task(client.post("/raw", content=slowly())) for _ in range(4)]
            await asyncio.wait(asking, timeout=0.5)
            go.set()
            return sorted([(await each).status_code for each in asking])

    # httpx hands a body over in pieces, so that all four are being sent at once
    found = run(flood())
    assert found.count(429) == 2
    assert found.count(200) == 2
    assert TestClient(app, base_url="http://127.0.0.1").post("/raw", content=b"x" * 1000).json() == 1000


def talk(address: str, text: bytes, *, seconds: float = 20.0) -> bytes:
    """Send bytes to a studio and read all that it answers."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=seconds) as line:
        line.sendall(text)
        got = b""
        while b"\r\n\r\n" not in got or not got.rstrip().endswith(b"}"):
            piece = line.recv(65536)
            if not piece:
                break
            got += piece
    return got


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /\r\n\r\n", b"421"),
        (b"\x16\x03\x01 what?\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421"),
        (POST + b"Content-Length: 99999999\r\n\r\n", b"413"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n"
         + (b"100000\r\n" + b"x" * 2**20 + b"\r\n") * 3, b"413"),
        (b"GET /api/studio HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", b""),
    ],
)  # fmt: skip
def test_the_server_itself_refuses_and_goes_on(address, request_, status):
    try:
        got = talk(address, request_)
    except ConnectionError:
        got = b""
    assert not status or got.split(b" ")[1] == status
    assert httpx.get(address + "api/studio").status_code == 200


def test_answers_are_not_held_back(settings_of):
    listener = _listen(settings_of(port=0))
    with listener, socket.create_connection(listener.getsockname()[:2]):
        line, _ = listener.accept()
        with line:
            assert line.proto == socket.IPPROTO_TCP  # by which asyncio decides whether to set TCP_NODELAY


def test_a_small_answer_comes_at_once(address):
    with httpx.Client() as client:
        client.get(address + "api/studio")
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            assert client.get(address + "static/studio.css").status_code == 200
            times.append(time.perf_counter() - begun)
    assert min(times) < 0.03  # 40 ms where the end of an answer waits for the client's acknowledgement


def test_two_studios_do_not_share_a_directory(settings_of):
    first = _claim(settings_of())
    assert first is not None
    child = (
        f"from pathlib import Path; from allaprima.files import lock; lock(Path({str(settings_of().out / '.lock')!r}))"
    )
    found = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in found.stderr
    first.close()
