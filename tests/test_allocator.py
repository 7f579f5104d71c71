"""Freed memory is kept where the system can be told so, and nothing happens elsewhere."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import allaprima
from allaprima.allocator import keep_memory

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
