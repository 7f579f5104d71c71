"""Each transform of tiles is that of its matrix; with the products in between, they are the convolutions."""

import math
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from beartype.roar import BeartypeCallHintParamViolation
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.fast import Part
from allaprima.ops.kept_enlarging import POINTS as ENLARGING_POINTS
from allaprima.ops.kept_enlarging import _transforms
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import OUTSIDE, POINTS, matrices, size_of, toom_cook
from tests.conftest import assert_near

pytestmark = pytest.mark.skipif(not fast.available(), reason="NOT SHOWN: passes.c was not compiled here")

LANES = next((c for c in (4, 8, 16) if fast.divides(c)), 16)  # floats of a register
NAN, ELSEWHERE = math.nan, 5.0
REFUSED = (AssertionError, TypeCheckError, BeartypeCallHintParamViolation)  # the last two where types are checked
ROUNDING = 2e-6  # of sums with factors up to 64


def amid(values: Tensor, around: float) -> Tensor:
    """``values`` with as much memory before and after them, all ``around``; no address is a multiple of a register."""
    memory = torch.full((1 + 3 * values.numel(),), around)[1:].view(3 * len(values), *values.shape[1:])
    return memory[len(values) : 2 * len(values)].copy_(values)


def maps(n: int, c: int, h: int, w: int, *, around: float = NAN) -> Tensor:
    """Random feature maps with channels last."""
    return amid(torch.randn(n, h, w, c), around).permute(0, 3, 1, 2)


def stack(values: Tensor, around: float) -> Tensor:
    """``values`` with other numbers before, between and after its matrices, all ``around``."""
    rows = amid(torch.full((len(values), values[0].numel() + 7), around), around)
    return rows[:, 3:-4].unflatten(1, values.shape[1:]).copy_(values)


def unfilled(*size: int) -> Tensor:
    return stack(torch.full(size, NAN), ELSEWHERE)


def assert_nothing_else_was_written(x: Tensor) -> None:
    everything = torch.empty(0).set_(x.untyped_storage()).clone()
    everything.as_strided(x.size(), x.stride(), x.storage_offset()).fill_(ELSEWHERE)
    assert everything[1:].eq(ELSEWHERE).all()


