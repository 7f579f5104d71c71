"""The small filter and what follows a modulated convolution, against formulas in float64 and the plain path."""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import forward_ad

from allaprima.ops import fast, scaled_bias_act_, upfirdn2d
from tests.conftest import assert_near

pytestmark = pytest.mark.skipif(not fast.available(), reason="NOT SHOWN: passes.c was not compiled here")

LANES = next((c for c in (4, 8, 16) if fast.divides(c)), 16)  # floats of a register
C = 2 * LANES
ROUNDING = 1e-6
Margins = tuple[int, int, int, int]


def last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def amid(x: Tensor, around: float) -> Tensor:
    """``x`` with as much memory before it and after it, all ``around``; no address is a multiple of a register."""
    n, c, h, w = x.shape
    memory = torch.full((1 + 3 * x.numel(),), around)[1:].view(3 * n, h, w, c)
    return memory.permute(0, 3, 1, 2)[n : 2 * n].copy_(x)


@contextmanager
def plain() -> Iterator[None]:
    """PyTorch's steps alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast.library, "_library", lambda: None)
        yield


def spied(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """What a function of `fast` is called with, from here on."""
    original, calls = getattr(fast, name), []

    def spy(*arguments: Any, **keywords: Any) -> Any:
        calls.append(arguments)
        return original(*arguments, **keywords)

    monkeypatch.setattr(fast, name, spy)
    return calls


@pytest.fixture
def filterings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return spied(monkeypatch, "filter_channels_last")


@pytest.fixture
def bendings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return spied(monkeypatch, "bend_")


# ---- the filter


def filtered(x: Tensor, taps: Tensor, margins: Margins) -> Tensor:
    """What `filter_channels_last` says, in float64."""
    top, bottom, left, right = margins
    more, less = [max(m, 0) for m in margins], [max(-m, 0) for m in margins]
    wide = F.pad(x.double(), (more[2], more[3], more[0], more[1]))
    seen = wide[:, :, less[0] : wide.shape[2] - less[1], less[2] : wide.shape[3] - less[3]]
    assert seen.shape[2:] == (x.shape[2] + top + bottom, x.shape[3] + left + right)
    return F.conv2d(seen, taps.double().expand(x.shape[1], 1, *taps.shape), groups=x.shape[1])


@st.composite
def calls(draw: st.DrawFn) -> tuple[Tensor, Tensor, Margins]:
    """Feature maps, taps and margins that leave at least one pixel; a row of four taps has a way of its own."""
    size, taps = (
        draw(st.tuples(st.integers(1, 6), st.integers(1, 17))),
        (draw(st.integers(1, 5)), draw(st.integers(1, 5))),
    )
    margins = []
    for axis in (0, 1):
        before = draw(st.integers(-3, 4))
        fewest = taps[axis] - size[axis] - before
        margins += [before, draw(st.integers(max(fewest, -3), max(fewest, -3) + 5))]
    x = torch.randn(draw(st.integers(1, 3)), LANES * draw(st.integers(1, 3)), *size)
    return amid(x, math.nan), torch.randn(taps), (margins[0], margins[1], margins[2], margins[3])


@given(calls())
def test_the_filter_is_the_correlation(call: tuple[Tensor, Tensor, Margins]) -> None:
    y = fast.filter_channels_last(*call)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert_near(y, filtered(*call), ROUNDING)


@pytest.mark.parametrize("left", [-5, -1, 0, 1, 3, 4])
@pytest.mark.parametrize("width", [6, 7, 8, 11, 14, 15])
@pytest.mark.parametrize("rows", [1, 4, 6])
def test_four_columns_of_four_taps_are_computed_together_without_a_seam(rows: int, width: int, left: int) -> None:
    x, taps = amid(torch.randn(2, C, 5, width), math.nan), torch.randn(rows, 4)
    for right in (-2, 0, 3):
        if width + left + right >= 4:
            margins = (2, 1, left, right)
            assert_near(fast.filter_channels_last(x, taps, margins), filtered(x, taps, margins), ROUNDING)


MARGINS: list[Margins] = [(0, 0, 0, 0), (2, 1, 2, 1), (1, 3, 0, 2), (-1, 2, 3, -2), (-2, -1, -1, -2), (4, 4, 4, 4)]


@pytest.mark.parametrize("margins", MARGINS, ids=str)
@pytest.mark.parametrize("size", [(4, 4), (1, 1), (2, 3)], ids=str)
def test_the_filter_pads_and_crops_each_side_by_itself(size: tuple[int, int], margins: Margins) -> None:
    x, taps = amid(torch.randn(2, C, 7, 8), math.nan), torch.randn(size)
    assert_near(fast.filter_channels_last(x, taps, margins), filtered(x, taps, margins), ROUNDING)


TAPS = {
    "transposed": lambda: torch.randn(3, 2).T,
    "every second": lambda: torch.randn(4, 6)[::2, ::2],
    "one number": lambda: torch.randn(1, 1).expand(2, 3),
}


@pytest.mark.parametrize("taps", TAPS.values(), ids=TAPS)
def test_taps_may_lie_in_memory_as_they_like(taps: Callable[[], Tensor]) -> None:
    x, f = last(torch.randn(2, C, 5, 6)), taps()
    assert not f.is_contiguous()
    assert_near(fast.filter_channels_last(x, f, (1, 0, 1, 1)), filtered(x, f, (1, 0, 1, 1)), ROUNDING)


def test_what_is_no_number_spreads_as_in_pytorch() -> None:
    x, f = last(torch.randn(1, C, 9, 9)), torch.tensor([[1.0, -2.0], [0.0, 3.0]])
    x[0, 0, 2, 2], x[0, 1, 0, 0], x[0, 2, 8, 8], x[0, 2, 8, 7] = math.nan, math.inf, -math.inf, math.inf
    with plain():
        expected = upfirdn2d(x, f, padding=1)
    torch.testing.assert_close(upfirdn2d(x, f, padding=1), expected, equal_nan=True)
    assert expected.isnan().sum() > 4


# ---- through upfirdn2d


KEYWORDS: list[dict[str, Any]] = [
    {"padding": (2, 1, 2, 1)},
    {"padding": (1, 0, -1, 3), "flip_filter": True, "gain": 4.0},
    {"padding": (-1, -2, 0, 2), "gain": 0.5},
    {"padding": 0, "flip_filter": True},
]


@pytest.mark.parametrize("keywords", KEYWORDS, ids=str)
@pytest.mark.parametrize("size", [(4, 4), (1, 1), (2, 3)], ids=str)
def test_upfirdn2d_and_its_gradients_are_those_of_float64(
    size: tuple[int, int], keywords: dict[str, Any], filterings: list[Any]
) -> None:
    f, x = torch.randn(size), last(torch.randn(2, LANES, 7, 8))
    y = upfirdn2d(x, f, **keywords)
    weight, direction = last(torch.randn_like(y)), last(torch.randn_like(x))

    def values(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        variable = x.to(dtype).requires_grad_()
        y = upfirdn2d(variable, f, **keywords)
        (first,) = torch.autograd.grad((y**3 * weight.to(dtype)).sum(), variable, create_graph=True)
        (second,) = torch.autograd.grad((first * direction.to(dtype)).sum(), variable)
        return y.detach(), first.detach(), second

    del filterings[:]
    ours = values(torch.float32)
    assert len(filterings) == 4  # forwards, backwards, and in the second gradient once more in each direction
    exact = values(torch.float64)
    assert len(filterings) == 4
    for found, wanted in zip(ours, exact, strict=True):
        assert_near(found, wanted, 3e-6)


def test_what_the_pass_has_no_way_to_do_is_left_to_pytorch(filterings: list[Any]) -> None:
    x, f = last(torch.randn(1, C, 6, 6)), torch.randn(2, 2)
    others: list[dict[str, Any]] = [{"f": f, "up": 2}, {"f": f, "down": (1, 2)}, {"f": f[0]}, {"f": f.double()}]
    for keywords in others:
        upfirdn2d(x, **keywords)
    upfirdn2d(x.contiguous(), f)
    assert not filterings
    upfirdn2d(x, f)
    assert len(filterings) == 1


@pytest.mark.parametrize("padding", [(-3, -2, 0, 0), (0, 0, -6, 0), (-9, 4, 0, 0), (-2, -2, -3, -3), (0, 0, -9, 3)])
@pytest.mark.parametrize("taps", [1, 2])
def test_crops_that_leave_nothing_end_as_in_pytorch(padding: Margins, taps: int, filterings: list[Any]) -> None:
    x, f = last(torch.randn(2, C, 5, 6)), torch.ones(taps, taps)

    def end() -> str:
        try:
            return str(upfirdn2d(x, f, padding=padding).shape)
        except RuntimeError as error:
            return str(error)

    with plain():
        expected = end()
    assert end() == expected
    assert not filterings


@pytest.mark.parametrize("padding", [(-5, 3, 0, 0), (-9, 8, 0, 0), (0, 0, 6, -8)], ids=str)
def test_crops_that_leave_only_padding_leave_zeros(padding: Margins, filterings: list[Any]) -> None:
    y = upfirdn2d(last(torch.randn(2, C, 5, 6)), torch.ones(2, 2), padding=padding)
    assert y.numel() > 0
    assert y.count_nonzero() == 0
    assert filterings


# ---- scale, noise, bias, activation, gain and clamp


def bent(
    x: Tensor,
    scale: Tensor | None,
    noise: Tensor | None,
    bias: Tensor | None,
    *,
    slope: float,
    gain: float,
    clamp: float | None,
) -> Tensor:
    """What `bend_` says, in float64."""
    y = x.double()
    y = y if scale is None else y * scale.double()[:, :, None, None]
    y = y if noise is None else y + noise.double()
    y = y if bias is None else y + bias.double()[:, None, None]
    y = gain * torch.where(y > 0, y, slope * y)
    return y if clamp is None else y.clamp(-clamp, clamp)


N, H, W = 3, 4, 5


@pytest.mark.parametrize("clamp", [None, 0.5, 0.0])
@pytest.mark.parametrize("slope", [0.2, 1.0, 0.0])
@pytest.mark.parametrize("noises", [0, 1, N])
def test_bending_is_its_formula(noises: int, slope: float, clamp: float | None) -> None:
    given = (torch.randn(N, C), torch.randn(noises, 1, H, W) if noises else None, torch.randn(C))
    for scale, bias, gain in itertools.product((given[0], None), (given[2], None), (1.0, 1.7, -0.6)):
        x = amid(torch.randn(N, C, H, W), 7.0)
        line: dict[str, Any] = {"slope": slope, "gain": gain, "clamp": clamp}
        expected = bent(x, scale, given[1], bias, **line)
        fast.bend_(x, scale, given[1], bias, **line)
        assert_near(x, expected, ROUNDING)
        memory = torch.empty(0).set_(x.untyped_storage())
        assert memory[1:].eq(7).sum() == 2 * x.numel()


@pytest.mark.parametrize("clamp", [None, 0.5, 0.0])
@pytest.mark.parametrize(
    ("activation", "slope", "gain"), [("linear", 1, 1), ("lrelu", 0.2, 2**0.5), ("relu", 0, 2**0.5)]
)
def test_in_place_each_activation_is_bent_in_one_pass(
    activation: str, slope: float, gain: float, clamp: float | None, bendings: list[Any]
) -> None:
    for noises, own in itertools.product((1, N), (None, 0.3)):
        x, given = last(torch.randn(N, C, H, W)), (torch.randn(N, C), torch.randn(noises, 1, H, W), torch.randn(C))
        expected = bent(x, *given, slope=slope, gain=own or gain, clamp=clamp)
        with torch.no_grad():
            assert scaled_bias_act_(x, *given, activation=activation, gain=own, clamp=clamp) is x
        assert_near(x, expected, ROUNDING)
    assert len(bendings) == 4


NUMBERS = (math.nan, math.inf, -math.inf, 0.0, -0.0, 3e38, -3e38, 1.5, -1.5)


@pytest.mark.parametrize("clamp", [None, 0.5, 0.0, math.inf])
@pytest.mark.parametrize("activation", ["linear", "lrelu", "relu"])
def test_what_is_no_number_ends_as_in_pytorch(activation: str, clamp: float | None, bendings: list[Any]) -> None:
    columns = torch.tensor(NUMBERS)
    c = -(-2 * len(NUMBERS) // LANES) * LANES  # each by itself: scale and bias in one step have no infinity in between
    x = last(columns.expand(1, c, len(NUMBERS), -1).clone())
    noise, zeros = columns[:, None].expand(1, 1, -1, len(NUMBERS)), torch.zeros(1, 1, len(NUMBERS), len(NUMBERS))
    scale, bias = torch.ones(1, c), torch.zeros(c)
    scale[0, : len(NUMBERS)] = bias[-len(NUMBERS) :] = columns
    for number, some in enumerate(itertools.product((scale, None), (noise, zeros, None), (bias, None)), start=1):
        ours, theirs = last(x.clone()), last(x.clone())
        with torch.no_grad():
            scaled_bias_act_(ours, *some, activation=activation, clamp=clamp)
            with plain():
                scaled_bias_act_(theirs, *some, activation=activation, clamp=clamp)
        torch.testing.assert_close(ours, theirs, equal_nan=True, rtol=1e-6, atol=0)
        assert len(bendings) == number


VIEWS = {
    "some images of more": lambda: last(torch.randn(5, C, H, W))[1:3],
    "every fourth image": lambda: last(torch.randn(4, C, H, W))[::4],
    "a view of rows of pixels": lambda: torch.randn(2, H, W, C).permute(0, 3, 1, 2),
    "single pixels": lambda: torch.randn(3, C, 1, 1),
    "one row": lambda: last(torch.randn(2, C, 1, W)),
    "one column": lambda: last(torch.randn(2, C, H, 1)),
    "where registers do not begin": lambda: torch.randn(2 * H * W * C + 3)[3:].view(2, H, W, C).permute(0, 3, 1, 2),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_views_with_channels_last_are_bent_in_their_place(view: Callable[[], Tensor]) -> None:
    x = view()
    n, _, h, w = x.shape
    given = (torch.randn(n, C), torch.randn(n, 1, h, w), torch.randn(C))
    line = {"slope": 0.2, "gain": 1.3, "clamp": 2.0}
    expected = bent(x, *given, **line)
    assert fast.serves(x, *given)
    fast.bend_(x, *given, **line)
    assert_near(x, expected, ROUNDING)


LYING = {
    "transposed": lambda: (torch.randn(C, N).T, torch.randn(N, 1, W, H).transpose(2, 3), torch.randn(C, 2)[:, 1]),
    "expanded": lambda: (torch.randn(1, C).expand(N, C), torch.randn(N, 1, 1, W).expand(N, 1, H, W), torch.randn(C)),
    "one for all": lambda: (torch.randn(N, 1).expand(N, C), torch.randn(1, 1, H, W).expand(N, 1, H, W), torch.randn(C)),
    "one number": lambda: (torch.randn(1, 1).expand(N, C), torch.randn(1, 1, 1, 1).expand(1, 1, H, W), torch.ones(1)),
    "reversed": lambda: (
        torch.randn(N, 2 * C)[:, ::2],
        torch.randn(2 * N, 1, H, 2 * W)[::2, :, :, 1::2],
        torch.randn(C),
    ),
}


@pytest.mark.parametrize("given", LYING.values(), ids=LYING)
def test_scale_noise_and_bias_may_lie_in_memory_as_they_like(given: Callable[[], tuple[Tensor, ...]]) -> None:
    x, (scale, noise, bias) = last(torch.randn(N, C, H, W)), given()
    bias = bias.expand(C)
    assert not scale.is_contiguous()
    assert not noise.is_contiguous()
    line = {"slope": 0.2, "gain": 1.0, "clamp": None}
    expected = bent(x, scale, noise, bias, **line)
    fast.bend_(x, scale, noise, bias, **line)
    assert_near(x, expected, ROUNDING)


def test_autograd_notices_that_what_it_keeps_is_bent() -> None:
    x = last(torch.randn(1, C, 3, 3)).requires_grad_()
    y = x * 2
    z = y.square()  # keeps y
    with torch.no_grad():
        scaled_bias_act_(y, torch.full((1, C), 2.0), activation="lrelu")
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_in_inference_mode_all_is_the_same(filterings: list[Any], bendings: list[Any]) -> None:
    x, f, scale = last(torch.randn(2, C, 5, 6)), torch.randn(2, 3), torch.randn(2, C)
    with torch.inference_mode():
        y = scaled_bias_act_(upfirdn2d(x, f, padding=1), scale, activation="lrelu")
        made = scaled_bias_act_(last(x + 1), scale, clamp=0.5)
    assert len(filterings) == 1
    assert len(bendings) == 2
    straight = filtered(x, f.flip(0, 1), (1, 1, 1, 1))
    assert_near(y, bent(straight, scale, None, None, slope=0.2, gain=2**0.5, clamp=None), ROUNDING)
    assert_near(made, bent(x + 1, scale, None, None, slope=1, gain=1, clamp=0.5), ROUNDING)


def test_what_the_pass_does_not_bend_is_left_to_pytorch(bendings: list[Any]) -> None:
    x, scale = last(torch.randn(1, C, 3, 3)), torch.randn(1, C)
    scaled_bias_act_(x, scale)  # a gradient may be wanted
    with torch.no_grad():
        scaled_bias_act_(x, scale, activation="swish")
        scaled_bias_act_(x, scale, gain=-1.0)
        scaled_bias_act_(x.clone(), scale, clamp=-1.0)
        scaled_bias_act_(x.contiguous(), scale)
        scaled_bias_act_(last(x.double()), scale.double())
    assert not bendings


# ---- what a program may have set


def test_the_default_type_of_numbers_does_not_matter() -> None:
    x, f = last(torch.randn(2, C, 5, 6)), torch.randn(2, 2)
    expected = filtered(x, f.flip(0, 1), (1, 0, 0, 1)), 1.5 * x.double()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        y = upfirdn2d(x, f, padding=(1, 0, 0, 1))
        with torch.no_grad():
            scaled_bias_act_(x, gain=1.5)
    finally:
        torch.set_default_dtype(before)
    assert y.dtype == torch.float32
    assert_near(y, expected[0], ROUNDING)
    assert_near(x, expected[1], ROUNDING)


def test_the_default_device_does_not_matter(bendings: list[Any], filterings: list[Any]) -> None:
    x, f = last(torch.randn(2, C, 5, 6)), torch.randn(2, 2)
    expected = bent(filtered(x, f.flip(0, 1), (1, 0, 0, 1)), None, None, None, slope=0.2, gain=1.5, clamp=None)
    with torch.device("meta"), torch.no_grad():
        y = scaled_bias_act_(upfirdn2d(x, f, padding=(1, 0, 0, 1)), activation="lrelu", gain=1.5)
    assert_near(y, expected, ROUNDING)
    assert len(filterings) == len(bendings) == 1


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # PyTorch's own, in its forward mode
def test_tangents_are_bent_too() -> None:
    with forward_ad.dual_level(), torch.no_grad():
        x = forward_ad.make_dual(last(torch.randn(1, C, 3, 3)), last(torch.ones(1, C, 3, 3)))
        y = scaled_bias_act_(x, gain=1.5)
        assert forward_ad.unpack_dual(y).tangent.eq(1.5).all()


@pytest.mark.parametrize(
    ("scale", "noise", "bias"),
    [((1, C), None, None), (None, (1, 1, 1, 1), None), (None, (2, 1, 3, 3), None), (None, None, (1,))],
)
def test_shapes_that_would_be_read_beyond_are_refused(
    scale: tuple[int, ...] | None, noise: tuple[int, ...] | None, bias: tuple[int, ...] | None
) -> None:
    x, given = last(torch.randn(3, C, 3, 3)), [None if s is None else torch.ones(s) for s in (scale, noise, bias)]
    assert fast.fits(x, torch.ones(3, C), torch.ones(3, 1, 3, 3), torch.ones(C))
    assert not fast.fits(x, *given)


def test_nobody_is_served_where_numbers_are_cast_by_themselves() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not fast.serves(last(torch.randn(3, C, 3, 3)))


@st.composite
def enlargings(draw: st.DrawFn) -> tuple[Tensor, Tensor, Margins, bool]:
    n, c = draw(st.integers(1, 2)), draw(st.integers(1, 4))
    size = (draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 3, 8, 255, 256, 257, 513])))
    taps = (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    padding = draw(st.tuples(*(st.integers(-3, 6) for _ in range(4))))
    return torch.randn(n, c, *size), torch.randn(taps), padding, draw(st.booleans())


def size_of_enlarged(x: Tensor, f: Tensor, padding: Margins) -> tuple[int, int]:
    top, bottom, left, right = padding
    return 2 * x.shape[2] + top + bottom - f.shape[0] + 1, 2 * x.shape[3] + left + right - f.shape[1] + 1


@given(enlargings())
def test_images_are_enlarged_plane_by_plane_as_defined(given: tuple[Tensor, Tensor, Margins, bool]) -> None:
    x, f, padding, flip = given
    size = size_of_enlarged(x, f, padding)
    assume(min(size) > 0)
    found = upfirdn2d(x, f, up=2, padding=padding, flip_filter=flip, gain=1.7)
    top, bottom, left, right = padding
    zeros = torch.zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3], dtype=torch.float64)
    zeros[:, :, ::2, ::2] = x
    kernel = (f if flip else f.flip(0, 1)).double().expand(x.shape[1], 1, *f.shape)
    expected = 1.7 * F.conv2d(F.pad(zeros, (left, right, top, bottom)), kernel, groups=x.shape[1])
    assert found.shape[2:] == size
    assert_near(found, expected, ROUNDING)


@pytest.mark.parametrize(
    ("channels", "up", "taps", "served"),
    [(4, 2, (4, 4), 1), (5, 2, (4, 4), 0), (3, 4, (4, 4), 0), (3, (2, 1), (4, 4), 0), (3, 2, (9,), 0)],
)
def test_planes_are_enlarged_of_images_by_two_only(
    channels: int, up: int | tuple[int, int], taps: tuple[int, ...], served: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = spied(monkeypatch, "enlarge_planes")
    x, f = torch.randn(2, channels, 5, 6), torch.rand(taps)
    expected = upfirdn2d(x.double(), f.double(), up=up, padding=3)
    assert len(calls) == 0  # float64 is PyTorch's
    for layout in (torch.contiguous_format, torch.channels_last):
        assert_near(upfirdn2d(x.contiguous(memory_format=layout), f, up=up, padding=3), expected, ROUNDING)
    assert len(calls) == 2 * served


def test_no_image_and_no_pixel_are_enlarged_to_nothing() -> None:
    assert upfirdn2d(torch.randn(0, 3, 4, 4), torch.ones(2, 2), up=2).shape == (0, 3, 7, 7)
