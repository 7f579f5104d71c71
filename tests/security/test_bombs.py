"""Small files that ask for much: refused before the memory or the time is spent."""

import io
import pickle
import struct
import time
import zipfile
from collections.abc import Iterator

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.interchange import Limits
from tests.security.conftest import Refused


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    begun = time.perf_counter()
    yield
    assert time.perf_counter() - begun < 5


def tensor(size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0, numbers: int = 4) -> bytes:
    """A zip file whose tensor says of itself what it likes."""
    file = io.BytesIO()
    torch.save(torch.zeros(numbers), file)
    sound = zipfile.ZipFile(file)
    program = sound.read("archive/data.pkl")
    whole = b"K\x00K" + bytes([numbers]) + b"\x85"
    start = program.index(whole)
    stop = program.index(b"\x89", start)  # requires no gradient
    new = _literal(offset) + _literal(size) + _literal(stride)
    return zipped({**_members(sound), "archive/data.pkl": program[:start] + new + program[stop:]})


def _literal(value: object) -> bytes:
    return pickle.dumps(value, 2)[2:-1].replace(b"q\x00", b"")


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_a_billion_laughs(refused: Refused) -> None:
    laughs = b"\x80\x04)\x94" + b"".join(b"(" + b"h%c" % i * 10 + b"t\x94" for i in range(60)) + b"."
    assert "is it a bomb?" in refused(laughs) or "holds more than 2,000,000 values" in refused(laughs)
    lists = b"\x80\x04]\x94" + b"".join(b"](" + b"h%c" % i * 10 + b"e\x94" for i in range(60)) + b"."
    assert "holds more than 2,000,000 values" in refused(lists)


@pytest.mark.parametrize("opening", [b"\x85", b"]"])
def test_deep_nesting(refused: Refused, opening: bytes) -> None:
    depth = 200_000
    content = b")" + b"\x85" * depth + b"." if opening == b"\x85" else b"]" * depth + b"a" * (depth - 1) + b"."
    assert "nested more than 200 deep" in refused(content)
    record = b"cargparse\nNamespace\np0\n)R" + b"g0\n)\x81" * 1000
    assert "nested more than 200" in refused(b"\x80\x02" + record + b"b" * 1000 + b".")


def test_something_that_contains_itself(refused: Refused) -> None:
    assert "contains itself" in refused(b"]q\x00h\x00a.")
    assert "contains itself" in refused(b"}q\x00U\x01xh\x00s.")
    assert "contains itself" in refused(b"cargparse\nNamespace\n)Rq\x00h\x00b.")
    assert "contains itself" in refused(b"]q\x00(h\x00\x85q\x01tah\x01.")


def test_too_many_instructions(refused: Refused) -> None:
    assert "more than 1,000,000 operations" in refused(b"(" + b"N0" * 600_000 + b"t.")


def test_a_memo_without_end(refused: Refused) -> None:
    limits = Limits(operations=100_000)
    assert "operations" in refused(b"\x80\x04N" + b"\x94" * 110_000 + b".", limits=limits)
    assert "operations" in refused(b"\x80\x04" + b"\x8f" * 110_000 + b".", limits=limits)
    assert "operations" in refused(b"N" + b"p99999999999999\n" * 110_000 + b".", limits=limits)


def test_copies_of_one_thing_are_paid_for(refused: Refused) -> None:
    big = b"(" + b"N" * 20_000 + b"lp0\n0(" + b"cbuiltins\ntuple\n(g0\ntR" * 1000 + b"t."
    assert "operations" in refused(big)
    text = b"X" + (2**20).to_bytes(4, "little") + b"a" * 2**20 + b"p0\n0("
    assert "is it a bomb?" in refused(text + b"c_codecs\nencode\n(g0\ntR" * 200 + b"t.")


def test_one_storage_many_times(refused: Refused) -> None:
    file = io.BytesIO()
    torch.save(torch.zeros(2**18).untyped_storage(), file, _use_new_zipfile_serialization=False)
    blob = file.getvalue()
    program = b"\x80\x03B" + len(blob).to_bytes(4, "little") + blob + b"q\x000("
    assert "is it a bomb?" in refused(program + b"ctorch.storage\n_load_from_bytes\nh\x00\x85R" * 200 + b"t.")


def test_lengths_that_the_file_does_not_have(refused: Refused) -> None:
    for content in (
        b"B\xff\xff\xff\xffabc",
        b"\x8e" + b"\xff" * 8 + b"abc",
        b"\x96" + b"\xff" * 7 + b"\x7fabc",
        b"\x8d" + b"\xff" * 8 + b"abc",
        b"T\xff\xff\xff\xffabc",
        b"X\xff\xff\xff\x7fabc",
    ):
        message = refused(content)
        assert "cut short or damaged" in message or "holds a text of" in message


def test_numbers_without_end(refused: Refused) -> None:
    assert "a number of 255 bytes" in refused(b"\x8a\xff" + b"\x01" * 255 + b".")
    assert "a number of 1,000,000 bytes" in refused(b"\x8b" + (10**6).to_bytes(4, "little") + b"\x01" * 10**6 + b".")
    assert "has no end" in refused(b"L" + b"9" * 10**6 + b"L\n.")
    assert "has no end" in refused(b"I" + b"9" * 10**6 + b"\n.")
    assert "has no end" in refused(b"F" + b"9" * 10**6 + b"\n.")


