"""The products of tiles with kernels, which lie in the order that they are read in.

oneDNN and MKL multiply large matrices as quickly; with the few tiles of one small image they take up to a third longer,
for they do not fetch the kernels of the next product while they compute this one. Nor can they transform kernels on the
way, of which then a quarter is kept and read.
"""

import math
from collections.abc import Callable
from ctypes import Structure, c_long, c_void_p

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.fast.library import address, call, panel

BETWEEN = 13 * 16  # floats: an odd number of the caches' lines
MOST_POINTS = 6  # as `passes.c` has it
TAPS = 9  # of a kernel


class _Multiplying(Structure):
    _fields_ = (
        *((name, c_long) for name in ("matrices", "rows", "inputs", "panels")),
        *((name, c_void_p) for name in ("x", "kernels", "y")),
        *((name, c_long) for name in ("x_step", "y_step", "k_step", "panel_step")),
    )


def in_panels(
    weight: Float[Tensor, "o i 3 3"], zeros: Callable[..., Tensor] = Tensor.new_zeros
) -> Float[Tensor, "panels 9 i wide"]:
    """The kernels for `multiply` and `multiply_transformed`: some output channels after others, the last filled up.

    Args:
        weight: A kernel.
        zeros: As the method of a tensor is, makes the result.
    """
    (o, i), wide = weight.shape[:2], panel()
    kernels = zeros(weight, -(-o // wide), TAPS, i, wide)
    for some, to in zip(torch.split(weight, wide), kernels, strict=True):
        to[:, :, : len(some)] = some.permute(2, 3, 1, 0).flatten(0, 1)
    return kernels


def multiply(x: Float[Tensor, "p t i"], kernels: Float[Tensor, "p panels i wide"], out: Float[Tensor, "p t o"]) -> None:
    """Each of p matrices with its kernel, in float32; ``out`` has as many channels as the panels."""
    (p, t, i), panels = x.shape, kernels.shape[1]
    assert kernels.shape == (p, panels, i, panel()), (x.shape, kernels.shape)
    assert out.shape == (p, t, panels * panel()), (out.shape, kernels.shape)
    addresses, steps = (address(x), address(kernels), address(out)), (step_of(x), step_of(out), step_of(kernels[:, 0]))
    call("multiply", _Multiplying(p, t, i, panels, *addresses, *steps, kernels.stride(1)))


class _Transforming(Structure):
    _fields_ = (
        *((name, c_long) for name in ("rows", "inputs", "panels")),
        *((name, c_void_p) for name in ("x", "taps")),
        *((name, c_long) for name in ("vertical", "horizontal")),
        *((name, c_void_p) for name in ("v", "h", "y")),
        *((name, c_long) for name in ("x_step", "y_step")),
    )


def multiply_transformed(
    x: Float[Tensor, "p t i"],
    taps: Float[Tensor, "panels 9 i wide"],
    vertical: Float[Tensor, "v 3"],
    horizontal: Float[Tensor, "h 3"],
    out: Float[Tensor, "p t o"],
) -> None:
    """As `multiply`, with kernels for p = v · h products, which are made of taps while they are in the cache.

    Args:
        x: The matrices, row by row of products.
        taps: Made by `in_panels`.
        vertical: The transform of three taps down the rows.
        horizontal: … and along them, to `MOST_POINTS` points at most.
        out: Filled; has as many channels as the panels.
    """
    (p, t, i), panels = x.shape, len(taps)
    assert taps.shape == (panels, TAPS, i, panel()), (x.shape, taps.shape)
    assert taps.is_contiguous(), taps.stride()
    assert p == len(vertical) * len(horizontal), (p, vertical.shape, horizontal.shape)
    assert len(horizontal) <= MOST_POINTS, horizontal.shape
    assert out.shape == (p, t, panels * panel()), (out.shape, taps.shape)
    vertical, horizontal = vertical.contiguous(), horizontal.contiguous()
    points = (len(vertical), len(horizontal), address(vertical), address(horizontal))
    steps = (step_of(x), step_of(out))
    call("multiply_transformed", _Transforming(t, i, panels, address(x), address(taps), *points, address(out), *steps))


def in_whole_panels(channels: int) -> int:
    """So many channels as the panels for ``channels`` have."""
    return -(-channels // panel()) * panel()


def numbers_of(*sizes: tuple[int, ...]) -> int:
    """What `apart` takes for tensors of these sizes."""
    return sum(size[0] * (math.prod(size[1:]) + BETWEEN) for size in sizes)


def apart(block: Float[Tensor, "numbers"], *sizes: tuple[int, ...]) -> list[Tensor]:
    """Tensors of these sizes, [p, …], in one block of memory.

    Some floats lie between the matrices of each: if they were a power of two apart, numbers of which one is written to
    each of them in turn would contend for one place in the caches.
    """
    pieces = torch.split(block, [numbers_of(size) for size in sizes])
    return [piece.view(size[0], -1)[:, :-BETWEEN].view(size) for piece, size in zip(pieces, sizes, strict=True)]


def step_of(x: Float[Tensor, "p *size"]) -> int:
    """Floats from one matrix of such a tensor to the next."""
    assert x[0].is_contiguous(), x.stride()
    return x.stride(0)
