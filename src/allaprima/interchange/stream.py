"""A file read from front to back, that says how much is missing where it ends too early."""

import struct
from typing import BinaryIO

from allaprima.errors import ModelFileError


class Stream:
    """A binary file of known size."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        self.position = 0

    @property
    def remaining(self) -> int:
        """Bytes that are left."""
        return self.size - self.position

    def read(self, size: int) -> bytes:
        """Give the next ``size`` bytes; memory for them is used only if the file has them."""
        if not 0 <= size <= self.remaining:
            place = f"{size:,} bytes are promised at {self.position:,}, {self.remaining:,} are there"
            raise ModelFileError(f"is cut short or damaged: {place}")
        data = self.file.read(size)
        if len(data) != size:
            raise ModelFileError(f"cannot be read beyond byte {self.position + len(data):,}")
        self.position += size
        return data

    def read_into(self, buffer: bytearray) -> None:
        """Fill ``buffer`` with what comes next."""
        with memoryview(buffer) as whole:
            at = 0
            while at < len(buffer):
                part = self.read(min(len(buffer) - at, 2**20))
                whole[at : at + len(part)] = part
                at += len(part)

    def line(self, length: int) -> bytes:
        """Give the next line, without its end; it may have ``length`` bytes."""
        data = self.file.readline(length + 1)
        self.position += len(data)
        if not data.endswith(b"\n"):
            raise ModelFileError(f"is cut short or damaged: a line that ends at byte {self.position:,} has no end")
        return data[:-1]

    def unsigned(self, size: int) -> int:
        """Give the next whole number of ``size`` bytes, the lowest first."""
        return int.from_bytes(self.read(size), "little")

    def signed(self, size: int) -> int:
        """Idem, possibly negative."""
        return int.from_bytes(self.read(size), "little", signed=True)

    def double(self) -> float:
        """Give the next floating-point number of 8 bytes, the highest first."""
        (number,) = struct.unpack(">d", self.read(8))
        return float(number)

    def tail(self, size: int) -> bytes:
        """Give the last bytes of the file, ``size`` at the most; reads nothing."""
        here = self.file.tell()
        self.file.seek(max(self.size - size, 0))
        data = self.file.read(size)
        self.file.seek(here)
        return data

    def begins_with(self, start: bytes) -> bool:
        """Whether these bytes come next; reads nothing."""
        here = self.file.tell()
        data = self.file.read(len(start))
        self.file.seek(here)
        return data == start
