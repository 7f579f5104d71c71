"""Whom the passes serve; which file is loaded, and where none is; threads do not show."""

import ctypes
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_uint, c_void_p
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from zlib import crc32

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from allaprima.ops import fast
from allaprima.ops.fast import library
from tests.conftest import assert_near

compiled = pytest.mark.skipif(not fast.available(), reason="NOT SHOWN: passes.c was not compiled here")

SOURCE = Path(__file__).parents[3] / "src"
C = 32  # a multiple of every register's floats
FILES = {  # PyTorch's name of what it is for, the processor's, and the floats of a register
    "avx512": ("AVX512", "avx512f", 16),
    "avx2": ("AVX2", "avx2", 8),
    "baseline": ("DEFAULT", "", 4),
}


def last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def maps() -> Tensor:
    return last(torch.randn(2, C, 3, 4))


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file is looked for again in this test, and once more after it."""
    monkeypatch.delenv(library.SWITCH, raising=False)
    clear = library._library.cache_clear  # type: ignore[attr-defined]
    clear()
    yield
    clear()


# ---- whom they serve


class OfAnother(Tensor):
    pass


def pretended(x: Tensor) -> Tensor:
    return FakeTensorMode().from_tensor(x)


REFUSED: dict[str, Callable[[], tuple[Tensor, ...]]] = {
    "channels first": lambda: (torch.randn(2, C, 3, 4),),
    "rows of several images": lambda: (last(torch.randn(4, C, 3, 4))[::2],),
    "some columns": lambda: (last(torch.randn(2, C, 3, 8))[..., :4],),
    "some channels": lambda: (last(torch.randn(2, 2 * C, 3, 4))[:, :C],),
    "one map for all channels": lambda: (torch.randn(2, 1, 3, 4).expand(2, C, 3, 4),),
    "float64": lambda: (maps().double(),),
    "bfloat16": lambda: (maps().bfloat16(),),
    "one channel more": lambda: (last(torch.randn(2, C + 1, 3, 4)),),
    "two channels": lambda: (last(torch.randn(2, 2, 3, 4)),),
    "no images": lambda: (last(torch.zeros(0, C, 3, 4)),),
    "no rows": lambda: (last(torch.zeros(2, C, 0, 4)),),
    "no channels": lambda: (last(torch.zeros(2, 0, 3, 4)),),
    "no feature maps": lambda: (torch.zeros(2, C),),
    "one axis": lambda: (torch.zeros(C),),
    "volumes": lambda: (torch.zeros(2, C, 3, 4, 1),),
    "a tensor of another kind": lambda: (maps().as_subclass(OfAnother),),
    "without numbers": lambda: (last(torch.zeros(2, C, 3, 4, device="meta")),),
    "pretended": lambda: (pretended(maps()),),
    "a scale in float64": lambda: (maps(), torch.ones(2, C).double()),
    "a bias in bfloat16": lambda: (maps(), torch.ones(2, C), torch.ones(C).bfloat16()),
    "a scale of another kind": lambda: (maps(), torch.ones(2, C).as_subclass(OfAnother)),
    "a scale without numbers": lambda: (maps(), torch.ones(2, C, device="meta")),
    "a pretended scale": lambda: (maps(), pretended(torch.ones(2, C))),
    "negated when it is read": lambda: (torch._neg_view(maps()),),
    "a scale that is negated when it is read": lambda: (maps(), torch._neg_view(torch.ones(2, C))),
    "a sparse scale": lambda: (maps(), torch.ones(2, C).to_sparse()),
}


@pytest.mark.parametrize("tensors", REFUSED.values(), ids=REFUSED)
def test_who_is_not_served(tensors: Callable[[], tuple[Tensor, ...]]) -> None:
    assert not fast.serves(*tensors())


@compiled
def test_who_is_served() -> None:
    x, scale = maps(), torch.ones(2, C)
    assert fast.serves(x)
    assert fast.serves(nn.Parameter(x))
    assert fast.serves(torch.randn(2, C, 1, 1))  # for which both orders are the same
    assert fast.serves(x, None, scale.T, nn.Parameter(scale))
    with torch.inference_mode():
        assert fast.serves(maps(), scale)


@compiled
def test_whole_registers_are_served() -> None:
    lanes = next(c for c in range(1, 100) if fast.divides(c))
    assert lanes in (4, 8, 16)
    assert fast.divides()
    assert fast.divides(3 * lanes, lanes)
    assert not fast.divides(3 * lanes, lanes + lanes // 2)
    assert fast.serves(last(torch.randn(1, 3 * lanes, 2, 2)))
    assert not fast.serves(last(torch.randn(1, lanes + lanes // 2, 2, 2)))


def inside_of(transform: Callable[[Callable[[Tensor], Tensor], Tensor], Any]) -> list[bool]:
    """Whether a tensor that is transformed is served, and one that is not."""
    seen, other = [], maps()

    def look(x: Tensor) -> Tensor:
        seen.extend([fast.serves(x), fast.serves(other)])
        return x.square().sum()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch discourages traces
        transform(look, maps())
    assert seen
    return seen


TRANSFORMS: dict[str, Callable[[Callable[[Tensor], Tensor], Tensor], Any]] = {
    "vmap": lambda look, x: torch.func.vmap(look)(x.unsqueeze(1)),
    "grad": lambda look, x: torch.func.grad(look)(x),
    "jvp": lambda look, x: torch.func.jvp(look, (x,), (x,)),
    "vjp": lambda look, x: torch.func.vjp(look, x),
    "functionalize": lambda look, x: torch.func.functionalize(look)(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_nobody_is_served_inside_of_a_transform(transform: Any) -> None:
    assert not any(inside_of(transform))


def test_nobody_is_served_while_a_trace_is_recorded() -> None:
    assert not any(inside_of(lambda look, x: torch.jit.trace(look, (x,), check_trace=False)))


def test_nobody_is_served_while_a_program_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert not fast.serves(maps())


def test_nobody_is_served_while_operations_are_recorded() -> None:
    assert not any(inside_of(lambda look, x: make_fx(look)(x)))
    x = maps()
    with TorchDispatchMode():
        assert not fast.serves(x)


def test_nobody_is_served_where_there_may_be_tangents() -> None:
    with forward_ad.dual_level():
        assert not fast.serves(maps())


@compiled
def test_the_same_look_is_served_outside_of_all_these() -> None:
    assert all(inside_of(lambda look, x: look(x)))


# ---- which file


class Loaded(ctypes.CDLL):
    """Of a file that need not be there."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.checksum_of_source = Mock(return_value=crc32(library.SOURCE.read_bytes()))