def test_names_without_end(refused: Refused) -> None:
    assert "has no end" in refused(b"c" + b"a" * 10**6 + b"\nb\n.")
    assert "too long for one" in refused(b"X" + (10**6).to_bytes(4, "little") + b"a" * 10**6 + b"U\x01b\x93.")


def test_keys_with_the_same_hash(refused: Refused) -> None:
    keys = [b"\x8a\x0f" + ((2**61 - 1) * i).to_bytes(15, "little") for i in range(1, 20_000)]
    assert "as a key, which no model does" in refused(b"}(" + b"N".join(keys) + b"Nu.")
    assert "as a key, which no model does" in refused(b"\x80\x04\x8f(" + b"".join(keys) + b"\x90.")


@pytest.mark.parametrize(
    ("content", "kind"), [(b"})Ns.", "tuple"), (b"}]Ns.", "list"), (b"}G\x00\x00\x00\x00\x00\x00\x00\x00Ns.", "float")]
)
def test_keys_that_take_work_to_hash(refused: Refused, content: bytes, kind: str) -> None:
    assert f"uses a {kind} as a key" in refused(content)


def test_a_tensor_that_repeats_one_number(refused: Refused) -> None:
    assert "is it a bomb?" in refused(tensor((2**20, 2**10), (0, 0)))


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((5,), (1,), 0),
        ((4,), (1,), 1),
        ((2,), (4,), 0),
        ((2, 2), (3, 1), 0),
        ((1,), (1,), 4),
        ((1,), (1,), 2**40),
        ((2,), (2**40,), 0),
        ((0,), (1,), 5),
    ],
)
def test_tensors_that_reach_beyond_their_storage(
    refused: Refused, size: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> None:
    assert "reaches beyond its storage of 4 numbers" in refused(tensor(size, stride, offset))


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((-1,), (1,), 0),
        ((4,), (-1,), 3),
        ((4,), (1,), -1),
        ((2**62,), (1,), 0),
        ((True,), (1,), 0),
        ((1,) * 20, (1,) * 20, 0),
    ],
)
def test_sizes_that_make_no_sense(
    refused: Refused, size: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> None:
    assert "makes no sense" in refused(tensor(size, stride, offset))


def test_sizes_that_overflow(refused: Refused) -> None:
    assert "which no model needs" in refused(tensor((0, 2**40, 2**40), (1, 1, 1)))
    assert "2 axes and 1 strides" in refused(tensor((2, 2), (1,)))


def test_zip_bombs(refused: Refused) -> None:
    bomb = zipped({"archive/data.pkl": b"N" * 100_000_000 + b"."}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10**6
    assert "is it a bomb?" in refused(bomb)
    file = io.BytesIO()
    torch.save(torch.zeros(25_000_000), file)
    small = zipped(_members(zipfile.ZipFile(file)), zipfile.ZIP_DEFLATED)
    assert len(small) < 10**6
    assert "is it a bomb?" in refused(small)


def test_a_zip_file_that_lies_about_sizes(refused: Refused) -> None:
    file = io.BytesIO()
    torch.save(torch.zeros(1000), file)
    sound = _members(zipfile.ZipFile(file))
    assert "where 4,000 were expected" in refused(zipped({**sound, "archive/data/0": b"\0" * 3996}))
    packed = bytearray(zipped({"a/data.pkl": b"N" * 10_000 + b"."}, zipfile.ZIP_DEFLATED))
    at = packed.rindex(b"PK\x01\x02")
    struct.pack_into("<L", packed, at + 24, 100)  # the size once unpacked
    assert "evil.pkl" in refused(bytes(packed))
    assert "lacks its part archive/data/0" in refused(zipped({k: v for k, v in sound.items() if k != "archive/data/0"}))


def test_a_zip_file_with_an_endless_list_of_contents(refused: Refused) -> None:
    end = bytearray(zipped({"a/data.pkl": b"N."}))
    struct.pack_into("<L", end, end.rindex(b"PK\x05\x06") + 12, 2**31)
    assert "list of contents that no model needs" in refused(bytes(end))
    assert "has no list of contents" in refused(bytes(end[:-22]))


def test_a_legacy_storage_that_the_file_does_not_have(refused: Refused) -> None:
    file = io.BytesIO()
    torch.save(torch.zeros(1000), file, _use_new_zipfile_serialization=False)
    content = file.getvalue().replace(b"M\xe8\x03N", b"J\xff\xff\xff\x7fN")
    assert content != file.getvalue()
    assert "promises a storage of" in refused(content)


def test_limits_can_be_set(refused: Refused) -> None:
    assert "more than the 3 that are read" in refused(b"NNN.", limits=Limits(file_bytes=3))
    assert "more than 2 operations" in refused(b"NNN.", limits=Limits(operations=2))
    with pytest.raises(ConfigError, match="the limit depth is 0, but must be at least 1"):
        Limits(depth=0)
