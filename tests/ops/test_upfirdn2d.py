"""Laws of upfirdn2d, first among them: equality with its definition."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import downsample2d, filter2d, setup_filter, upfirdn2d, upsample2d
from tests.conftest import assert_near, read_reference

CASES = read_reference("ops_upfirdn2d").metadata["cases"]
BFLOAT16 = 2.0**-8  # half the distance between neighbouring numbers near 1


def by_definition(x: Tensor, f: Tensor, *, up: Any, down: Any, padding: Any, flip_filter: bool, gain: float) -> Tensor:
    """Every output pixel as a sum over the taps, in float64."""
    taps = (torch.outer(f, f) if f.ndim == 1 else f).double().numpy()
    if not flip_filter:
        taps = taps[::-1, ::-1]
    image, (k, m), (top, bottom, left, right) = x.double().numpy(), taps.shape, padding
    h, w = image.shape[2] * up[0], image.shape[3] * up[1]
    out = np.zeros((*x.shape[:2], (h + top + bottom - k) // down[0] + 1, (w + left + right - m) // down[1] + 1))
    for i, j in np.ndindex(out.shape[2:]):
        for a, b in np.ndindex(k, m):
            y, z = i * down[0] + a - top, j * down[1] + b - left
            if 0 <= y < h and 0 <= z < w and y % up[0] == 0 and z % up[1] == 0:
                out[:, :, i, j] += gain * taps[a, b] * image[:, :, y // up[0], z // up[1]]
    return torch.from_numpy(out)


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def calls(draw: st.DrawFn) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """An image, a filter and the keywords of a call whose output has at least one pixel."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    size, up, down = draw(st.tuples(st.integers(1, 6), st.integers(1, 6))), draw(pairs), draw(pairs)
    taps = draw(st.one_of(st.tuples(st.integers(1, 5)), st.tuples(st.integers(1, 5), st.integers(1, 5))))
    padding = []
    for axis in (0, 1):
        before = draw(st.integers(-2, 4))
        fewest = taps[axis % len(taps)] - size[axis] * up[axis] - before  # for one output pixel
        padding += [before, draw(st.integers(max(fewest, -2), max(fewest, -2) + 5))]
    x = torch.randn(2, 3, *size, generator=generator, dtype=torch.float64)
    f = torch.randn(*taps, generator=generator, dtype=torch.float64)
    keywords = {"up": up, "down": down, "padding": tuple(padding), "flip_filter": draw(st.booleans()), "gain": 1.5}
    return x, f, keywords


@settings(max_examples=200)
@given(calls())
def test_equals_the_definition(call: tuple[Tensor, Tensor, dict[str, Any]]) -> None:
    x, f, keywords = call
    torch.testing.assert_close(upfirdn2d(x, f, **keywords), by_definition(x, f, **keywords), atol=1e-10, rtol=1e-10)


@settings(max_examples=200)
@given(calls())
def test_gradient_is_the_adjoint(call: tuple[Tensor, Tensor, dict[str, Any]]) -> None:
    x, f, keywords = call
    Ax = upfirdn2d(x.requires_grad_(), f, **keywords)
    y = torch.randn_like(Ax)
    (ATy,) = torch.autograd.grad(Ax, x, y)
    torch.testing.assert_close((Ax * y).sum(), (x * ATy).sum(), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["key"])
def test_equals_the_reference(case: dict[str, Any]) -> None:
    tensors = read_reference("ops_upfirdn2d").tensors
    left, right, top, bottom = case["padding_x0_x1_y0_y1"]
    up, down = (pair if isinstance(pair, int) else tuple(reversed(pair)) for pair in (case["up"], case["down"]))
    y = upfirdn2d(
        tensors["x"],
        tensors[case["filter"]],
        up=up,
        down=down,
        padding=(top, bottom, left, right),
        flip_filter=case["flip_filter"],
        gain=case["gain"],
    )
    assert_near(y, tensors[case["key"]], 1e-5)


@pytest.mark.parametrize("resample", [filter2d, upsample2d, downsample2d])
def test_resampling_equals_the_reference(resample: Any) -> None:
    tensors = read_reference("ops_upfirdn2d").tensors
    f = setup_filter([1, 3, 3, 1])
    assert torch.equal(f, tensors["f_1331"])
    assert_near(resample(tensors["x"], f), tensors[f"{resample.__name__}_1331"], 1e-5)


KEYWORDS: list[dict[str, Any]] = [
    {"padding": 1, "flip_filter": True},
    {"up": 2, "padding": (2, 1, -1, 3), "gain": 4},
    {"down": (2, 1), "padding": (1, 2)},
    {"up": (1, 3), "down": 2, "padding": (-1, 3, 2, 2)},
]


