"""Freed memory is kept where the system can be told so, and nothing happens elsewhere."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import torch

import allaprima
from allaprima import allocator
from allaprima.allocator import for_long, give_back_holes, give_back_pages, is_of_a_file, keep_memory, lasting

SOURCE = str(Path(allaprima.__file__).parents[1])
on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
RESIDENT = """
import ctypes, sys
from pathlib import Path
from allaprima.allocator import keep_memory

SIZE = 64 << 20
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
if sys.argv[1] == "keep":
    assert keep_memory()
block = libc.malloc(SIZE)
ctypes.memset(block, 1, SIZE)
libc.free(block)
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 > SIZE)
"""


@on_glibc
@pytest.mark.parametrize(("wish", "kept"), [("keep", "True"), ("leave", "False")])
def test_a_freed_block_stays_with_the_process_only_if_asked(wish: str, kept: str) -> None:
    command = [sys.executable, "-c", RESIDENT, wish]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": SOURCE})
    assert done.stdout.strip() == kept


@on_glibc
def test_glibc_can_be_told_again_and_again() -> None:
    assert keep_memory()
    assert keep_memory()


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    asked = []
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", asked.append)
    assert not keep_memory()
    assert asked == []


def test_a_linux_without_glibc_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise OSError("libc.so.6: cannot open shared object file")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert not keep_memory()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())  # a libc that has no mallopt
    assert not keep_memory()


MAPPED = """
import ctypes, sys
from pathlib import Path
from allaprima.allocator import for_long, keep_memory

libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
if sys.argv[1] == "keep":
    assert keep_memory()


def is_given_back():
    block = libc.malloc(64 << 20)
    ctypes.memset(block, 1, 64 << 20)
    libc.malloc(1000)  # above it, so that the end of the heap stays where it is
    libc.free(block)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 < 64 << 20


with for_long():
    print(is_given_back())
print(is_given_back())
"""


@on_glibc
@pytest.mark.parametrize(("wish", "later"), [("keep", "False"), ("leave", "True")])
def test_blocks_for_long_have_mappings_of_their_own(wish: str, later: str) -> None:
    command = [sys.executable, "-c", MAPPED, wish]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": SOURCE})
    assert done.stdout.split() == ["True", later]


def test_blocks_for_long_are_nothing_special_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    with for_long():
        pass


HOLES = """
import ctypes, sys
from pathlib import Path
from allaprima.allocator import give_back_holes, keep_memory

libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
if sys.argv[1] == "keep":
    assert keep_memory()
block = libc.malloc(64 << 20)
ctypes.memset(block, 1, 64 << 20)
libc.malloc(1000)
libc.free(block)
print(give_back_holes())
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 < 64 << 20)
"""


@on_glibc
@pytest.mark.parametrize(("wish", "told"), [("keep", "True"), ("leave", "False")])
def test_holes_are_given_back_where_they_were_kept(wish: str, told: str) -> None:
    command = [sys.executable, "-c", HOLES, wish]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": SOURCE})
    assert done.stdout.split() == [told, "True"]


def test_other_systems_are_not_asked_for_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "_told", True)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert not give_back_holes()


@pytest.mark.parametrize("size", [1, 4096, 3 << 20])
def test_lasting_memory_is_zeros_in_a_mapping_of_its_own(size: int) -> None:
    first, second = lasting(size), lasting(size)
    assert first[:] == second[:] == bytes(size)
    first[0] = 1
    assert second[0] == 0


PAGES = 64 * 1024


@pytest.fixture
def mapped(tmp_path: Path) -> torch.Tensor:
    """Numbers that a file holds, mapped as a model's weights are: changes do not go to the file."""
    path = tmp_path / "numbers"
    numpy.arange(PAGES, dtype=numpy.float32).tofile(path)
    return torch.from_file(str(path), shared=False, size=PAGES)


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of its pages")


@on_linux
def test_pages_of_a_file_go_and_come_again(mapped: torch.Tensor) -> None:
    assert not is_of_a_file(mapped.data_ptr(), mapped.nbytes)  # nothing of it is there yet
    total = mapped.double().sum()
    assert is_of_a_file(mapped.data_ptr(), mapped.nbytes)
    assert give_back_pages(mapped.data_ptr(), mapped.nbytes)
    assert not is_of_a_file(mapped.data_ptr(), mapped.nbytes)
    assert mapped.double().sum() == total


@on_linux
def test_changed_pages_stay(mapped: torch.Tensor) -> None:
    mapped.double().sum()
    mapped[PAGES // 2] = -5
    assert not give_back_pages(mapped.data_ptr(), mapped.nbytes)
    assert mapped[PAGES // 2] == -5


def test_memory_of_no_file_stays() -> None:
    numbers = torch.arange(PAGES, dtype=torch.float32)
    assert not give_back_pages(numbers.data_ptr(), numbers.nbytes)
    assert torch.equal(numbers, torch.arange(PAGES, dtype=torch.float32))
    assert not give_back_pages(numbers.data_ptr(), 8)  # less than a page


def test_a_system_that_does_not_tell_of_its_pages_keeps_them(
    mapped: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise OSError("no such file")

    mapped.double().sum()
    monkeypatch.setattr(Path, "open", missing)
    assert not give_back_pages(mapped.data_ptr(), mapped.nbytes)
