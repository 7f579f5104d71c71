"""Opening an address of the web: https only, redirects included, with what goes wrong told in words.

The standard library does it: the versions of the HTTP libraries that others bring along change too often.
"""

import errno
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allaprima.version import __version__

AGENT = f"allaprima/{__version__}"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PAGES = {"text/html", "application/xhtml+xml", "application/json", "application/xml", "text/xml"}
TEMPORARY = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}  # answers that may differ in a minute
UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
RANGE_NOT_SATISFIABLE = 416


class RefusedError(Exception):
    """It cannot be had this way, and another attempt is of no use."""


class BrokenOffError(Exception):
    """It did not arrive this time; another attempt may go on."""


class NoSuchRangeError(BrokenOffError):
    """What we have is not the beginning of what the server has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How a server tells one version of a file from another.

    Attributes:
        etag: Its own mark.
        modified: When it was changed.
        total: Its number of bytes.
    """

    etag: str | None = None
    modified: str | None = None
    total: int | None = None

    @property
    def validator(self) -> str | None:
        """What to send as ``If-Range`` (RFC 9110, 13.1.5): a weak ETag is not allowed there."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.modified

    def contradicts(self, other: "Marks") -> bool:
        """Whether they cannot be those of one file."""
        pairs = [(self.etag, other.etag), (self.modified, other.modified), (self.total, other.total)]
        return any(a is not None and b is not None and a != b for a, b in pairs)


def is_web_address(url: str) -> bool:
    """Whether it is https; http is allowed to this machine alone, for tests."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


class SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to another kind of address, nor from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request to make instead."""
        if not is_web_address(newurl) or (req.type == "https" and not newurl.lower().startswith("https:")):
            fp.close()
            raise RefusedError(f"the server sends us on to {newurl[:200]!r}, which is no https address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(url: str, *, offset: int, marks: Marks, timeout: float) -> http.client.HTTPResponse:
    """Ask for a file from byte ``offset`` on, provided that it is still the one of ``marks``.

    Raises:
        NoSuchRangeError: It ends before ``offset``.
        BrokenOffError: Not now.
        RefusedError: Not at all.
    """
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if offset and marks.validator:
        headers |= {"Range": f"bytes={offset}-", "If-Range": marks.validator}
    opener = urllib.request.OpenerDirector()  # not build_opener, which also opens files, FTP and data addresses
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        SafeRedirects,
    ):
        opener.add_handler(handler())
    try:
        response = opener.open(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(error.code) from None
    except urllib.error.URLError as error:
        raise _no_connection(error.reason) from error
    except (ValueError, http.client.InvalidURL) as error:  # an address that it sends us on to
        raise RefusedError(f"there is an address that makes no sense ({in_words(error)})") from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOffError(f"the connection failed ({in_words(error)})") from error
    if not isinstance(response, http.client.HTTPResponse):
        raise RefusedError("there is no way to open such an address")
    return response


def marks_of(response: http.client.HTTPResponse) -> Marks:
    """The marks of the file that is being sent, its whole length included if the server says it."""
    given = response.headers
    start_and_total = content_range(response)
    length = _count(given.get("Content-Length")) if start_and_total is None else start_and_total[1]
    return Marks(etag=given.get("ETag"), modified=given.get("Last-Modified"), total=length)


def content_range(response: http.client.HTTPResponse) -> tuple[int, int | None] | None:
    """First byte of a partial answer and length of the whole; None if the answer is not partial.

    Raises:
        RefusedError: The answer contradicts itself.
    """
    if response.status != http.client.PARTIAL_CONTENT:
        return None
    text = response.headers.get("Content-Range", "")
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    start = _count(span.partition("-")[0])
    if unit.lower() != "bytes" or start is None:
        raise RefusedError(f"the server sends a part of the file but says {text[:100]!r} of where it belongs")
    return start, _count(total)


def require_file(response: http.client.HTTPResponse) -> None:
    """Refuse what is a page for people, an error in disguise, or packed."""
    if response.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
        raise RefusedError(f"the server answers {response.status} instead of sending the file")
    kind = response.headers.get_content_type()
    if response.headers.get("Content-Type") and kind in PAGES:
        raise RefusedError(f"the server sends a page ({kind}) instead of the file")
    packing = response.headers.get("Content-Encoding", "identity")
    if packing.lower() != "identity":
        raise RefusedError(f"the server sends the file packed ({packing[:40]!r}), which nobody asked for")


def looks_like_a_page(beginning: bytes) -> bool:
    """Whether bytes begin like HTML or XML, whatever the server called them."""
    return beginning.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<error>"))


def in_words(error: BaseException) -> str:
    """What an error says, in one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200]


def _refusal(status: int) -> Exception:
    if status == RANGE_NOT_SATISFIABLE:
        return NoSuchRangeError("the file on the server is shorter than what we have of it")
    if status in TEMPORARY:
        return BrokenOffError(f"the server is in trouble ({status})")
    if status in (http.client.NOT_FOUND, http.client.GONE):
        return RefusedError(f"there is no such file any more ({status})")
    if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        return RefusedError(f"the server does not let us have it ({status})")
    return RefusedError(f"the server answers {status}")


def _no_connection(reason: object) -> Exception:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RefusedError(f"the server cannot prove who it is ({in_words(reason)})")
    if isinstance(reason, socket.gaierror) or (isinstance(reason, OSError) and reason.errno in UNREACHABLE):
        return RefusedError("there is no network here, or no server of that name")
    if isinstance(reason, BaseException):
        return BrokenOffError(f"the connection failed ({in_words(reason)})")
    return RefusedError(" ".join(str(reason).split())[:200])


def _count(text: str | None) -> int | None:
    """A number of bytes; None if it is not given, or nonsense."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 20 else None