class LoadedOther(ctypes.CDLL):
    """What this process has loaded: none of our functions is there."""

    def __init__(self, path: str) -> None:
        super().__init__(None)


@pytest.mark.parametrize(
    ("capability", "name"),
    [("AVX512", "avx512"), ("AVX2", "avx2"), ("DEFAULT", "baseline"), ("SVE256", "baseline"), ("NO AVX", "baseline")],
)
@pytest.mark.usefixtures("anew")
def test_the_file_is_that_of_what_pytorch_uses(monkeypatch: pytest.MonkeyPatch, capability: str, name: str) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(ctypes, "CDLL", Loaded)
    found = library._library()
    assert isinstance(found, Loaded)
    assert found.path == Path(library.__file__).with_name(f"passes-{name}.so")
    assert library.instructions() == name


def nobody_is_served() -> bool:
    return not (fast.available() or fast.serves(maps()) or fast.divides(C) or library.instructions())


@pytest.mark.parametrize("content", [None, b"", b"no program"])
@pytest.mark.usefixtures("anew")
def test_without_a_file_that_can_be_loaded_nobody_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    monkeypatch.setattr(library, "SOURCE", Path(shutil.copy(library.SOURCE, tmp_path)))
    if content is not None:
        for name in FILES:
            (tmp_path / f"passes-{name}.so").write_bytes(content)
    assert nobody_is_served()


@pytest.mark.usefixtures("anew")
def test_a_file_without_our_functions_serves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", LoadedOther)
    assert nobody_is_served()


