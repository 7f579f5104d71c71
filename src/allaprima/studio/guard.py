"""Who may ask, and for how much: checked before a request reaches a route.

* A browser sends any page's requests to any address. So the name that the server is called by must be one of its own
  (against DNS rebinding), and what changes something must come from its own pages (against forged requests).
* A body that is longer than allowed is refused, by what it says of itself or as soon as it has come; so are bodies
  that are too many at once.
* What is done for somebody who has gone away is left off.
* The pages may load nothing from elsewhere, and nothing may frame them.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser

from allaprima.studio.settings import Settings
from allaprima.studio.visitor import COOKIE as VISITOR
from allaprima.studio.visitor import YEAR, new_visitor, visitor

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "allaprima-token"
LOCAL = {"127.0.0.1", "localhost", "::1"}
ANYWHERE = {"0.0.0.0", "::"}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
POLICY_VIOLATION = 1008  # of a WebSocket
JSON_LENGTH = 2 * 2**20  # bytes: what is parsed takes many times its length
BODIES_AT_ONCE = 8  # of full length; shorter ones may be more
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
        " connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Wraps an application.

    Args:
        app: What it guards.
        settings: Who may ask.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.token, self.upload = app, settings.token, settings.limits.upload
        self.is_anywhere = settings.host in ANYWHERE
        self.hosts = {settings.host.lower(), *LOCAL, *settings.hosts}
        self.held = 0  # bytes of the bodies of all requests that are being answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
        elif scope["type"] == "http" and self._offers_token(scope, headers):
            await _redirect(scope, send, str(self.token))
        elif scope["type"] == "http":
            cookies = cookie_parser(headers.get("cookie", ""))
            visitor.set(cookies.get(VISITOR, ""))
            is_new = not visitor.get() and _is_page(scope, headers)
            more = {"set-cookie": _cookie(VISITOR, new_visitor(), YEAR)} if is_new else {}
            await self._serve(scope, _Body(self, receive, self._most(headers)), _Answer(_with_headers(send, more)))
        else:
            await self.app(scope, receive, _with_headers(send))

    async def _serve(self, scope: Scope, body: "_Body", answer: "_Answer") -> None:
        """Have a request answered, unless who asked goes away first."""
        work = asyncio.ensure_future(self.app(scope, body, answer))
        listening = asyncio.create_task(body.listen())
        try:
            await asyncio.wait({work, listening}, return_when=asyncio.FIRST_COMPLETED)
            if body.is_gone and not answer.is_complete:
                return
            await work
        finally:
            self.held -= body.got
            listening.cancel()
            if not work.done():
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work

    def _most(self, headers: MutableMapping[str, str]) -> int:
        """Bytes that a body may have."""
        is_json = headers.get("content-type", "").partition(";")[0].strip().lower().endswith("json")
        return min(JSON_LENGTH, self.upload) if is_json else self.upload

    def _is_own(self, name: str) -> bool:
        """Whether a browser may call this server so. Where it listens everywhere, any number is its own address."""
        if name in self.hosts or (self.is_anywhere and self.token is not None):
            return True
        return self.is_anywhere and _is_number(name)

    def _refusal(self, scope: Scope, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        """Status and sentence; None for who may come in."""
        host = headers.get("host", "")
        if not self._is_own(_name(host)):
            return 421, f"this studio is not called {_name(host)[:100]!r}: start it with --host-name to let it be"
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if changes and origin is not None and _host_of(origin) != host.lower():
            return 403, "requests from the pages of other hosts are not served"
        if not self._knows_token(scope, headers):
            return 401, "this studio asks for a token: open the address that it printed when it started"
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            return 400, "the length of the body is no number"
        if int(length) > (most := self._most(headers)):
            return 413, f"the body has {int(length):,} bytes: at most {most:,} are taken"
        return None

    def _knows_token(self, scope: Scope, headers: MutableMapping[str, str]) -> bool:
        if self.token is None:
            return True
        offered = [headers.get("authorization", "").removeprefix("Bearer "), *_asked(scope, "token")]
        offered += [value for name, value in cookie_parser(headers.get("cookie", "")).items() if name == COOKIE]
        return any(hmac.compare_digest(text.encode(), self.token.encode()) for text in offered)

    def _offers_token(self, scope: Scope, headers: MutableMapping[str, str]) -> bool:
        """Whether the token stands in the address of a page, where it would stay in the browser's history."""
        return self.token is not None and _is_page(scope, headers) and bool(_asked(scope, "token"))