def places(part: Part) -> list[tuple[int, int, int]]:
    """Image, row and column of each tile."""
    an_image = part.rows * part.columns
    numbers = range(part.first, part.first + part.tiles)
    return [(at // an_image, at % an_image // part.columns, at % part.columns) for at in numbers]


def matrix(outputs: int, taps: int, points: tuple[int, ...], which: int) -> Tensor:
    return torch.from_numpy(toom_cook(outputs, taps, points)[which])


class Case(NamedTuple):
    """Feature maps, and some tiles of them."""

    x: Tensor
    style: Tensor | None
    padding: int
    part: Part

    @property
    def size(self) -> tuple[int, int]:
        return size_of(self.x, self.padding)


def grid(size: tuple[int, int], step: int = OUTSIDE) -> tuple[int, int]:
    return -(-size[0] // step), -(-size[1] // step)


def whole(n: int, rows: int, columns: int) -> Part:
    return Part(rows, columns, 0, n * rows * columns)


@st.composite
def parts(draw: st.DrawFn, n: int, rows: int, columns: int) -> Part:
    first = draw(st.integers(0, n * rows * columns - 1))
    return Part(rows, columns, first, draw(st.integers(1, n * rows * columns - first)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    padding, n, channels = draw(st.integers(0, 2)), draw(st.integers(1, 3)), LANES * draw(st.integers(1, 3))
    smallest = 1 if padding else 3
    size = draw(st.tuples(st.integers(smallest, 11), st.integers(smallest, 11)))
    x = maps(n, channels, *size)
    style = amid(torch.randn(n, channels), NAN) if draw(st.booleans()) else None
    return Case(x, style, padding, draw(parts(n, *grid(size_of(x, padding)))))


# ---- 4×4 pixels of a convolution


def transformed_pixels(case: Case) -> Tensor:
    """What `into_tiles` says, tile by tile, in float64."""
    x, to = case.x.double(), matrix(OUTSIDE, 3, POINTS, 1)
    if case.style is not None:
        x = x * case.style.double()[:, :, None, None]
    x = F.pad(x, (case.padding, case.padding + OUTSIDE) * 2)
    tiles = [x[n, :, 4 * r : 4 * r + 6, 4 * c : 4 * c + 6] for n, r, c in places(case.part)]
    return torch.stack([torch.einsum("pa,qb,iab->pqi", to, to, tile).flatten(0, 1) for tile in tiles], dim=1)


def painted_tiles(y: Tensor, products: Tensor, part: Part) -> Tensor:
    """What `out_of_tiles` says, tile by tile, in float64: a copy of ``y``."""
    y, to = y.double().clone(), matrix(OUTSIDE, 3, POINTS, 2)
    for tile, (n, r, c) in zip(products.double().unbind(1), places(part), strict=True):
        pixels = torch.einsum("ap,bq,pqo->oab", to, to, tile[:, : y.shape[1]].unflatten(0, (6, 6)))
        block = y[n][:, 4 * r : 4 * r + 4, 4 * c : 4 * c + 4]
        block.copy_(pixels[:, : block.shape[1], : block.shape[2]])
    return y


def transformed_gradients(grad: Tensor, part: Part) -> Tensor:
    """What `gradients_into_tiles` says, tile by tile, in float64."""
    to, grad = matrix(OUTSIDE, 3, POINTS, 2), F.pad(grad.double(), (0, OUTSIDE, 0, OUTSIDE))
    tiles = [grad[n, :, 4 * r : 4 * r + 4, 4 * c : 4 * c + 4] for n, r, c in places(part)]
    return torch.stack([torch.einsum("ap,bq,oab->pqo", to, to, tile).flatten(0, 1) for tile in tiles], dim=1)


@given(cases())
def test_tiles_are_transformed_pixels(case: Case) -> None:
    out = unfilled(36, case.part.tiles, case.x.shape[1])
    fast.into_tiles(case.x, case.style, case.part, case.padding, out)
    assert_near(out, transformed_pixels(case), ROUNDING)
    assert_nothing_else_was_written(out)


@given(cases(), st.integers(0, 9))
def test_transformed_products_are_pixels(case: Case, to_spare: int) -> None:
    channels = case.x.shape[1]
    products = stack(torch.randn(36, case.part.tiles, channels + to_spare), NAN)
    y = maps(len(case.x), channels, *case.size, around=ELSEWHERE)
    expected = painted_tiles(y, products, case.part)
    fast.out_of_tiles(products, case.part, y)
    assert_near(y, expected, ROUNDING)
    assert_nothing_else_was_written(y)


@given(cases())
def test_gradients_of_products_are_transformed_gradients(case: Case) -> None:
    grad, out = maps(*case.x.shape[:2], *case.size), unfilled(36, case.part.tiles, case.x.shape[1])
    fast.gradients_into_tiles(grad, case.part, out)
    assert_near(out, transformed_gradients(grad, case.part), ROUNDING)
    assert_nothing_else_was_written(out)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("size", [(8, 8), (5, 7), (4, 6), (9, 3), (3, 4), (17, 13)], ids=str)
def test_products_in_between_make_it_the_convolution(size: tuple[int, int], padding: int) -> None:
    n, i, o = 2, 2 * LANES, LANES
    x, style, weight = maps(n, i, *size), torch.randn(n, i), torch.randn(o, i, 3, 3)
    part = whole(n, *grid(size_of(x, padding)))
    evaluated, y = unfilled(36, part.tiles, i), maps(n, o, *size_of(x, padding))
    kernels = (matrices(torch.float64).kernel @ weight.double().reshape(-1, 9).T).view(36, o, i)
    for factors in (None, style):
        fast.into_tiles(x, factors, part, padding, evaluated)
        products = torch.einsum("pti,poi->pto", evaluated.double(), kernels).float().contiguous()
        fast.out_of_tiles(products, part, y)
        scaled = x if factors is None else x * factors[:, :, None, None]
        assert_near(y, F.conv2d(scaled.double(), weight.double(), padding=padding), 1e-5)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("size", [(5, 7), (4, 6), (9, 3)], ids=str)
def test_products_of_tiles_and_gradients_make_the_gradient_of_the_kernel(size: tuple[int, int], padding: int) -> None:
    n, i, o = 2, 2 * LANES, LANES
    x, weight = maps(n, i, *size), torch.randn(o, i, 3, 3, dtype=torch.float64, requires_grad=True)
    grad = maps(n, o, *size_of(x, padding))
    part = whole(n, *grid(size_of(x, padding)))
    tiles, grads = unfilled(36, part.tiles, i), unfilled(36, part.tiles, o)
    fast.into_tiles(x, None, part, padding, tiles)
    fast.gradients_into_tiles(grad, part, grads)
    products = torch.einsum("pto,pti->poi", grads.double(), tiles.double()).flatten(1)
    found = (matrices(torch.float64).kernel.T @ products).T.view(weight.shape)
    F.conv2d(x.double(), weight, padding=padding).backward(grad.double())
    assert weight.grad is not None
    assert_near(found, weight.grad, 1e-5)


@pytest.mark.parametrize("at_once", [1, 4, 7, 100])
def test_parts_that_overlap_join_to_the_whole_bit_for_bit(at_once: int) -> None:
    x, padding = maps(3, 2 * LANES, 9, 6), 1
    part = whole(3, *grid(size_of(x, padding)))
    at_a_time, in_parts = unfilled(36, part.tiles, 2 * LANES), unfilled(36, part.tiles, 2 * LANES)
    fast.into_tiles(x, None, part, padding, at_a_time)
    expected, y = torch.zeros_like(x), torch.zeros_like(x)
    fast.out_of_tiles(at_a_time, part, expected)
    for strip in equal_parts(part.tiles, at_once):
        some = part._replace(first=strip.start, tiles=strip.stop - strip.start)
        fast.into_tiles(x, None, some, padding, in_parts[:, strip])
        fast.out_of_tiles(at_a_time[:, strip], some, y)
    assert torch.equal(in_parts, at_a_time)
    assert torch.equal(y, expected)


STYLES = {
    "transposed": lambda: torch.randn(2 * LANES, 3).T,
    "every second": lambda: torch.randn(3, 4 * LANES)[:, ::2],
    "one for all": lambda: torch.randn(1, 2 * LANES).expand(3, -1),
    "one number": lambda: torch.randn(1, 1).expand(3, 2 * LANES),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_style_may_lie_in_memory_as_it_likes(style: Any) -> None:
    x = torch.randn(3, 2 * LANES, 5, 6).contiguous(memory_format=torch.channels_last)
    case = Case(x, style(), 1, whole(3, 2, 2))
    assert case.style is not None
    assert not case.style.is_contiguous()
    out = unfilled(36, case.part.tiles, 2 * LANES)
    fast.into_tiles(x, case.style, case.part, 1, out)
    assert_near(out, transformed_pixels(case), ROUNDING)


# ---- 3×3 pixels that are enlarged


class Enlarging(NamedTuple):
    """Feature maps, and some tiles of them; and tiles of random products."""

    x: Tensor
    style: Tensor | None
    part: Part
    products: list[Tensor]


def sizes(part: Part, channels: int) -> list[tuple[int, ...]]:
    return [(kernels, part.tiles, pixels, channels) for kernels, pixels in fast.GROUPS]


@st.composite
def enlargings(draw: st.DrawFn) -> Enlarging:
    n, channels = draw(st.integers(1, 3)), LANES * draw(st.integers(1, 3))
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    x = maps(n, channels, *size)
    part = draw(parts(n, *grid((size[0] + 1, size[1] + 1), fast.STEP)))
    style = amid(torch.randn(n, channels), NAN) if draw(st.booleans()) else None
    to_spare = draw(st.integers(0, 9))
    return Enlarging(x, style, part, [stack(torch.randn(size), NAN) for size in sizes(part, channels + to_spare)])


def transformed_to_enlarge(case: Enlarging) -> list[Tensor]:
    """What `enlarge_into_tiles` says, tile by tile, in float64."""
    to, kinds = matrix(fast.STEP, 2, ENLARGING_POINTS, 1), ([], [], [])
    scaled = case.x.double() * (1 if case.style is None else case.style.double()[:, :, None, None])
    wide = F.pad(scaled, (1, 3, 1, 3))
    for n, r, c in places(case.part):
        tile = wide[n, :, 3 * r : 3 * r + 4, 3 * c : 3 * c + 4].permute(1, 2, 0)
        of_even_rows = torch.einsum("pa,abi->pbi", to, tile)[:, 1:]  # and odd columns, which have one tap
        of_even_columns = torch.einsum("qb,abi->aqi", to, tile)[1:]
        kinds[0].append(torch.einsum("pa,qb,abi->pqi", to, to, tile).reshape(16, 1, -1))
        kinds[1].append(torch.cat([of_even_rows, of_even_columns.transpose(0, 1)]))
        kinds[2].append(tile[1:, 1:].reshape(1, 9, -1))
    return [torch.stack(tiles, dim=1) for tiles in kinds]


def painted_enlarged(y: Tensor, products: list[Tensor], part: Part) -> Tensor:
    """What `enlarge_out_of_tiles` says, tile by tile, in float64: a copy of ``y``."""
    y, to = y.double().clone(), matrix(fast.STEP, 2, ENLARGING_POINTS, 2)
    for t, (n, r, c) in enumerate(places(part)):
        even, mixed, odd = (some[:, t, :, : y.shape[1]].double() for some in products)
        pixels = torch.empty(y.shape[1], 6, 6, dtype=torch.float64)
        pixels[:, 0::2, 0::2] = torch.einsum("ap,bq,pqo->oab", to, to, even.view(4, 4, -1))
        pixels[:, 0::2, 1::2] = torch.einsum("ap,pbo->oab", to, mixed[:4])
        pixels[:, 1::2, 0::2] = torch.einsum("bq,qao->oab", to, mixed[4:])
        pixels[:, 1::2, 1::2] = odd.view(3, 3, -1).permute(2, 0, 1)
        block = y[n][:, 6 * r : 6 * r + 6, 6 * c : 6 * c + 6]
        block.copy_(pixels[:, : block.shape[1], : block.shape[2]])
    return y


@given(enlargings())
def test_tiles_to_be_enlarged_are_transformed_pixels(case: Enlarging) -> None:
    out = [unfilled(*size) for size in sizes(case.part, case.x.shape[1])]
    fast.enlarge_into_tiles(case.x, case.style, case.part, out)
    for tiles, expected in zip(out, transformed_to_enlarge(case), strict=True):
        assert_near(tiles, expected, ROUNDING)
        assert_nothing_else_was_written(tiles)


@given(enlargings())
def test_transformed_products_are_enlarged_pixels(case: Enlarging) -> None:
    n, channels, h, w = case.x.shape
    y = maps(n, channels, 2 * h + 1, 2 * w + 1, around=ELSEWHERE)
    expected = painted_enlarged(y, case.products, case.part)
    fast.enlarge_out_of_tiles(case.products, case.part, y)
    assert_near(y, expected, ROUNDING)
    assert_nothing_else_was_written(y)


def kernel_matrices() -> list[Tensor]:
    """Of each group, [kernels, 9]."""
    return [torch.cat([torch.kron(v, h) for v, h in group]) for group in _transforms()]


@pytest.mark.parametrize("at_once", [3, 1000])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (3, 3), (7, 4), (17, 16)], ids=str)
def test_products_in_between_make_it_the_transposed_convolution(size: tuple[int, int], at_once: int) -> None:
    n, i, o = 2, 2 * LANES, LANES
    x, weight = maps(n, i, *size), torch.randn(o, i, 3, 3)
    expected = F.conv_transpose2d(x.double(), weight.double().transpose(0, 1), stride=2)
    kernels = [(m.double() @ weight.double().reshape(-1, 9).T).view(-1, o, i) for m in kernel_matrices()]
    rows, columns = grid((size[0] + 1, size[1] + 1), fast.STEP)
    y = maps(*expected.shape)
    for strip in equal_parts(n * rows * columns, at_once):
        part = Part(rows, columns, strip.start, strip.stop - strip.start)
        tiles = [unfilled(*size) for size in sizes(part, i)]
        fast.enlarge_into_tiles(x, None, part, tiles)
        products = [torch.einsum("ktgi,koi->ktgo", t.double(), k) for t, k in zip(tiles, kernels, strict=True)]
        fast.enlarge_out_of_tiles([p.float().contiguous() for p in products], part, y)
    assert_near(y, expected, 1e-5)


# ---- and without transforms


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.integers(1, 2), st.integers(0, 9))
def test_what_pixels_paint_is_added_two_pixels_apart(n: int, h: int, w: int, registers: int, to_spare: int) -> None:
    o = LANES * registers
    painted = stack(torch.randn(9, n * h * w, o + to_spare), NAN)
    expected = torch.zeros(n, o, 2 * h + 1, 2 * w + 1, dtype=torch.float64)
    for tap, of_all in enumerate(painted[:, :, :o].double().unflatten(1, (n, h, w))):
        i, j = divmod(tap, 3)
        expected[:, :, i : i + 2 * h : 2, j : j + 2 * w : 2] += of_all.permute(0, 3, 1, 2)
    y = maps(*expected.shape, around=ELSEWHERE)
    fast.overlay_painted(painted, y)
    assert_near(y, expected, ROUNDING)
    assert_nothing_else_was_written(y)


def test_painted_pixels_of_other_images_are_refused() -> None:
    y = torch.zeros(2, LANES, 5, 3).contiguous(memory_format=torch.channels_last)
    fast.overlay_painted(torch.zeros(9, 4, LANES), y)
    for wrong in ((8, 4, LANES), (9, 3, LANES), (9, 4, LANES - 1)):
        with pytest.raises(REFUSED):
            fast.overlay_painted(torch.zeros(wrong), y)
    with pytest.raises(REFUSED):
        fast.overlay_painted(torch.zeros(9, 4, LANES), y[:, :, 1:])


# ---- what would be read or written beside the tensors


@pytest.mark.parametrize("part", [Part(2, 2, 0, 9), Part(2, 2, 8, 1), Part(3, 2, 4, 9)], ids=str)
def test_tiles_that_are_not_there_are_refused(part: Part) -> None:
    x = torch.zeros(2, LANES, 6, 6).contiguous(memory_format=torch.channels_last)
    tiles, to_enlarge = torch.zeros(36, part.tiles, LANES), [torch.zeros(size) for size in sizes(part, LANES)]
    with pytest.raises(AssertionError, match="Part"):
        fast.into_tiles(x, None, part, 1, tiles)
    with pytest.raises(AssertionError, match="Part"):
        fast.out_of_tiles(tiles, part, x)
    with pytest.raises(AssertionError, match="Part"):
        fast.gradients_into_tiles(x, part, tiles)
    with pytest.raises(AssertionError, match="Part"):
        fast.enlarge_into_tiles(x, None, part, to_enlarge)
    with pytest.raises(AssertionError, match="Part"):
        fast.enlarge_out_of_tiles(to_enlarge, part, x)


def test_tiles_of_other_sizes_and_orders_are_refused() -> None:
    x, part = torch.zeros(1, LANES, 4, 4).contiguous(memory_format=torch.channels_last), Part(1, 1, 0, 1)
    wrong = ((35, 1, LANES), (36, 2, LANES), (36, 1, LANES - 1), (1, 36, LANES))
    for tiles in (*map(torch.zeros, wrong), torch.zeros(36, LANES, 1).transpose(1, 2)[:, :, ::2]):
        with pytest.raises(REFUSED):
            fast.into_tiles(x, None, part, 1, tiles)
        with pytest.raises(REFUSED):
            fast.gradients_into_tiles(x, part, tiles)
        with pytest.raises(REFUSED):
            fast.out_of_tiles(tiles, part, x)
    more = torch.zeros(36, 1, LANES + 1)
    fast.out_of_tiles(more, part, x)
    with pytest.raises(REFUSED):
        fast.into_tiles(x, None, part, 1, more)
    with pytest.raises(REFUSED):
        fast.gradients_into_tiles(x, part, more)


@pytest.mark.parametrize("which", range(3))
def test_tiles_to_enlarge_of_other_sizes_are_refused(which: int) -> None:
    x, part = torch.zeros(1, LANES, 5, 5).contiguous(memory_format=torch.channels_last), Part(2, 2, 0, 4)
    for axis in range(4):
        tiles = sizes(part, LANES)
        tiles[which] = tuple(length - (at == axis) for at, length in enumerate(tiles[which]))
        wrong = list(map(torch.zeros, tiles))
        with pytest.raises(REFUSED):
            fast.enlarge_into_tiles(x, None, part, wrong)
        with pytest.raises(REFUSED):
            fast.enlarge_out_of_tiles(wrong, part, x)


def test_the_groups_are_those_of_the_kernels() -> None:
    assert [kernels for kernels, _ in fast.GROUPS] == [len(m) for m in kernel_matrices()]
    assert fast.GROUPS[2][1] == fast.STEP**2