@compiled
@pytest.mark.usefixtures("anew")
def test_a_file_of_another_source_serves_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / library.SOURCE.name
    for file in library.SOURCE.parent.glob("passes*"):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(library, "SOURCE", source)
    assert fast.available()
    library._library.cache_clear()  # type: ignore[attr-defined]
    source.write_text(source.read_text() + "\n")
    assert nobody_is_served()
    library._library.cache_clear()  # type: ignore[attr-defined]
    source.unlink()
    assert nobody_is_served()


@pytest.mark.usefixtures("anew")
def test_a_variable_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", Loaded)
    for value, expected in (("0", False), ("1", True), ("", True)):
        library._library.cache_clear()  # type: ignore[attr-defined]
        monkeypatch.setenv(library.SWITCH, value)
        assert fast.available() == expected
    monkeypatch.setenv(library.SWITCH, "0")
    assert fast.available()  # it is read once


CODE = """
import torch
from allaprima.ops import fast, upfirdn2d
x = torch.ones(1, 32, 4, 4).contiguous(memory_format=torch.channels_last)
print(fast.available(), fast.serves(x), fast.divides(32), upfirdn2d(x, torch.ones(2, 2)).sum().item())
"""


def test_a_process_can_be_started_without_it() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), library.SWITCH: "0"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.split() == ["False", "False", "False", "1152.0"], done.stderr


# ---- the same results, whoever computes them


def everything() -> list[Tensor]:
    """What each pass makes of the same numbers."""
    torch.manual_seed(1)
    x, part, y = last(torch.randn(2, C, 7, 9)), fast.Part(2, 3, 1, 10), last(torch.zeros(2, C, 7, 9))
    tiles, grads, large = *torch.zeros(2, 36, part.tiles, C), last(torch.zeros(2, C, 15, 19))
    fast.into_tiles(x, torch.randn(2, C), part, 1, tiles)
    fast.out_of_tiles(torch.randn(36, part.tiles, C), part, y)
    fast.gradients_into_tiles(x, part, grads)
    part = fast.Part(3, 4, 2, 21)
    sizes = [(kernels, part.tiles, pixels, C) for kernels, pixels in fast.GROUPS]
    out = list(map(torch.zeros, sizes))
    fast.enlarge_into_tiles(x, torch.randn(2, C), part, out)
    fast.enlarge_out_of_tiles(list(map(torch.randn, sizes)), part, large)
    kernels, products = torch.randn(5, 19, 96).unflatten(2, (-1, library.panel())), torch.zeros(5, 37, 96)
    fast.multiply(torch.randn(5, 37, 19), kernels.transpose(1, 2).contiguous(), products)
    mapped = fast.map_rows(torch.randn(3, 700), torch.randn(301, 700), torch.randn(301), gain=0.5, bias_gain=2.0)
    painted = last(torch.zeros(2, C, 7, 9))
    fast.overlay_painted(torch.randn(9, 24, C), painted)
    filtered = fast.filter_channels_last(x, torch.randn(3, 2), (1, 2, -1, 2))
    line = {"slope": 0.2, "gain": 1.4, "clamp": 2.0}
    fast.bend_(x, torch.randn(2, C), torch.randn(2, 1, 7, 9), torch.randn(C), **line)
    return [tiles, y, grads, *out, large, products, mapped, painted, filtered, x]


@contextmanager
def threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


Parallel = CFUNCTYPE(None, CFUNCTYPE(None, c_void_p), c_void_p, c_uint, c_uint)


@compiled
def test_threads_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    with threads(1):
        expected = everything()
    assert all(tensor.isfinite().all() and tensor.count_nonzero() for tensor in expected)
    for number in (2, 3):
        with threads(number):
            assert all(map(torch.equal, everything(), expected))
    monkeypatch.setattr(library, "_fork_join", lambda: None)
    with threads(2):
        assert all(map(torch.equal, everything(), expected))