class _Body:
    """What a client sends: cut off where it gets too long, however it says it is; and whether he is still there.

    Args:
        guard: Counts what all bodies hold.
        receive: Where it comes from.
        most: Bytes.
    """

    def __init__(self, guard: Guard, receive: Receive, most: int) -> None:
        self.guard, self.receive, self.most = guard, receive, most
        self.got, self.is_gone = 0, False
        # One message waits at most: a body that nobody reads is not fetched, and an empty one does not hide the end.
        self._messages: asyncio.Queue[Message | HTTPException] = asyncio.Queue(1)

    async def listen(self) -> None:
        """Fetch what is sent until the client has gone, or sends too much."""
        while not self.is_gone:
            message: Message | HTTPException = await self.receive()
            assert not isinstance(message, HTTPException)
            self.is_gone = message["type"] == "http.disconnect"
            length = len(message.get("body", b""))
            self.got += length
            self.guard.held += length
            if self.got > self.most:
                message = BodyTooLargeError(self.most)
            elif length and self.guard.held > BODIES_AT_ONCE * self.guard.upload:
                message = HTTPException(429, "too much is being sent to the studio: try again in a moment")
            if not self.is_gone or not self._messages.full():
                await self._messages.put(message)
            if isinstance(message, HTTPException):
                break
        while not self.is_gone:  # a client that is refused may go on sending: it is heard, and forgotten
            self.is_gone = (await self.receive())["type"] == "http.disconnect"

    async def __call__(self) -> Message:
        if self.is_gone and self._messages.empty():
            return {"type": "http.disconnect"}
        message = await self._messages.get()
        if isinstance(message, HTTPException):
            raise message
        return message


class _Answer:
    """What is sent to a client, and whether it was all."""

    def __init__(self, send: Send) -> None:
        self.send, self.is_complete = send, False

    async def __call__(self, message: Message) -> None:
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self.send(message)


class BodyTooLargeError(HTTPException):
    """A body without a length went on and on."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"the body is too long: at most {most:,} bytes are taken")

    def __str__(self) -> str:
        return self.detail


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # no address at all
        return ""


def _name(host: str) -> str:
    """A host without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _asked(scope: Scope, name: str) -> list[str]:
    query = scope.get("query_string", b"").decode("latin-1")
    return [value for key, value in parse_qsl(query, max_num_fields=None) if key == name]


def _is_page(scope: Scope, headers: MutableMapping[str, str]) -> bool:
    """Whether a browser opens an address."""
    return bool(scope["method"] == "GET" and "text/html" in headers.get("accept", ""))


def _cookie(name: str, value: str, seconds: int | None = None) -> str:
    """What no script and no other host gets to see."""
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict" + (f"; Max-Age={seconds}" if seconds else "")


def _with_headers(send: Send, more: Mapping[str, str] = {}) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            extra = [
                (name.encode(), value.encode())
                for name, value in {**HEADERS, **more}.items()
                if name.encode() not in given
            ]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": sentence})
        return
    body = json.dumps({"detail": sentence}).encode()
    await _answer(send, status, body, [(b"content-type", b"application/json")])


async def _redirect(scope: Scope, send: Send, token: str) -> None:
    """To the same address without the token, which a cookie holds from then on."""
    query = scope["query_string"].decode("latin-1")
    rest = urlencode([(key, value) for key, value in parse_qsl(query) if key != "token"])
    # A path that begins with // would lead to another host, and browsers read \\ as /.
    path = "/" + scope.get("raw_path", scope["path"].encode()).decode("latin-1").lstrip("/\\")
    cookie = _cookie(COOKIE, token)
    where = path + (f"?{rest}" if rest else "")
    await _answer(send, 303, b"", [(b"location", where.encode("latin-1")), (b"set-cookie", cookie.encode())])


async def _answer(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
