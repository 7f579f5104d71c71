"""Is a ZIP archive's directory whole?

ZIP keeps a CRC-32 of each file, but none of its directory, and Python reads as much of that as makes sense: one bit
that flips in the length of a comment hides all files after it, and one in a name makes a picture something else.
"""

import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from allaprima.images.formats import is_image_name

END, MANY = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")  # of the archive, and of one of very many files
HEADER = struct.Struct("<26xH2x")  # of a file: the length of its name
UTF_8 = 0x800  # as a flag of a name
LOCATOR = 20  # bytes between the two
UNTOLD = 0xFFFF  # files, if there are more of them than two bytes can tell


def check_directory(archive: zipfile.ZipFile) -> None:
    """Compare the directory with what else the archive says of its files.

    Of what is no picture and belongs to none, or has the name of another, the name is looked up at the file itself too;
    that of a picture is to be compared when the picture is read.

    Raises:
        zipfile.BadZipFile: They differ.
        OSError: The archive cannot be read.
    """
    found, told = len(archive.infolist()), _count_told(archive)
    if told is not None and found != told:
        raise zipfile.BadZipFile(f"its directory has {found} files, and its end tells of {told}")
    for info in _strangers(archive):
        name = _own_name(archive, info)
        if name is not None and name != name_of(info):
            raise zipfile.BadZipFile(f"its directory calls a file {info.filename}, which calls itself otherwise")


def name_of(info: zipfile.ZipInfo) -> bytes:
    """The name of a file as it stands in the archive."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & UTF_8 else "cp437")


def _own_name(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """The name in a file's own header; None if there is no header, which reading the file will tell."""
    file = archive.fp
    assert file is not None
    file.seek(info.header_offset)
    header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(b"PK\3\4"):
        return None
    (length,) = HEADER.unpack(header)
    return file.read(length)


def _count_told(archive: zipfile.ZipFile) -> int | None:
    """How many files the end of the archive tells of; None if it does not."""
    file = archive.fp
    assert file is not None
    place = file.seek(-END.size - len(archive.comment), 2)
    told: int = END.unpack(file.read(END.size))[4]
    if told != UNTOLD:
        return told
    start = place - LOCATOR - MANY.size
    if start < 0:
        return None
    file.seek(start)
    signature, *_, of_all, _, _ = MANY.unpack(file.read(MANY.size))
    return of_all if signature == b"PK\6\6" else None


def _strangers(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Files that are no pictures and not named after one, and those of one name."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    times = Counter(info.filename for info in files)
    pictures = {PurePosixPath(info.filename).with_suffix("") for info in files if is_image_name(info.filename)}
    for info in files:
        is_picture = is_image_name(info.filename)
        if times[info.filename] > 1 or not (is_picture or PurePosixPath(info.filename).with_suffix("") in pictures):
            yield info
