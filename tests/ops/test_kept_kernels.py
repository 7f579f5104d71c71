"""Kernels that are kept between images: the same convolutions, and nothing stale."""

import copy
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from allaprima.allocator import is_of_a_file
from allaprima.layers.style import StyledConv2d
from allaprima.ops import (
    conv2d,
    cpu_choice,
    fast,
    kept_kernels,
    kept_tiles,
    modulated_conv2d,
    packed,
    setup_filter,
    upfirdn2d,
    upsampling_conv2d,
)
from allaprima.ops.kept_conv import kept_conv2d, kept_enlarging_conv2d
from allaprima.ops.kept_kernels import KeptKernels
from allaprima.ops.modulated_conv import demodulation
from allaprima.ops.parts import equal_parts
from allaprima.ops.resampled_conv import upsampling_conv2d as enlarge

EVERYTHING = 2**40


@pytest.fixture(autouse=True, params=["compiled", "plain"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test with the compiled passes, where they are, and without them."""
    if request.param == "plain":
        monkeypatch.setattr(fast.library, "_library", lambda: None)
    elif not fast.available():
        pytest.skip("passes.c was not compiled here")
    return str(request.param)


def everything() -> KeptKernels:
    return KeptKernels(EVERYTHING, thrifty=False)


def kernel(o: int, i: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(o, i, 3, 3))


@contextmanager
def painting(kept: KeptKernels) -> Iterator[None]:
    with kept, torch.no_grad():
        yield


def close(found: Tensor, expected: Tensor) -> bool:
    return bool((found.double() - expected.double()).abs().max() <= 1e-4 * expected.double().abs().max())


SHAPES = [  # n, i, o, h, w
    (1, 128, 128, 16, 16),
    (2, 128, 144, 17, 21),
    (2, 128, 160, 17, 21),
    (1, 130, 128, 40, 7),
    (3, 128, 128, 9, 14),
    (1, 128, 128, 36, 34),
    (1, 8, 5, 20, 12),
    (5, 16, 3, 4, 4),
    (2, 256, 256, 3, 5),
]


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions_are_those_of_the_definition(shape: tuple[int, ...], padding: int) -> None:
    n, i, o, h, w = shape
    x, weight, kept = torch.randn(n, i, h, w), kernel(o, i), everything()
    expected = F.conv2d(x.double(), weight.detach().double(), padding=padding)
    for layout in (torch.contiguous_format, torch.channels_last):
        with painting(kept):
            y = conv2d(x.contiguous(memory_format=layout), weight, padding=padding)
        assert y.shape == expected.shape
        assert close(y, expected)
    assert kept.nbytes > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_enlarging_is_that_of_the_definition(shape: tuple[int, ...], engine: str) -> None:
    n, i, o, h, w = shape
    x, weight, kept, f = torch.randn(n, i, h, w), kernel(o, i), everything(), setup_filter([1, 3, 3, 1])
    expected = enlarge(x.double(), weight.detach().double(), f.double())
    with painting(kept):
        y = upsampling_conv2d(x, weight, f)
    in_tiles = engine == "compiled" and min(i, o) >= 128 and n * h * w >= 256 and i % 16 == 0
    assert kept.nbytes == (9 * i * fast.in_whole_panels(o) * 4 if in_tiles else weight.nbytes)
    assert close(y, expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_layers_that_enlarge_are_those_of_the_definition(shape: tuple[int, ...], engine: str) -> None:
    n, i, o, h, w = shape
    layer = StyledConv2d(i, o, w_dim=7, size=(2 * h, 2 * w), up=True).requires_grad_(False)
    x, latents, kept = torch.randn(n, i, h, w), torch.randn(n, 7), everything()
    exact = copy.deepcopy(layer).double()
    expected = exact(x.double(), latents.double(), noise_mode="none")
    with painting(kept):
        assert close(layer(x, latents, noise_mode="none"), expected)
    squares = o * i * 4
    in_tiles = engine == "compiled" and min(i, o) >= 128 and n * h * w >= 256 and i % 16 == 0
    if in_tiles:  # of one large image too, for the style is no reason to scale the kernel
        assert kept.nbytes == 9 * i * fast.in_whole_panels(o) * 4 + squares
    else:  # the style is on one large image's kernel, which then is another each time
        scaled = n == 1 and 2 * layer.weight.numel() < x.numel()
        assert kept.nbytes == squares + (0 if scaled else layer.weight.nbytes)


@pytest.mark.parametrize("shape", SHAPES)
def test_modulated_convolutions_are_those_of_the_definition(shape: tuple[int, ...]) -> None:
    n, i, o, h, w = shape
    x, weight, style, kept = torch.randn(n, i, h, w), kernel(o, i), torch.randn(n, i), everything()
    expected = modulated_conv2d(x.double(), weight.detach().double(), style.double())
    with painting(kept):
        assert close(modulated_conv2d(x, weight, style), expected)
        assert close(demodulation(weight, style), demodulation(weight.double(), style.double()))
    large = (
        n == 1 and weight.numel() < x.numel() and min(i, o) < 128
    )  # then the kernel is scaled, and another each time
    assert (kept.nbytes > weight.nbytes) == (not large)
    assert kept.nbytes >= o * i * 4  # the sums of squares


@pytest.mark.parametrize("tiles", [0, 6, 40])  # at once
def test_strips_cover_images_that_they_do_not_divide(tiles: int, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "tiles_at_once", lambda *_: tiles)
    monkeypatch.setattr(kept_tiles, "STRIP", 36 * 128 * tiles)
    monkeypatch.setattr(kept_tiles, "TILES", tiles)
    monkeypatch.setattr(kept_tiles, "PART", 36 * 128 * 48)  # parts of the output's channels that overlap
    x, weight, style = torch.randn(5, 128, 26, 11), kernel(136, 128), torch.randn(5, 128)
    expected = F.conv2d((x * style[:, :, None, None]).double(), weight.detach().double(), padding=1)
    with painting(everything()):
        y = kept_conv2d(x, weight, padding=1, style=style)
    assert y is not None
    assert close(y, expected)


@pytest.mark.parametrize("padding", [(1, 1, 1, 1), (0, 3, 2, 1), (3, 0, 0, 4)], ids=str)
@pytest.mark.parametrize("taps", [[1.0, 3, 3, 1], [1.0, 1], [1.0, 2, 3, 3, 2, 1], [2.0]], ids=str)
@pytest.mark.parametrize("tiles", [1, 6, 33, 10**4])  # at once
def test_bands_of_tiles_are_enlarged_and_filtered_without_a_seam(
    tiles: int, taps: list[float], padding: tuple[int, int, int, int], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "tiles_at_once", lambda *_: tiles)
    weight, f, kept = kernel(144, 128), setup_filter(taps) * torch.rand(len(taps), len(taps)), everything()
    for size in ((1, 128, 26, 11), (1, 128, 16, 16), (3, 128, 9, 10)):
        x, style = torch.randn(size), torch.randn(size[:2])
        painted = F.conv_transpose2d(
            (x * style[:, :, None, None]).double(), weight.detach().double().transpose(0, 1), stride=2
        )
        expected = upfirdn2d(painted, f.double(), padding=padding, gain=4)
        with painting(kept):
            y = kept_enlarging_conv2d(x, weight, f, padding, style=style)
        assert ("taps", id(weight)) in kept._entries or engine == "plain"
        assert y is not None
        assert close(y, expected)


@pytest.mark.parametrize(
    ("f", "padding"),
    [
        (torch.rand(8, 8), (1, 1, 1, 1)),
        (torch.rand(9), (4, 4, 4, 4)),
        (torch.rand(4, 4), (1, -1, 0, 2)),
        (torch.rand(4, 4), (-9, 1, 1, 1)),
    ],
)
def test_filters_that_bands_of_tiles_cannot_take_follow_them(
    f: Tensor, padding: tuple[int, int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "tiles_at_once", lambda *_: 6)
    x, weight = torch.randn(1, 128, 17, 16), kernel(128, 128)
    painted = F.conv_transpose2d(x.double(), weight.detach().double().transpose(0, 1), stride=2)
    with painting(everything()):
        y = kept_enlarging_conv2d(x, weight, f, padding)
    assert y is not None
    assert close(y, upfirdn2d(painted, f.double(), padding=padding, gain=4))


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("o", [320, 304])  # panels, and some that are not whole
@pytest.mark.parametrize("size", [(1, 256, 4, 4), (3, 256, 9, 9), (1, 288, 16, 16), (2, 256, 3, 5), (1, 272, 3, 3)])
def test_small_images_are_convolved_by_products(
    size: tuple[int, ...], o: int, padding: int, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_choice, "KEPT_PIXELS", 10**4)
    monkeypatch.setattr(cpu_choice, "transforming_kept_kernels_pays", lambda *_: False)
    x, style, weight, kept = torch.randn(size), torch.randn(size[:2]), kernel(o, size[1]), everything()
    expected = F.conv2d(x.double(), weight.detach().double(), padding=padding)
    with painting(kept):
        assert close(conv2d(x, weight, padding=padding), expected)
        styled = kept_conv2d(x, weight, padding=padding, style=style)
    assert kept.nbytes == weight.nbytes
    by_products = engine == "compiled" and o == fast.in_whole_panels(o)
    assert (("taps", id(weight)) in kept._entries) == by_products
    assert (styled is None) == (not by_products)
    if styled is not None:
        expected = F.conv2d((x * style[:, :, None, None]).double(), weight.detach().double(), padding=padding)
        assert close(styled, expected)


@pytest.mark.parametrize("size", [(1, 256, 2, 2), (300, 256, 1, 9), (300, 256, 2, 2)])
def test_images_smaller_than_the_kernel_are_refused_as_ever(size: tuple[int, ...], engine: str) -> None:
    with painting(everything()), pytest.raises(RuntimeError, match="greater than actual input size"):
        conv2d(torch.randn(size), kernel(256, 256), padding=0)


@pytest.mark.parametrize("channels", [(128, 3), (24, 4), (32, 1), (64, 16), (64, 17)])
@pytest.mark.parametrize("size", [(1, 7, 5), (3, 16, 16)])
def test_colours_are_those_of_the_definition(
    size: tuple[int, ...], channels: tuple[int, int], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (n, h, w), (i, o) = size, channels
    x, style, weight = torch.randn(n, i, h, w), torch.randn(n, i), nn.Parameter(torch.randn(o, i, 1, 1))
    expected = modulated_conv2d(x.double(), weight.detach().double(), style.double(), demodulate=False)
    for layout in (torch.contiguous_format, torch.channels_last):
        with painting(everything()):
            assert close(
                modulated_conv2d(x.contiguous(memory_format=layout), weight, style, demodulate=False), expected
            )
            by_a_pass = kept_conv2d(x, weight, padding=0, style=style)
        assert (by_a_pass is not None) == (engine == "compiled" and fast.divides(i) and o <= 16)
    assert kept_conv2d(x, weight, padding=0, style=style) is None  # where no store is in force


ONE_STYLE = """
import torch
from allaprima.ops import KeptKernels
from allaprima.ops import setup_filter, upsampling_conv2d
from allaprima.ops.kept_conv import kept_conv2d, kept_enlarging_conv2d
x, style, f = torch.randn(3, 128, 16, 16), torch.randn(1, 128), setup_filter([1, 3, 3, 1])
weight = torch.nn.Parameter(torch.randn(128, 128, 3, 3))
with KeptKernels(2**40, thrifty=False), torch.no_grad():
    y = kept_conv2d(x, weight, padding=1, style=style)
    enlarged = kept_enlarging_conv2d(x, weight, f, (1, 1, 1, 1), style=style)
    colours = kept_conv2d(x, torch.nn.Parameter(torch.randn(3, 128, 1, 1)), padding=0, style=style)
    expected = torch.nn.functional.conv2d(x * style[:, :, None, None], weight, padding=1)
    wanted = upsampling_conv2d(x * style[:, :, None, None], weight.detach(), f)
print(colours is None)
for y, expected in ((y, expected), (enlarged, wanted)):
    print(((y - expected).abs().max() < 1e-4 * expected.abs().max()).item())
"""


def test_one_style_for_all_images_is_not_read_as_one_for_each(engine: str) -> None:
    """As whoever calls without the checks of types that all other tests have may give it."""
    source = Path(kept_kernels.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(source), "ALLAPRIMA_FAST": "1" if engine == "compiled" else "0"}
    done = subprocess.run(
        [sys.executable, "-c", ONE_STYLE], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.split() == ["True", "True", "True"], done.stderr


@pytest.mark.parametrize(("length", "at_once"), [(1, 5), (7, 3), (8, 3), (16, 4), (11, 1), (5, 0), (3, 100)])
def test_parts_are_of_one_size_and_leave_nothing_out(length: int, at_once: int) -> None:
    parts = equal_parts(length, at_once)
    assert len({part.stop - part.start for part in parts}) == 1
    assert {at for part in parts for at in range(part.start, part.stop)} == set(range(length))
    assert max(1, at_once) >= parts[0].stop - parts[0].start


def test_other_numbers_of_images_follow_each_other(engine: str) -> None:
    weight, kept = kernel(128, 128), everything()
    for n in (1, 3, 1, 2):
        x = torch.randn(n, 128, 17, 16)
        with painting(kept):
            y = conv2d(x, weight)
        assert close(y, F.conv2d(x.double(), weight.detach().double(), padding=1))
    assert kept.nbytes == weight.nbytes * (1 if engine == "compiled" else 4)


def _added(weight: nn.Parameter) -> nn.Parameter:
    with torch.no_grad():
        weight.add_(1)
    return weight


def _loaded(weight: nn.Parameter) -> nn.Parameter:
    holder = nn.ParameterDict({"weight": weight})
    holder.load_state_dict({"weight": weight.detach() + 1})
    return weight


def _trained(weight: nn.Parameter) -> nn.Parameter:
    optimizer = torch.optim.Adam([weight], lr=1.0)
    weight.square().sum().backward()
    optimizer.step()
    weight.grad = None
    return weight


def _averaged(weight: nn.Parameter) -> nn.Parameter:
    with torch.no_grad():
        torch._foreach_lerp_([weight], [weight + 1], 0.5)
    return weight


def _through_its_state(weight: nn.Parameter) -> nn.Parameter:
    nn.ParameterDict({"weight": weight}).state_dict()["weight"].add_(1)
    return weight


def _given_other_data(weight: nn.Parameter) -> nn.Parameter:
    weight.data = weight.data + 1
    return weight


def _replaced(weight: nn.Parameter) -> nn.Parameter:
    return nn.Parameter(weight.detach() + 1)


CHANGES = [_added, _loaded, _trained, _averaged, _through_its_state, _given_other_data, _replaced]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("channels", [128, 8])
def test_a_changed_kernel_is_computed_anew(change: "type[_added]", channels: int) -> None:  # type: ignore[valid-type]
    weight, kept = kernel(channels, channels), everything()
    x, style, f = torch.randn(1, channels, 16, 16), torch.rand(1, channels), setup_filter([1, 3, 3, 1])
    works = (
        lambda weight: conv2d(x, weight),
        lambda weight: upsampling_conv2d(x, weight, f),
        lambda weight: demodulation(weight, style),
    )
    with painting(kept):
        before = [work(weight) for work in works]
    weight = change(weight)
    with painting(kept):
        after = [work(weight) for work in works]
    with torch.no_grad():
        expected = [work(weight) for work in works]
    for old, new, wanted in zip(before, after, expected, strict=True):
        assert close(new, wanted)
        assert not close(old, wanted)


def test_kernels_that_are_gone_are_not_kept() -> None:
    kept, x = everything(), torch.randn(1, 8, 6, 6)
    with painting(kept):
        for _ in range(5):
            conv2d(x, kernel(8, 8))
    assert kept.nbytes == 8 * 8 * 9 * 4


def test_nothing_is_kept_where_gradients_are_wanted() -> None:
    weight, kept = kernel(128, 128), everything()
    x = torch.randn(1, 128, 16, 16, requires_grad=True)
    with kept:
        y = modulated_conv2d(x, weight, torch.ones(1, 128))
        y.square().sum().backward()
    assert weight.grad is not None
    assert x.grad is not None
    assert kept.nbytes == 0


@pytest.mark.parametrize(
    "weight",
    [
        torch.randn(8, 8, 3, 3),
        nn.Parameter(torch.randn(8, 8, 3, 3, dtype=torch.float64)),
        nn.Parameter(torch.randn(8, 8, 1, 1)),
    ],
)
def test_nothing_is_kept_of_passing_tensors_and_other_numbers(weight: Tensor) -> None:
    kept = everything()
    with painting(kept):
        y = conv2d(torch.randn(1, 8, 6, 6, dtype=weight.dtype), weight)
    assert y.dtype == weight.dtype
    assert kept.nbytes == 0


def test_a_kernel_made_in_inference_mode_is_not_kept() -> None:
    with torch.inference_mode():
        weight, kept = kernel(8, 8), everything()
        with kept:
            assert conv2d(torch.randn(1, 8, 6, 6), weight).shape == (1, 8, 6, 6)
        assert kept.nbytes == 0


def test_no_more_than_the_limit_is_kept() -> None:
    first, second, x = kernel(8, 8), kernel(8, 8), torch.randn(1, 8, 6, 6)
    kept = KeptKernels(first.nbytes + 100)
    with painting(kept):
        for weight in (first, second, first, second):
            assert close(conv2d(x, weight), F.conv2d(x.double(), weight.detach().double(), padding=1))
    assert kept.nbytes == first.nbytes


def test_thrift_leaves_out_what_saves_little_for_its_size() -> None:
    weight, small = kernel(512, 512), kernel(32, 32)
    thrifty, lavish = KeptKernels(EVERYTHING), everything()
    for kept in (thrifty, lavish):
        with painting(kept):
            conv2d(torch.randn(1, 512, 4, 4), weight)
            conv2d(torch.randn(1, 32, 4, 4), small)
    assert thrifty.nbytes == small.nbytes
    assert lavish.nbytes == small.nbytes + weight.nbytes


def test_a_store_is_in_force_in_its_thread_and_block_only() -> None:
    weight, kept, x = kernel(8, 8), everything(), torch.randn(1, 8, 6, 6)
    with torch.no_grad():
        conv2d(x, weight)
        with kept:
            thread = threading.Thread(target=lambda: conv2d(x, kernel(8, 8).requires_grad_(False)))
            thread.start()
            thread.join()
        conv2d(x, weight)
    assert kept.nbytes == 0


def test_here_is_the_store_in_force_or_a_new_one() -> None:
    outer, inner = KeptKernels(), KeptKernels()
    with outer:
        with inner:
            assert KeptKernels.here() is inner
        assert KeptKernels.here() is outer
    assert KeptKernels.here() not in (outer, inner)
    assert KeptKernels.here(5).limit == 5


def test_a_pytorch_that_cannot_reorder_convolves_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "can_reorder", lambda: False)
    x, weight, kept, f = torch.randn(1, 128, 16, 16), kernel(128, 128), everything(), setup_filter([1, 3, 3, 1])
    with painting(kept):
        assert close(conv2d(x, weight), F.conv2d(x.double(), weight.detach().double(), padding=1))
        assert upsampling_conv2d(x, weight, f).shape == (1, 128, 32, 32)
    assert kept.nbytes == 0


@pytest.fixture
def of_a_file(tmp_path: Path) -> nn.Parameter:
    """A kernel of 9 MB that is mapped from a file, as `allaprima.load` gives them."""
    path = tmp_path / "kernel"
    torch.randn(512, 512, 3, 3).numpy().tofile(path)
    return nn.Parameter(torch.from_file(str(path), shared=False, size=512 * 512 * 9).view(512, 512, 3, 3))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives pages back")
def test_a_kernel_of_a_file_costs_nothing_in_another_order_and_can_still_be_read(of_a_file: nn.Parameter) -> None:
    x, kept, values = torch.randn(1, 512, 4, 4), KeptKernels(), of_a_file.detach().clone()
    with painting(kept):
        y = conv2d(x, of_a_file)
    assert kept.nbytes == of_a_file.nbytes
    assert not is_of_a_file(of_a_file.data_ptr(), of_a_file.nbytes)  # no page of it is there
    assert close(y, F.conv2d(x.double(), values.double(), padding=1))
    assert torch.equal(of_a_file.detach(), values)
    _added(of_a_file)
    with painting(kept):
        assert close(conv2d(x, of_a_file), F.conv2d(x.double(), values.double() + 1, padding=1))
    assert torch.equal(of_a_file.detach(), values + 1)  # pages that were written to stay


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives pages back")
def test_a_second_store_keeps_as_much_of_a_file_as_the_first(of_a_file: nn.Parameter) -> None:
    for _ in range(2):
        kept = KeptKernels()
        with painting(kept):
            conv2d(torch.randn(1, 512, 4, 4), of_a_file)
        assert kept.nbytes == of_a_file.nbytes


def test_scratch_is_used_again_but_by_nobody_else_meanwhile() -> None:
    kept, like = KeptKernels(), torch.zeros(1)
    with kept.scratch(like, 100) as first, kept.scratch(like, 50) as second:
        assert first.shape == (100,)
        assert second.shape == (50,)
        assert first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()
        addresses = {block.data_ptr() for block in (first, second)}
    for numbers in (30, 50):
        with kept.scratch(like, numbers) as again, kept.scratch(like, numbers) as other:
            assert {again.data_ptr(), other.data_ptr()} == addresses
    with kept.scratch(like.double(), 10) as other:
        assert other.dtype == torch.float64
    with kept.scratch(like, 1000) as larger:
        assert larger.fill_(1).sum() == 1000


def test_scratch_of_work_that_failed_is_simply_gone() -> None:
    kept = KeptKernels()
    with pytest.raises(ZeroDivisionError), kept.scratch(torch.zeros(1), 10):
        1 / 0  # noqa: B018
    with kept.scratch(torch.zeros(1), 10) as block:
        assert block.shape == (10,)


def test_holes_are_given_back_when_kernels_were_made_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[None] = []
    monkeypatch.setattr(kept_kernels, "give_back_holes", lambda: told.append(None))
    weight, kept = kernel(8, 8), everything()
    with painting(kept):
        conv2d(torch.randn(1, 8, 6, 6), weight)
    assert len(told) == 2  # when it was made, and at the end
    with painting(kept):
        conv2d(torch.randn(1, 8, 6, 6), weight)
    assert len(told) == 2


def test_what_is_not_kept_is_not_asked_for_again(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    weight, kept, asked = kernel(512, 512), KeptKernels(), []
    monkeypatch.setattr(kept_kernels, "is_of_a_file", lambda *page: asked.append(page))
    with painting(kept):
        for _ in range(3):
            conv2d(torch.randn(1, 512, 4, 4), weight)
    assert len(asked) == (2 if engine == "compiled" else 1)  # for each order that it may be kept in
    assert kept.nbytes == 0


def test_another_kernel_at_the_same_place_is_another() -> None:
    kept, first = everything(), kernel(8, 8)
    second = nn.Parameter(first.data)  # the same memory, as if the first were gone and the second took its place
    kept.get("sum", first, lambda weight: (weight.sum(),), size=4, worth=1)
    kept._entries["sum", id(second)] = kept._entries.pop(("sum", id(first)))
    found = kept.get("sum", second, lambda weight: (weight.sum() + 1,), size=4, worth=1)
    assert found is not None
    assert torch.equal(found[0], second.sum() + 1)


def test_one_of_a_kind_is_kept_for_the_last_inputs() -> None:
    kept, weight, made = everything(), kernel(8, 8), []

    def make(weight: Tensor) -> tuple[Tensor, ...]:
        made.append(weight)
        return (weight.detach() * 2,)

    for about in ((1, 2), (1, 2), (1, 3), (1, 3), (1, 2)):
        kept.get("double", weight, make, size=weight.nbytes, worth=1, about=about)
    assert len(made) == 3
    assert kept.nbytes == weight.nbytes


def test_strips_suit_the_kernels() -> None:
    assert fast.tiles_at_once((512, 512)) == 256
    assert fast.tiles_at_once((512, 256)) == 170
    assert fast.tiles_at_once((512, 512), 49, 25) == 130
    assert fast.tiles_at_once((128, 128)) == 2**20 // (36 * 128)  # with few channels, what is worth a call
