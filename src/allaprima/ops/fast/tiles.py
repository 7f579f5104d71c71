"""The tiles of Winograd's convolutions, in and out. The matrices are those of `allaprima.ops.winograd`."""

from collections.abc import Sequence
from ctypes import Structure, c_long, c_void_p
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from allaprima.ops.fast.library import address, call
from allaprima.ops.fast.multiplying import TAPS, step_of
from allaprima.ops.toom_cook import PRODUCTS

STEP = 3  # pixels of a tile's side that are enlarged
NUMBERS = 2**20  # that are transformed at once, at least: 4 MB
GROUPS = ((16, 1), (8, 3), (1, 9))  # kernels, and pixels of a tile, of each kind of products in enlarging


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


def tiles_at_once(channels: tuple[int, int], products: int = PRODUCTS, kernels: int = PRODUCTS) -> int:
    """So many that reading the kernels takes no longer than reading the tiles; but not a handful.

    Args:
        channels: Of the input and of the output.
        products: Of a tile.
        kernels: Of each pair of channels.
    """
    i, o = channels
    return max(kernels * i * o // (products * (i + o)), NUMBERS // (products * max(i, o)))


class _Tiling(Structure):
    _fields_ = tuple((name, c_long) for name in ("height", "width", "channels", "rows", "columns", "first", "count"))


class _Products(Structure):
    _fields_ = (("numbers", c_void_p), ("step", c_long), ("wide", c_long))


class _TilesIn(Structure):
    _fields_ = (("tiles", _Tiling), ("x", c_void_p), ("style", c_void_p), ("products", _Products), ("padding", c_long))


class _TilesOut(Structure):
    _fields_ = (("tiles", _Tiling), ("products", _Products), ("y", c_void_p))


class _EnlargingProducts(Structure):
    _fields_ = (("even", _Products), ("mixed", _Products), ("odd", _Products))


class _EnlargingIn(Structure):
    _fields_ = (("tiles", _Tiling), ("x", c_void_p), ("style", c_void_p), ("products", _EnlargingProducts))


class _EnlargingOut(Structure):
    _fields_ = (("tiles", _Tiling), ("products", _EnlargingProducts), ("y", c_void_p))


class _Overlay(Structure):
    _fields_ = (
        *((name, c_long) for name in ("images", "height", "width", "channels")),
        ("painted", _Products),
        ("y", c_void_p),
    )


def into_tiles(
    x: Float[Tensor, "n i h w"],
    style: Float[Tensor, "n i"] | None,
    part: Part,
    padding: int,
    out: Float[Tensor, "36 t i"],
) -> None:
    """Transform tiles of 6×6 pixels of the padded ``x``, times ``style``, each 4 pixels from the next."""
    products = _products(out, (PRODUCTS, part.tiles), x, exactly=True)
    style = None if style is None else style.contiguous()
    call("into_tiles", _TilesIn(_tiling(x, part), address(x), address(style), products, padding))


def out_of_tiles(products: Float[Tensor, "36 t wide"], part: Part, y: Float[Tensor, "n o h w"]) -> None:
    """Write the 4×4 pixels of each tile to ``y``, from the first o channels of ``products``."""
    call("out_of_tiles", _TilesOut(_tiling(y, part), _products(products, (PRODUCTS, part.tiles), y), address(y)))


def gradients_into_tiles(grad: Float[Tensor, "n o h w"], part: Part, out: Float[Tensor, "36 t o"]) -> None:
    """The adjoint of `out_of_tiles`: from the gradients of a tile's 4×4 pixels those of its products."""
    products = _products(out, (PRODUCTS, part.tiles), grad, exactly=True)
    call("gradients_into_tiles", _TilesIn(_tiling(grad, part), address(grad), None, products, 0))


def enlarge_into_tiles(
    x: Float[Tensor, "n i h w"],
    style: Float[Tensor, "n i"] | None,
    part: Part,
    out: Sequence[Float[Tensor, "_ t _ i"]],
) -> None:
    """Transform tiles of 3×3 pixels of ``x``, times ``style``, with neighbours, for the kinds of products."""
    products = _enlarging_products(out, part, x, exactly=True)
    style = None if style is None else style.contiguous()
    call("enlarge_into_tiles", _EnlargingIn(_tiling(x, part), address(x), address(style), products))


def enlarge_out_of_tiles(
    products: Sequence[Float[Tensor, "_ t _ wide"]], part: Part, y: Float[Tensor, "n o h w"]
) -> None:
    """Write the 6×6 pixels that each tile paints to ``y``, from the first o channels of ``products``."""
    call("enlarge_out_of_tiles", _EnlargingOut(_tiling(y, part), _enlarging_products(products, part, y), address(y)))


def overlay_painted(painted: Float[Tensor, "9 pixels wide"], y: Float[Tensor, "n o h2 w2"]) -> None:
    """Add what each pixel of n images, (h2 - 1) / 2 × (w2 - 1) / 2, paints with each tap of 3×3, two pixels apart."""
    n, o, h, w = y.shape
    assert h % 2 == w % 2 == 1, y.shape
    products = _products(painted, (TAPS, n * (h // 2) * (w // 2)), y)
    call("overlay_painted", _Overlay(n, h // 2, w // 2, o, products, address(y)))


def _products(numbers: Tensor, shape: tuple[int, ...], maps: Tensor, *, exactly: bool = False) -> _Products:
    """``exactly`` as many channels as the feature maps have, or some to spare."""
    *found, wide = numbers.shape
    assert tuple(found) == shape, (numbers.shape, shape)
    assert wide == maps.shape[1] if exactly else wide >= maps.shape[1], (numbers.shape, maps.shape)
    return _Products(address(numbers), step_of(numbers), wide)


def _enlarging_products(
    kinds: Sequence[Tensor], part: Part, maps: Tensor, *, exactly: bool = False
) -> _EnlargingProducts:
    shapes = ((kernels, part.tiles, pixels) for kernels, pixels in GROUPS)
    return _EnlargingProducts(*(_products(*kind, maps, exactly=exactly) for kind in zip(kinds, shapes, strict=True)))


def _tiling(maps: Tensor, part: Part) -> _Tiling:
    assert part.first + part.tiles <= len(maps) * part.rows * part.columns, part
    return _Tiling(maps.shape[2], maps.shape[3], maps.shape[1], *part)
