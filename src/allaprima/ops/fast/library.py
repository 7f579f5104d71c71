"""Finding `passes.c`, compiled for this processor, and calling it with PyTorch's own threads."""

import ctypes
import os
from contextlib import suppress
from ctypes import Structure, byref, c_long, c_void_p
from functools import cache
from pathlib import Path
from zlib import crc32

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

SWITCH = "ALLAPRIMA_FAST"
SOURCE = Path(__file__).with_name("passes.c")
INSTRUCTIONS = {"AVX512": "avx512", "AVX2": "avx2"}  # PyTorch's names for what it uses itself, and ours
OPENMP = ("libgomp", "libiomp", "libomp")  # runtimes that PyTorch may have loaded


class Crew(Structure):
    """Threads; see `passes.c`, as for all structures here."""

    _fields_ = (("parallel", c_void_p), ("threads", c_long))


def available() -> bool:
    """Whether the compiled file is here, runs on this processor and is not turned off."""
    return _library() is not None


def serves(*tensors: Tensor | None) -> bool:
    """Whether the passes can and should compute with these: the first are feature maps [n, c, h, w].

    Float32 in this machine's memory, channels last and a multiple of a register's floats; and nobody records what
    PyTorch does, or transforms it, as an exported program would miss what is done here.
    """
    x = tensors[0]
    assert x is not None
    if not takes(*tensors) or x.ndim != 4 or x.numel() == 0 or not divides(x.shape[1]):
        return False
    return x.is_contiguous(memory_format=torch.channels_last)


def takes(*tensors: Tensor | None) -> bool:
    """Whether the passes are available, nobody is watching and these are plain tensors, of whatever shapes."""
    if _library() is None or _is_watched():
        return False
    return all(tensor is None or _is_plain(tensor) for tensor in tensors)


def instructions() -> str | None:
    """The set of instructions that the passes use here; None where they are not available."""
    return None if _library() is None else _name()


def divides(*channels: int) -> bool:
    """Whether these numbers of channels are multiples of a register's floats."""
    library = _library()
    return library is not None and all(c % library.lanes_of_a_register() == 0 for c in channels)


def panel() -> int:
    """How many output channels' kernels lie together in products."""
    library = _library()
    assert library is not None
    floats: int = library.floats_of_a_panel()
    return floats


def new_maps(x: Tensor, channels: int, height: int, width: int) -> Tensor:
    """Feature maps for as many images as ``x`` has, with channels last, of any numbers."""
    size = (len(x), channels, height, width)
    return torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)


def call(name: str, arguments: Structure) -> None:
    """Run a function of `passes.c`."""
    library = _library()
    assert library is not None
    crew = Crew(_fork_join(), torch.get_num_threads())
    getattr(library, name)(byref(crew), byref(arguments))


def address(tensor: Tensor | None) -> int | None:
    """Of the first number; the tensor must live until the call is over."""
    return None if tensor is None else tensor.data_ptr()


def _is_plain(tensor: Tensor) -> bool:
    return (
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.device.type == "cpu"
        and tensor.dtype == torch.float32
        and tensor.layout == torch.strided
        and not tensor.is_neg()
    )


def _is_watched() -> bool:
    return (
        torch.compiler.is_compiling()
        or torch.is_autocast_enabled("cpu")
        or torch._C._get_tracing_state() is not None
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack() > 0
        or forward_ad._current_level >= 0
    )


@cache
def _library() -> ctypes.CDLL | None:
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        library = ctypes.CDLL(str(SOURCE.with_name(f"passes-{_name()}.so")))
        library.checksum_of_source.restype = ctypes.c_uint32
        stale = library.checksum_of_source() != crc32(SOURCE.read_bytes())
    except (OSError, AttributeError):
        return None
    return None if stale else library  # of another source it would take other structures


def _name() -> str:
    return INSTRUCTIONS.get(torch.backends.cpu.get_cpu_capability(), "baseline")


@cache
def _fork_join() -> int | None:
    """Where the OpenMP that PyTorch has loaded begins its threads: others would contend with them for the cores."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return None
    paths = dict.fromkeys(line.split(maxsplit=5)[-1] for line in lines if line.count("/"))
    for name in OPENMP:
        for path in paths:
            if Path(path).name.startswith(name):
                with suppress(OSError, AttributeError):  # a file that was replaced meanwhile; one without the function
                    return ctypes.cast(ctypes.CDLL(path).GOMP_parallel, c_void_p).value
    return None
