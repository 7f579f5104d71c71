"""What this machine has, which code paths run on it, and how fast they are."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from allaprima import ops
from allaprima.checkpoint import load
from allaprima.generation import latents_of_seeds
from allaprima.models import fast_half
from allaprima.ops import plain
from allaprima.ops.kept_kernels import KeptKernels

EXTRAS = ("av", "tensorboard", "huggingface_hub", "onnx", "onnxscript", "onnxruntime", "triton")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
CPUINFO = Path("/proc/cpuinfo")
MODEL = "emoji-64"
COMPILED = ("winograd", "upfirdn2d")  # files whose work `allaprima.ops.fast` does where it can
ROUNDS = 5  # of ours and plain, in turn
SHAPE = {"cpu": (4, 256, 32, 32), "cuda": (16, 256, 128, 128)}  # of the feature maps: images, channels, height, width
SIDE = {"cpu": 1536, "cuda": 8192}  # of the matrices
BLOCK = {"cpu": 2**25, "cuda": 2**28}  # numbers that are copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is.

    Attributes:
        system: Of the machine, with its version.
        processor: Its name.
        instructions: Those of its instructions that matter for speed; empty where the system does not tell.
        passes: The instructions for which `allaprima.ops.fast` is compiled here; None: PyTorch runs in its place.
        cores: Logical ones.
        threads: That PyTorch computes with.
        memory_gb: In units of 2³⁰ bytes; None where the system does not tell.
        gpus: Their names, with their memory.
        python: Version.
        torch: Version.
        extras: Whether an optional package is there, by its name.
        training_precision: Number format that ``precision=auto`` takes.
    """

    system: str
    processor: str
    instructions: tuple[str, ...]
    passes: str | None
    cores: int
    threads: int
    memory_gb: float | None
    gpus: tuple[str, ...]
    python: str
    torch: str
    extras: dict[str, bool]
    training_precision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation beside its plain form, which `allaprima.ops.plain` spells out.

    Attributes:
        name: Of the function in `allaprima.ops`.
        runs_on: What computes it here.
        forward: How many times faster than the plain form it is, …
        training: … and so, with its derivatives.
    """

    name: str
    runs_on: str
    forward: float
    training: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast it is.

    Attributes:
        device: That was measured.
        matrix_gflops: Float32 product of matrices, two operations to a multiply-add, in 10⁹ a second.
        copy_gb: Read and written by a copy, in 10⁹ bytes a second.
        operations: Each beside its plain form.
        model: Bundled generator …
        images_per_second: … and how many images of it are painted in a second, one at a time.
    """

    device: str
    matrix_gflops: float
    copy_gb: float
    operations: tuple[Operation, ...]
    model: str
    images_per_second: float


