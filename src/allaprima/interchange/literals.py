"""The opcodes that push a value written in the file: numbers, texts, bytes, and empty containers.

Opcodes and their meaning are those of PEP 307, 3154 and 574 (protocols 2, 4 and 5), and of ``pickletools`` for 0 and 1.
Texts of Python 2, which may hold anything, are read as Latin-1: nothing is lost, and arrays are had back from them.
"""

import re
from collections.abc import Callable
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import Limits
from allaprima.interchange.stream import Stream

DIGITS = 100  # of a number written in decimals
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\n": b""}

Literal = Callable[[Stream, Limits], Any]


def _text(stream: Stream, limits: Limits, size: int) -> str:
    if size > limits.text_bytes:
        raise ModelFileError(f"holds a text of {size:,} bytes, more than the {limits.text_bytes:,} that are read")
    return stream.read(size).decode("utf-8", "surrogatepass")


def _integer(stream: Stream, limits: Limits, size: int) -> int:
    if size > limits.integer_bytes:
        raise ModelFileError(f"holds a number of {size:,} bytes, more than the {limits.integer_bytes} that are read")
    return stream.signed(size)


def _decimal(stream: Stream, _: Limits) -> int:
    return int(stream.line(DIGITS).rstrip(b"L"))


def _decimal_or_flag(stream: Stream, _: Limits) -> int | bool:
    line = stream.line(DIGITS)
    return line == b"01" if line in (b"00", b"01") else int(line)


def _quoted(stream: Stream, limits: Limits) -> str:
    line = stream.line(limits.text_bytes)
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise ModelFileError(f"is damaged: a text that ends at byte {stream.position:,} has no quotes")
    return ESCAPE.sub(_unescaped, line[1:-1]).decode("latin1")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1] == b"x" and len(code) == 3:
        return bytes([int(code[1:], 16)])
    if code.isdigit() and code[:1] < b"8":
        return bytes([int(code, 8) & 255])
    if code in (b"\\", b"'", b'"'):
        return code
    return ESCAPED.get(code, match[0])


LITERALS: dict[bytes, Literal] = {
    b"N": lambda s, n: None,
    b"\x88": lambda s, n: True,
    b"\x89": lambda s, n: False,
    b"I": _decimal_or_flag,
    b"L": _decimal,
    b"J": lambda s, n: s.signed(4),
    b"K": lambda s, n: s.unsigned(1),
    b"M": lambda s, n: s.unsigned(2),
    b"\x8a": lambda s, n: _integer(s, n, s.unsigned(1)),
    b"\x8b": lambda s, n: _integer(s, n, s.signed(4)),
    b"F": lambda s, n: float(s.line(DIGITS)),
    b"G": lambda s, n: s.double(),
    b"S": _quoted,
    b"T": lambda s, n: s.read(s.signed(4)).decode("latin1"),
    b"U": lambda s, n: s.read(s.unsigned(1)).decode("latin1"),
    b"V": lambda s, n: s.line(n.text_bytes).decode("raw-unicode-escape"),
    b"X": lambda s, n: _text(s, n, s.unsigned(4)),
    b"\x8c": lambda s, n: _text(s, n, s.unsigned(1)),
    b"\x8d": lambda s, n: _text(s, n, s.unsigned(8)),
    b"B": lambda s, n: s.read(s.unsigned(4)),
    b"C": lambda s, n: s.read(s.unsigned(1)),
    b"\x8e": lambda s, n: s.read(s.unsigned(8)),
    b"\x96": lambda s, n: bytearray(s.read(s.unsigned(8))),
    b"]": lambda s, n: [],
    b"}": lambda s, n: {},
    b")": lambda s, n: (),
    b"\x8f": lambda s, n: set(),
}