@compiled
def test_the_work_is_shared_once_among_as_many_threads_as_pytorch_has(monkeypatch: pytest.MonkeyPatch) -> None:
    crews: list[int] = []

    def parallel(take: Callable[[int], None], work: int, number: int, flags: int) -> None:
        assert flags == 0
        crews.append(number)
        for _ in range(number):
            take(work)  # the first does all of it, the others find nothing left

    function = Parallel(parallel)
    with threads(1):
        expected = everything()
    monkeypatch.setattr(library, "_fork_join", lambda: ctypes.cast(function, c_void_p).value)
    with threads(1):
        everything()
    assert not crews
    with threads(3):
        assert all(map(torch.equal, everything(), expected))
        assert crews == [3] * 10
        fast.filter_channels_last(last(torch.randn(1, C, 2, 5)), torch.ones(1, 1), (0, 0, 0, 0))
        fast.filter_channels_last(last(torch.randn(1, C, 1, 5)), torch.ones(1, 1), (0, 0, 0, 0))
    assert crews == [3] * 10 + [2]  # no more than there are rows, and none for one


@compiled
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100])
def test_every_piece_of_the_work_is_done_once(rows: int, number: int) -> None:
    x = last(torch.ones(3, C, rows, 1))
    with threads(number):
        fast.bend_(x[1:2], None, None, None, slope=1.0, gain=2.0, clamp=None)
    assert x[1].eq(2).all()
    assert x[::2].eq(1).all()


@compiled
@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("anew")
def test_each_file_computes_the_same(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    capability, needed, lanes = FILES[name]
    expected = everything()
    library._library.cache_clear()  # type: ignore[attr-defined]
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    if needed not in Path("/proc/cpuinfo").read_text() or not fast.available():
        pytest.skip(f"NOT SHOWN: this processor cannot run passes-{name}.so, or it was not compiled here")
    assert fast.divides(lanes)
    assert not fast.divides(lanes // 2)
    for found, wanted in zip(everything(), expected, strict=True):
        assert_near(found, wanted, 1e-6)


# ---- PyTorch's threads


def found_in(monkeypatch: pytest.MonkeyPatch, maps: str | OSError) -> int | None:
    """The function, where these lines tell which files are loaded."""

    def read(path: Path, *_: Any, **__: Any) -> str:
        if isinstance(maps, OSError):
            raise maps
        return maps

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", read)
        return library._fork_join.__wrapped__()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.skipif(
    sys.platform != "linux" or not torch.backends.openmp.is_available(), reason="NOT SHOWN: PyTorch has no OpenMP here"
)
def test_pytorchs_own_threads_are_found() -> None:
    assert library._fork_join() is not None


LINE = "7f00-7f01 r-xp 00000000 08:01 12  "


@pytest.mark.parametrize(
    "maps",
    [
        FileNotFoundError("no /proc here"),
        "",
        f"{LINE}/usr/lib/libc.so.6\n7ffe-7fff rw-p 00000000 00:00 0  [stack]\n7f02-7f03 rw-p 00000000 00:00 0 \n",
    ],
    ids=["no system of files of processes", "nothing loaded", "nothing of OpenMP"],
)
def test_where_there_is_no_openmp_one_thread_does_it_all(monkeypatch: pytest.MonkeyPatch, maps: str | OSError) -> None:
    assert found_in(monkeypatch, maps) is None


def test_an_openmp_that_was_replaced_while_it_ran_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_in(monkeypatch, f"{LINE}/gone/libgomp.so.1 (deleted)\n") is None


@pytest.mark.skipif(sys.platform != "linux", reason="NOT SHOWN: elsewhere no file tells what is loaded")
def test_a_file_with_the_name_of_openmp_and_without_its_function_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded = Path("/proc/self/maps").read_text()
    other = next(line.split()[-1] for line in loaded.splitlines() if "/libc.so" in line or "/libm.so" in line)
    (tmp_path / "libgomp-none.so").symlink_to(other)
    assert found_in(monkeypatch, f"{LINE}{tmp_path}/libgomp-none.so\n") is None
    assert found_in(monkeypatch, f"{LINE}{tmp_path}/libgomp-none.so\n{loaded}") == library._fork_join()
