"""The tiles of Winograd's convolutions, in and out. The matrices are those of `allaprima.ops.winograd`."""

from collections.abc import Sequence
from ctypes import Structure, c_long, c_void_p
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from allaprima.ops.fast.library import address, call
from allaprima.ops.toom_cook import PRODUCTS

STEP = 3  # pixels of a tile's side that are enlarged
PIECES = 4  # in which the products of all tiles may lie, at most
GROUPS = ((1, 16), (3, 8), (9, 1))  # pixels of a tile, and kernels, of each kind of products in enlarging


class Part(NamedTuple):
    """Some of the tiles of some images, which are numbered through all of these, row by row.

    Attributes:
        rows: Of tiles in an image.
        columns: Of tiles in an image.
        first: That is meant, …
        tiles: … and how many from there on.
    """

    rows: int
    columns: int
    first: int
    tiles: int


class _Tiling(Structure):
    _fields_ = tuple((name, c_long) for name in ("height", "width", "channels", "rows", "columns", "first", "count"))


class _Products(Structure):
    _fields_ = (("pieces", c_void_p * PIECES), ("together", c_long))


class _TilesIn(Structure):
    _fields_ = (("tiles", _Tiling), ("x", c_void_p), ("style", c_void_p), ("products", _Products), ("padding", c_long))


class _TilesOut(Structure):
    _fields_ = (
        ("tiles", _Tiling),
        ("products", _Products),
        ("y", c_void_p),
        ("all_channels", c_long),
        ("first_channel", c_long),
    )


class _EnlargingIn(Structure):
    _fields_ = (("tiles", _Tiling), ("x", c_void_p), ("even", c_void_p), ("mixed", c_void_p), ("odd", c_void_p))


class _EnlargingOut(Structure):
    _fields_ = (
        ("tiles", _Tiling),
        ("even", c_void_p),
        ("mixed", c_void_p),
        ("odd", c_void_p),
        ("y", c_void_p),
        ("all_channels", c_long),
        ("first_channel", c_long),
    )


def into_tiles(
    x: Float[Tensor, "n i h w"],
    style: Float[Tensor, "n i"] | None,
    part: Part,
    padding: int,
    *out: Float[Tensor, "t _ i"],
) -> None:
    """Transform tiles of 6×6 pixels of the padded ``x``, times ``style``, each 4 pixels from the next.

    The 36 products of a tile go to ``out``, or as many to each of several.
    """
    products = _products(out, part, x.shape[1])
    style = None if style is None else style.contiguous()
    call("into_tiles", _TilesIn(_tiling(x, x.shape[1], part), address(x), address(style), products, padding))


def out_of_tiles(
    products: Float[Tensor, "t _ some"] | Sequence[Float[Tensor, "t _ some"]],
    part: Part,
    y: Float[Tensor, "n o h w"],
    first_channel: int,
) -> None:
    """Write the 4×4 pixels of each tile to ``y``, its channels from ``first_channel`` on."""
    pieces = (products,) if isinstance(products, Tensor) else products
    some = pieces[0].shape[2]
    assert first_channel + some <= y.shape[1], (first_channel, some)
    where = (address(y), y.shape[1], first_channel)
    call("out_of_tiles", _TilesOut(_tiling(y, some, part), _products(pieces, part, some), *where))


def gradients_into_tiles(grad: Float[Tensor, "n o h w"], part: Part, out: Float[Tensor, "t 36 o"]) -> None:
    """The adjoint of `out_of_tiles`: from the gradients of a tile's 4×4 pixels those of its products."""
    products = _products((out,), part, grad.shape[1])
    call("gradients_into_tiles", _TilesIn(_tiling(grad, grad.shape[1], part), address(grad), None, products, 0))


def enlarge_into_tiles(x: Float[Tensor, "n i h w"], part: Part, out: Sequence[Float[Tensor, "t _ _ i"]]) -> None:
    """Transform tiles of 3×3 pixels of ``x``, with their neighbours, for the three kinds of products (`GROUPS`)."""
    for tensor, group in zip(out, GROUPS, strict=True):
        _check(tensor, (part.tiles, *group, x.shape[1]))
    call("enlarge_into_tiles", _EnlargingIn(_tiling(x, x.shape[1], part), address(x), *map(address, out)))


def enlarge_out_of_tiles(
    products: Sequence[Float[Tensor, "t _ _ some"]],
    part: Part,
    y: Float[Tensor, "n o h w"],
    first_channel: int,
) -> None:
    """Write the 6×6 pixels that each tile paints to ``y``, its channels from ``first_channel`` on."""
    some = products[0].shape[3]
    for tensor, group in zip(products, GROUPS, strict=True):
        _check(tensor, (part.tiles, *group, some))
    assert first_channel + some <= y.shape[1], (first_channel, some)
    arguments = (*map(address, products), address(y), y.shape[1], first_channel)
    call("enlarge_out_of_tiles", _EnlargingOut(_tiling(y, some, part), *arguments))


def _products(pieces: Sequence[Tensor], part: Part, channels: int) -> _Products:
    together = PRODUCTS // len(pieces)
    assert together * len(pieces) == PRODUCTS, len(pieces)
    for piece in pieces:
        _check(piece, (part.tiles, together, channels))
    return _Products((c_void_p * PIECES)(*map(address, pieces)), together)


def _check(tensor: Tensor, shape: tuple[int, ...]) -> None:
    assert tensor.shape == shape, (tensor.shape, shape)
    assert tensor.is_contiguous(), tensor.stride()


def _tiling(maps: Tensor, channels: int, part: Part) -> _Tiling:
    assert part.first + part.tiles <= len(maps) * part.rows * part.columns, part
    return _Tiling(maps.shape[2], maps.shape[3], channels, *part)
