"""The live picture: wishes come as fast as a hand moves, and the newest one wins.

A message is JSON: ``{"number": …, "wish": …, "format": …}``. The answer is binary: the number (4 bytes, big-endian),
then the image file; or text, ``{"number": …, "detail": …}``. One wish of a connection is painted at a time; while it
is, only the newest of the others is kept, and a client that reads slowly holds up nobody but himself. What is painted
for one who has gone is left off.
"""

import asyncio
import json
import struct
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field, ValidationError

from allaprima.studio.errors import StudioError
from allaprima.studio.routes.parts import studio_of
from allaprima.studio.sentences import sentence_about
from allaprima.studio.studio import Studio
from allaprima.studio.wish import ImageFormat, Strict, Wish

router = APIRouter()
TRY_LATER = 1013  # of a WebSocket
MOST_LETTERS = 64 * 1024  # of a message


class LiveWish(Strict):
    """A message."""

    number: int = Field(ge=0, lt=2**32)
    wish: Wish
    format: ImageFormat = "png"


@dataclass(slots=True)
class _Newest:
    """The newest message that nobody has taken yet."""

    text: str | None = None
    is_over: bool = False
    came: asyncio.Event = field(default_factory=asyncio.Event)


@router.websocket("/api/live")
async def live(socket: WebSocket) -> None:
    """Paint what comes, the newest first."""
    studio = studio_of(socket)
    await socket.accept()
    if studio.live >= studio.limits.live:
        await socket.close(TRY_LATER, "too many are painting live: try again later")
        return
    studio.live += 1
    newest = _Newest()
    listener = asyncio.create_task(_listen(socket, newest))
    try:
        while not newest.is_over:
            await newest.came.wait()
            newest.came.clear()
            text, newest.text = newest.text, None
            if text is not None:
                await _unless_gone(_answer(socket, studio, text), listener)
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass  # gone
    finally:
        studio.live -= 1
        listener.cancel()
        with suppress(asyncio.CancelledError):
            await listener


async def _unless_gone(work: Coroutine[None, None, None], listener: "asyncio.Task[None]") -> None:
    """Do something for a client as long as he listens."""
    answering = asyncio.create_task(work)
    try:
        await asyncio.wait({answering, listener}, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            await answering
    finally:
        if not answering.done():
            answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering


async def _listen(socket: WebSocket, newest: _Newest) -> None:
    with suppress(RuntimeError):  # it was closed
        while (message := await socket.receive())["type"] == "websocket.receive":
            text = message.get("text")
            newest.text = (message.get("bytes") or b"").decode("utf-8", "replace") if text is None else text
            newest.came.set()
    newest.is_over = True
    newest.came.set()


async def _answer(socket: WebSocket, studio: Studio, text: str) -> None:
    number = 0
    try:
        message = read(text)
        number = message.number
        found = await studio.check(message.wish)
        data = await studio.painter.paint(message.wish, format_=message.format, found=found, live=True)
    except StudioError as error:
        await socket.send_text(json.dumps({"number": number, "detail": str(error)}))
    else:
        await socket.send_bytes(struct.pack(">I", number) + data)


def read(text: str) -> LiveWish:
    """What a message says. Raises `StudioError`."""
    if len(text) > MOST_LETTERS:
        raise StudioError(f"a message of {len(text):,} letters: at most {MOST_LETTERS:,} are read")
    try:
        return LiveWish.model_validate_json(text)
    except ValidationError as error:
        raise StudioError(sentence_about(error.errors(include_url=False, include_context=False))) from error