def look(device: torch.device) -> Machine:
    """What this machine has, of which ``device`` would train."""
    facts = _cpuinfo()
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    half = fast_half(device)
    return Machine(
        system=platform.platform(),
        processor=facts.get("model name") or platform.processor() or platform.machine(),
        instructions=tuple(name for name in INSTRUCTIONS if name in flags),
        passes=ops.fast.instructions(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        memory_gb=_memory_gb(),
        gpus=tuple(_gpu(i) for i in range(torch.cuda.device_count())),
        python=platform.python_version(),
        torch=torch.__version__,
        extras={name: find_spec(name) is not None for name in EXTRAS},
        training_precision="float32" if half is None else str(half).removeprefix("torch."),
    )


def measure(device: torch.device) -> Speed:
    """How fast it is; some ten seconds on two cores."""
    side, block = (table.get(device.type, table["cpu"]) for table in (SIDE, BLOCK))
    a, b = torch.randn(2, side, side, device=device)
    source = torch.zeros(block, device=device)
    target = torch.zeros_like(source)
    return Speed(
        device=str(device),
        matrix_gflops=2 * side**3 / 1e9 / _seconds([lambda: a @ b], device)[0],
        copy_gb=2 * source.nbytes / 1e9 / _seconds([lambda: target.copy_(source)], device)[0],
        operations=tuple(_compare(name, device) for name in _calls(plain, device)),
        model=MODEL,
        images_per_second=_painting(device),
    )


def _compare(name: str, device: torch.device) -> Operation:
    (ours, inputs), (slow, _) = (_calls(module, device)[name] for module in (ops, plain))
    ahead: list[float] = []
    for backwards in (False, True):
        quick, plainly = _seconds([_work(f, inputs, backwards=backwards) for f in (ours, slow)], device)
        ahead.append(plainly / quick)
    return Operation(name=name, runs_on=_engine(ours, inputs), forward=ahead[0], training=ahead[1])


def _calls(module: Any, device: torch.device) -> dict[str, tuple[Callable[..., Tensor], list[Tensor]]]:
    """Each operation of ``module`` as networks call it, with its inputs."""
    shape = SHAPE.get(device.type, SHAPE["cpu"])
    n, i, _, _ = shape
    x, style, bias = torch.randn(shape, device=device), torch.randn(n, i, device=device), torch.randn(i, device=device)
    weight = torch.randn(i, i, 3, 3, device=device)
    f = ops.setup_filter([1, 3, 3, 1]).to(device)
    taps = torch.full((12,), 1 / 12, device=device)  # as many as StyleGAN3's layers have
    small = x[:, : max(i // 4, 1)].contiguous()
    if device.type == "cpu" and module is ops:
        x = x.contiguous(memory_format=torch.channels_last)  # the plain networks have channels first
    return {
        "conv2d": (module.conv2d, [x, weight]),
        "upsampling_conv2d": (lambda x, weight: module.upsampling_conv2d(x, weight, f), [x, weight]),
        "modulated_conv2d": (module.modulated_conv2d, [x, weight, style]),
        "upfirdn2d": (lambda x: module.upfirdn2d(x, f, padding=(2, 1, 2, 1)), [x]),
        "bias_act": (lambda x, bias: module.bias_act(x, bias, activation="lrelu", clamp=256.0), [x, bias]),
        "filtered_lrelu": (
            lambda x, bias: module.filtered_lrelu(x, taps, taps, bias, up=2, down=2, padding=11),
            [small, bias[: small.shape[1]]],
        ),
    }


def _work(function: Callable[..., Tensor], inputs: list[Tensor], *, backwards: bool) -> Callable[[], object]:
    if not backwards:

        @torch.no_grad()
        def forward() -> Tensor:
            return function(*inputs)

        return forward
    leaves = [x.detach().requires_grad_() for x in inputs]
    return lambda: torch.autograd.grad(function(*leaves).sum(), leaves)


def _engine(function: Callable[..., Tensor], inputs: list[Tensor]) -> str:
    """Triton; or PyTorch, perhaps with the compiled passes, and the package's own file that computes it."""
    from allaprima.ops import kernels

    if kernels.serve(inputs[0]):
        return "Triton"
    y = function(*[x.detach().requires_grad_() for x in inputs])
    owner = getattr(type(y.grad_fn), "_forward_cls", None)
    name = "" if owner is None else owner.__module__.rpartition(".")[2]
    engine = "PyTorch and C" if name in COMPILED and ops.fast.serves(inputs[0].detach()) else "PyTorch"
    return f"{engine} ({name})" if name else engine


@torch.inference_mode()
def _painting(device: torch.device) -> float:
    G = load(MODEL, device=device)
    z = latents_of_seeds([0], G.z_dim).to(device)
    with KeptKernels():
        return 1 / _seconds([lambda: G(z, noise_mode="const")], device)[0]


def _seconds(works: list[Callable[[], object]], device: torch.device) -> list[float]:
    """Median wall time of each of ``works``, which are done in turn, after a first time that does not count."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(1 + ROUNDS):
        for mine, work in zip(times, works, strict=True):
            _wait(device)
            begun = time.perf_counter()
            work()
            _wait(device)
            if turn:
                mine.append(time.perf_counter() - begun)
    return [median(mine) for mine in times]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _cpuinfo() -> dict[str, str]:
    """Linux's table of the processor; empty elsewhere."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return {}
    return {line.split(":")[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line}


def _memory_gb() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):  # Windows; a system without these names
        return None


def _gpu(index: int) -> str:
    facts = torch.cuda.get_device_properties(index)
    return f"{facts.name} ({facts.total_memory / 2**30:.0f} GB)"
