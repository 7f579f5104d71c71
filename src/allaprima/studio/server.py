"""Runs the application until it is told to stop."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from allaprima.errors import ConfigError
from allaprima.files import lock, make_directory
from allaprima.studio.settings import Settings

QUIET = "warning"
KEEP_ALIVE = 20
MOMENT = 0.02  # seconds
MOST_CONNECTIONS = 1000  # more are answered with 503
WAITING = 4  # messages of a live connection
GRACE = 3  # seconds for requests that are being answered when the studio is closed


def serve(settings: Settings, *, on_start: Callable[[str], None]) -> None:
    """Listen and answer; returns after Ctrl-C or SIGTERM.

    Args:
        settings: What to serve, and where.
        on_start: Told the address to open, with the token.

    Raises:
        ConfigError: The address cannot be listened at, or another studio fills the same directory.
        OutputError: The directory of what it makes cannot be made.
    """
    import uvicorn

    from allaprima.studio.app import create_app

    make_directory(settings.out)
    claim = _claim(settings)
    listener = _listen(settings)
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        create_app(settings),
        log_level=QUIET,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        limit_concurrency=MOST_CONNECTIONS,
        ws_max_size=2**18,
        ws_max_queue=WAITING,
        ws_per_message_deflate=False,  # pictures are compressed already
        server_header=False,
    )
    server = uvicorn.Server(config)
    try:
        with suppress(KeyboardInterrupt):  # uvicorn ends all in order, then raises the signal again
            asyncio.run(_run(server, listener, lambda: on_start(address(settings, port))))
    finally:
        if claim is not None:
            claim.close()


async def _run(server: Any, listener: socket.socket, on_start: Callable[[], None]) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not (server.started or serving.done()):
            await asyncio.sleep(MOMENT)
        if not serving.done():
            on_start()
        await serving
    finally:
        listener.close()


def address(settings: Settings, port: int) -> str:
    """What to open in a browser."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{host}:{port}/" + (f"?token={settings.token}" if settings.token else "")


def _claim(settings: Settings) -> BinaryIO | None:
    """Have the directory for this studio alone: two would do the same works. Raises `ConfigError`."""
    try:
        return lock(settings.out / ".lock")
    except BlockingIOError as error:
        raise ConfigError(f"another studio is open on {settings.out}: --out takes another directory") from error


def _listen(settings: Settings) -> socket.socket:
    """The socket. Raises `ConfigError`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP, or asyncio lets the system hold back the ends of answers for 40 ms (it sets TCP_NODELAY by that).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        why = error.strerror or error
        raise ConfigError(
            f"cannot listen at {settings.host} port {settings.port}: {why} (--port takes another)"
        ) from error
    listener.set_inheritable(False)
    return listener