@pytest.mark.parametrize("taps", [(3, 4), (3,)], ids=["2-D", "separable"])
@pytest.mark.parametrize("keywords", KEYWORDS, ids=str)
class TestOfEveryKind:
    """Up and down, whole and separable filters."""

    def test_is_linear(self, keywords: dict[str, Any], taps: tuple[int, ...]) -> None:
        f, (x, y) = torch.randn(taps), torch.randn(2, 2, 3, 5, 6, dtype=torch.float64)
        both = 2 * upfirdn2d(x, f, **keywords) - 3 * upfirdn2d(y, f, **keywords)
        torch.testing.assert_close(upfirdn2d(2 * x - 3 * y, f, **keywords), both)

    def test_gradient_and_second_gradient(self, keywords: dict[str, Any], taps: tuple[int, ...]) -> None:
        f, x = torch.randn(taps), torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
        assert gradcheck(lambda x: upfirdn2d(x, f, **keywords), x)
        assert gradgradcheck(lambda x: upfirdn2d(x, f, **keywords), x)

    def test_bfloat16_is_float32_rounded(self, keywords: dict[str, Any], taps: tuple[int, ...]) -> None:
        f, x = torch.randn(taps).bfloat16().float(), torch.randn(2, 3, 8, 9).bfloat16()
        y = upfirdn2d(x, f, **keywords)
        assert y.dtype == torch.bfloat16
        assert_near(y.float(), upfirdn2d(x.float(), f, **keywords), 3 * BFLOAT16)  # filter, rows, columns

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
    def test_memory_layout_does_not_matter(self, keywords: Any, taps: tuple[int, ...], dtype: torch.dtype) -> None:
        f, x = torch.randn(taps), torch.randn(2, 3, 8, 9).to(dtype)
        y = upfirdn2d(x.to(memory_format=torch.channels_last), f, **keywords)
        assert_near(y.float(), upfirdn2d(x, f, **keywords).float(), 1e-6 if dtype == torch.float32 else 2 * BFLOAT16)


@pytest.mark.parametrize("taps", [[1, 1], [1, 3, 3, 1], [1, 5, 10, 10, 5, 1], [1, 2, 4, 6, 6, 4, 2, 1]], ids=len)
def test_a_constant_image_keeps_its_value_away_from_the_border(taps: list[int]) -> None:
    f, x = setup_filter(taps), torch.full((1, 2, 16, 18), 0.7)
    assert upsample2d(x, f).shape == (1, 2, 32, 36)
    assert downsample2d(x, f).shape == (1, 2, 8, 9)
    for y in (filter2d(x, f), upsample2d(x, f), downsample2d(x, f)):
        inside = y[:, :, 4:-4, 4:-4]
        torch.testing.assert_close(inside, torch.full_like(inside, 0.7))


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("taps", [3, 4, 5, 6, 9])
def test_sizes_are_multiplied_and_divided_by_any_factor(taps: int, factor: int) -> None:
    f, x = setup_filter([1.0] * taps), torch.zeros(1, 1, 12, 18)
    assert upsample2d(x, f, up=factor).shape == (1, 1, 12 * factor, 18 * factor)
    assert downsample2d(x, f, down=factor).shape == (1, 1, 12 // factor, 18 // factor)


def test_an_odd_filter_is_centred_on_the_pixels_that_down_sampling_keeps() -> None:
    f, x = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]), torch.randn(1, 1, 8, 10)
    assert torch.equal(filter2d(x, f), x)
    assert torch.equal(downsample2d(x, f), x[:, :, ::2, ::2])


def test_without_a_filter_pixels_are_only_padded_and_kept() -> None:
    x = torch.randn(1, 1, 4, 6)
    assert torch.equal(upfirdn2d(x, None, down=2), x[:, :, ::2, ::2])
    assert torch.equal(upfirdn2d(x, None, padding=(0, -1, 1, 0)), torch.nn.functional.pad(x, (1, 0, 0, -1)))
    assert torch.equal(upfirdn2d(x, None, up=2)[:, :, ::2, ::2], x)


def test_a_pair_of_paddings_is_vertical_and_horizontal() -> None:
    assert upfirdn2d(torch.zeros(1, 1, 4, 6), None, padding=(1, 2)).shape == (1, 1, 6, 10)


def test_a_filter_that_wants_a_gradient_is_refused() -> None:
    with pytest.raises(ValueError, match="constant"):
        upfirdn2d(torch.zeros(1, 1, 4, 4), torch.ones(2, 2, requires_grad=True))


def test_few_taps_become_their_outer_product_many_stay_separable() -> None:
    assert setup_filter([1, 2, 1]).shape == (3, 3)
    assert setup_filter(range(1, 9)).shape == (8,)
    torch.testing.assert_close(setup_filter([1, 2, 1])[0], torch.tensor([1, 2, 1]) / 16)


@pytest.mark.parametrize("taps", [4, 8])
def test_the_gain_of_a_filter_is_the_gain_of_the_image(taps: int) -> None:
    x, plain, louder = torch.randn(1, 1, 9, 9), setup_filter([1.0] * taps), setup_filter([1.0] * taps, gain=3)
    torch.testing.assert_close(filter2d(x, louder), 3 * filter2d(x, plain))


def test_a_filter_may_keep_its_sum() -> None:
    assert setup_filter([1, 1], normalize=False).sum() == 4
