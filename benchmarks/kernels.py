"""Each kernel against the PyTorch operations that it replaces, on a GPU, in turn.

    python benchmarks/kernels.py [--seconds 0.5]

Prints JSON: for each case, layout and precision the median milliseconds of both, the kernel's GB/s, counting what must
be read and written and no more, and that as a fraction of a copy's. Backward passes count gradient, output and result.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

import torch
from ceiling import copy_gigabytes
from measuring import show
from torch import Tensor

from allaprima.ops import bias_act, filtered_lrelu, kernels, upfirdn2d
from allaprima.ops.kernels.filtered_lrelu import bend, multiply_slopes
from allaprima.ops.scaled_bias_act import scaled_bias_act
from allaprima.ops.upfirdn2d import Plan

GPU = torch.device("cuda")
LRELU: dict[str, Any] = {"activation": "lrelu", "gain": 1.4, "clamp": 256.0}


class Pair(NamedTuple):
    """One piece of work in both ways."""

    kernel: Callable[[], Any]
    twin: Callable[[], Any]
    nbytes: int


@contextmanager
def pytorch_alone() -> Iterator[None]:
    serve = kernels.serve
    kernels.serve = lambda x: False
    try:
        yield
    finally:
        kernels.serve = serve


def both(work: Callable[[], Any], *tensors: Tensor) -> Pair:
    """``work`` with the kernels and without; ``tensors`` are what must be read and written."""

    def alone() -> None:
        with pytorch_alone():
            work()

    return Pair(work, alone, sum(t.nbytes for t in tensors))


def in_turn(pair: Pair, seconds: float) -> dict[str, float]:
    """Median milliseconds of each, repeated for about so many seconds, A B A B."""
    for _ in range(3):
        pair.kernel()
        pair.twin()
    times: tuple[list[float], list[float]] = ([], [])
    while sum(map(sum, times)) < seconds * 1000:
        for work, found in zip((pair.kernel, pair.twin), times, strict=True):
            begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begun.record()
            work()
            ended.record()
            torch.cuda.synchronize()
            found.append(begun.elapsed_time(ended))
    quick, slow = map(median, times)
    return {
        "kernel_ms": round(quick, 4),
        "pytorch_ms": round(slow, 4),
        "ratio": round(slow / quick, 2),
        "gb_per_second": round(pair.nbytes / quick / 1e6, 1),
    }


def gradients(work: Callable[..., Tensor], *leaves: Tensor) -> Callable[[], Any]:
    """A closure that runs the backward pass alone."""
    y = work(*leaves)
    grad = torch.randn_like(y)
    return lambda: torch.autograd.grad(y, leaves, grad, retain_graph=True)


def backward(work: Callable[..., Tensor], *leaves: Tensor) -> Pair:
    """Backward passes of both kinds; of the larger leaf, gradient and result and the saved tensor are counted."""
    with pytorch_alone():
        twin = gradients(work, *leaves)
    kernel = gradients(work, *leaves)

    def alone() -> None:
        with pytorch_alone():
            twin()

    return Pair(kernel, alone, 3 * leaves[0].nbytes)


def resampling(x: Tensor) -> Iterator[tuple[str, Pair]]:
    f, separable = torch.rand(4, 4, device=GPU), torch.rand(12, device=GPU)
    for name, taps, keywords, growth in (
        ("filter 4x4", f, {"padding": (2, 1, 2, 1)}, 1),
        ("up 4x4", f, {"up": 2, "padding": (2, 1, 2, 1), "gain": 4.0}, 4),
        ("down 4x4", f, {"down": 2, "padding": (1, 1, 1, 1)}, 0.25),
        ("up 12", separable, {"up": 2, "padding": (6, 5, 6, 5), "gain": 4.0}, 4),
        ("down 12", separable, {"down": 2, "padding": (5, 5, 5, 5)}, 0.25),
    ):

        def work(taps: Tensor = taps, keywords: dict[str, Any] = keywords) -> Tensor:
            return upfirdn2d(x, taps, **keywords)

        yield f"upfirdn2d {name}", both(work, x)._replace(nbytes=int(x.nbytes * (1 + growth)))


def pointwise(x: Tensor) -> Iterator[tuple[str, Pair]]:
    n, c, h, w = x.shape
    bias, scale, noise = torch.rand(c, device=GPU), torch.rand(n, c, device=GPU), torch.rand(n, 1, h, w, device=GPU)
    yield "bias_act", both(lambda: bias_act(x, bias, **LRELU), x, x)
    yield "scale", both(lambda: scaled_bias_act(x, scale), x, x)
    yield "scaled_bias_act", both(lambda: scaled_bias_act(x, scale, noise, bias, **LRELU), x, x, noise)
    leaves = [t.clone().requires_grad_() for t in (x, scale, noise, bias)]
    yield "bias_act backward", backward(lambda x, b: bias_act(x, b, **LRELU), leaves[0], leaves[3])
    yield "scale backward", backward(scaled_bias_act, leaves[0], leaves[1])
    full = backward(lambda x, s, z, b: scaled_bias_act(x, s, z, b, **LRELU), *leaves)
    yield "scaled_bias_act backward", full._replace(nbytes=4 * x.nbytes)  # the input, too


def filtering(x: Tensor) -> Iterator[tuple[str, Pair]]:
    for name, fu, fd, up, padding in (
        ("2 2", (12,), (12,), 2, (9, 8, 9, 8)),
        ("4 2", (24,), (12,), 4, (17, 16, 17, 16)),
        ("2 2 radial", (12,), (12, 12), 2, (9, 8, 9, 8)),
    ):
        taps = [f / f.sum() for f in (torch.rand(fu, device=GPU), torch.rand(fd, device=GPU))]
        before = Plan((up, up), (1, 1), padding, False, up**2)
        steps = (before, Plan((1, 1), (2, 2), (0, 0, 0, 0), False, 1.0))
        options = {"up": up, "down": 2, "padding": padding, "gain": 1.0, "clamp": 256.0}

        def kernel(taps: list[Tensor] = taps, steps: tuple[Plan, Plan] = steps) -> Any:
            return bend(x, None, *taps, steps, 0.2, 256.0, keep_side=True)

        def twin(taps: list[Tensor] = taps, options: dict[str, Any] = options) -> Tensor:
            with pytorch_alone():
                return filtered_lrelu(x.detach().requires_grad_(), *taps, None, **options)

        y, side = kernel()
        yield f"filtered_lrelu {name}", Pair(kernel, twin, x.nbytes + y.nbytes + side.nbytes)
        sizes = [(f.shape[0], f.shape[-1]) for f in taps]
        adjoint = (steps[1].adjoint(side.shape, y.shape, sizes[1]), before.adjoint(x.shape, side.shape, sizes[0]))
        slow = gradients(lambda x, t=taps, o=options: filtered_lrelu(x, *t, None, **o), x.detach().requires_grad_())

        def back(taps: list[Tensor] = taps, y: Tensor = y, side: Tensor = side, adjoint: Any = adjoint) -> Tensor:
            return multiply_slopes(y, taps[1], taps[0], side, 0.2, adjoint)

        def slow_alone(slow: Callable[[], Any] = slow) -> None:
            with pytorch_alone():
                slow()

        yield f"filtered_lrelu {name} backward", Pair(back, slow_alone, x.nbytes + y.nbytes + side.nbytes)


def main(seconds: float) -> None:
    copy = copy_gigabytes(GPU)["median"]
    figures: dict[str, Any] = {"copy_gb_per_second": copy}
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        for last in (False, True):
            x = torch.randn(32, 128, 256, 256, device=GPU).to(dtype)  # 0.5 GB or 1: more than any cache
            x = x.contiguous(memory_format=torch.channels_last) if last else x
            for cases in (resampling, pointwise) if last else (resampling, pointwise, filtering):
                for name, pair in cases(x):
                    found = in_turn(pair, seconds)
                    found["of_a_copy"] = round(found["gb_per_second"] / copy, 3)
                    layout = "channels last" if last else "contiguous"
                    figures[f"{name}, {layout}, {str(dtype).removeprefix('torch.')}"] = found
    show(figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each case")
    main(parser.parse_args().seconds)
