"""A small web server for tests: it sends one file, and misbehaves as it is told, request by request."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATA = bytes(range(256)) * 4096  # 1 MiB


class Reply(BaseHTTPRequestHandler):
    """One answer. The server's ``site`` says what it is."""

    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        site.asked.append(dict(self.headers))
        behave = site.next_behaviours.pop(0) if site.next_behaviours else honest
        behave(self, site)

    def log_message(self, *arguments: object) -> None:
        pass

    def send(self, status: int, headers: dict[str, object], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def offset(self, site: "Site") -> int:
        """Where the client wants to go on, if it may."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted is None or self.headers.get("If-Range") not in (site.etag, site.modified):
            return 0
        return int(wanted[1])


@dataclass
class Site:
    """What the server has, what it is asked, and how it answers the next requests."""

    data: bytes = DATA
    etag: str | None = '"1"'
    modified: str | None = None
    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    next_behaviours: list[Callable[[Reply, "Site"], None]] = field(default_factory=list)

    def marks(self) -> dict[str, object]:
        return {"ETag": self.etag, "Last-Modified": self.modified, "Content-Type": "application/octet-stream"}


def honest(reply: Reply, site: Site, *, sent: int | None = None) -> None:
    """Answer as asked; break off after ``sent`` bytes."""
    start = reply.offset(site)
    body = site.data[start:]
    headers = site.marks() | {"Content-Length": len(body)}
    if start > 0 and start >= len(site.data):
        reply.send(416, {"Content-Range": f"bytes */{len(site.data)}"}, b"")
    elif start:
        headers["Content-Range"] = f"bytes {start}-{len(site.data) - 1}/{len(site.data)}"
        reply.send(206, headers, body[:sent])
    else:
        reply.send(200, headers, body[:sent])


def breaks_off(sent: int) -> Callable[[Reply, Site], None]:
    return lambda reply, site: honest(reply, site, sent=sent)


def ignores_ranges(reply: Reply, site: Site) -> None:
    reply.send(200, site.marks() | {"Content-Length": len(site.data)}, site.data)


def says(status: int, body: bytes = b"", **headers: object) -> Callable[[Reply, Site], None]:
    """Always the same answer; underscores in the headers' names are hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply, _site: reply.send(status, given, body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments: object) -> None:
        """Say nothing of clients that go."""


@contextmanager
def running(site: Site) -> Iterator[Site]:
    server = Server(("127.0.0.1", 0), Reply)
    server.site = site  # type: ignore[attr-defined]
    site.address = f"http://127.0.0.1:{server.server_port}/model.pkl"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
