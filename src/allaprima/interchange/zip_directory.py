"""Opening a zip file whose list of contents is not itself a trap.

The layout is that of PKWARE's APPNOTE 6.3, sections 4.3.14 to 4.3.16.
"""

import struct
import zipfile

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import Limits
from allaprima.interchange.stream import Stream

END = struct.Struct("<4s4H2LH")  # end of central directory
LOCATOR = struct.Struct("<4sLQL")  # where the end in 64 bits is
END64 = struct.Struct("<4sQ2H2L4Q")
LONGEST_COMMENT = 2**16


def open_zip(stream: Stream, limits: Limits) -> zipfile.ZipFile:
    """Open a zip file that fills the rest of a stream, if its list of contents has a decent size."""
    data_end = stream.tail(END.size + LONGEST_COMMENT + LOCATOR.size + END64.size)
    if directory_bytes(data_end) > limits.directory_bytes:
        raise ModelFileError("has a list of contents that no model needs")
    return zipfile.ZipFile(stream.file)


def directory_bytes(tail: bytes) -> int:
    """Give the size of the list of contents, by what either of its ends says."""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + END.size > len(tail):
        raise ModelFileError("is cut short: it begins as a zip file, but has no list of contents")
    size = int(END.unpack_from(tail, at)[5])
    at_locator, at64 = at - LOCATOR.size, at - LOCATOR.size - END64.size
    if at_locator < 0 or tail[at_locator : at_locator + 4] != b"PK\x06\x07":
        return size
    if at64 < 0 or tail[at64 : at64 + 4] != b"PK\x06\x06":
        raise ModelFileError("is a zip file whose list of contents cannot be found")
    size64 = int(END64.unpack_from(tail, at64)[8])
    return size64 if size == 2**32 - 1 else max(size, size64)
