"""Which convolution a CPU gets; that all of them are the same one is said in `test_winograd.py`."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from allaprima.ops import conv2d, cpu_choice, resampled_conv
from allaprima.ops.cpu_choice import in_quick_layout, pays
from tests.conftest import assert_near

Pays = Callable[[torch.Tensor, torch.Tensor], bool]


@pytest.fixture(params=["AVX512", "AVX2"])
def capability(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: request.param)
    return str(request.param)


def test_pays_for_many_channels_and_pixels(capability: str) -> None:
    kernel = torch.zeros(128, 128, 3, 3)
    assert pays(torch.zeros(1, 128, 24, 24), kernel)
    assert pays(torch.zeros(8, 128, 8, 8), kernel)
    assert not pays(torch.zeros(1, 128, 8, 8), kernel)
    assert not pays(torch.zeros(1, 128, 24, 24), torch.zeros(3, 128, 3, 3))
    assert not pays(torch.zeros(1, 128, 24, 24), torch.zeros(128, 128, 1, 1))
    assert pays(torch.zeros(1, 64, 32, 32), torch.zeros(64, 64, 3, 3)) == (capability == "AVX2")


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_numbers_keep_the_convolution_of_pytorch(dtype: torch.dtype) -> None:
    assert not pays(torch.zeros(1, 128, 24, 24, dtype=dtype), torch.zeros(128, 128, 3, 3, dtype=dtype))


@pytest.mark.parametrize("padding", [0, 1, 2, 3])
def test_conv2d_is_the_same_either_way(monkeypatch: pytest.MonkeyPatch, padding: int) -> None:
    x, weight = torch.randn(2, 64, 17, 20), torch.randn(64, 64, 3, 3)
    monkeypatch.setattr(cpu_choice, "CHANNELS", {})
    assert pays(x, weight)
    assert_near(conv2d(x, weight, padding=padding), F.conv2d(x, weight, padding=padding), tolerance=2e-5)
    assert_near(conv2d(x[:, :, :4, :4], weight), F.conv2d(x[:, :, :4, :4], weight, padding=1), tolerance=2e-5)


def test_a_program_that_is_exported_has_one_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> torch.Tensor:
        raise AssertionError("not in an exported program")

    monkeypatch.setattr(resampled_conv, "winograd_conv2d", refuse)

    class Layer(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return conv2d(x, torch.ones(128, 128, 3, 3))

    program: Callable[[torch.Tensor], torch.Tensor] = torch.export.export(
        Layer(), (torch.ones(1, 128, 24, 24),)
    ).module()
    assert program(torch.ones(1, 128, 24, 24)).shape == (1, 128, 24, 24)


def test_layout(capability: str) -> None:
    x, small, kernel = torch.randn(1, 128, 16, 20), torch.randn(1, 128, 8, 8), torch.randn(128, 128, 3, 3)
    assert in_quick_layout(x, kernel).is_contiguous(memory_format=torch.channels_last)
    assert in_quick_layout(small, kernel) is small
    assert in_quick_layout(small.contiguous(memory_format=torch.channels_last), kernel).is_contiguous()
    assert in_quick_layout(torch.randn(1, 256, 16, 16), torch.randn(256, 256, 3, 3)).is_contiguous()
    kernel.requires_grad_()
    assert in_quick_layout(x, kernel).is_contiguous() == (capability == "AVX2")
    with torch.no_grad():
        assert in_quick_layout(x, kernel).is_contiguous(memory_format=torch.channels_last)
    assert in_quick_layout(x, torch.randn(8, 128, 3, 3, requires_grad=True)).is_contiguous(
        memory_format=torch.channels_last
    )


def test_kept_kernels_are_transformed_for_many_channels_or_large_images(monkeypatch: pytest.MonkeyPatch) -> None:
    def transformed(channels: int, size: int, pays: Pays = cpu_choice.transforming_kept_kernels_pays) -> bool:
        x, weight = torch.zeros(1, 1, size, size).expand(1, channels, size, size), torch.zeros(channels, channels, 3, 3)
        return pays(x, weight)

    for compiled in (False, True):
        monkeypatch.setattr(cpu_choice.fast, "available", lambda compiled=compiled: compiled)
        monkeypatch.setattr(cpu_choice.fast, "divides", lambda *_, compiled=compiled: compiled)
        assert [transformed(128, size) for size in (7, 8, 16, 256)] == [False, compiled, True, True]
        assert [transformed(64, size) for size in (16, 128, 256)] == [False, False, compiled]
        assert not transformed(32, 256)
        to_enlarge = cpu_choice.transforming_to_enlarge_pays
        assert [transformed(128, size, to_enlarge) for size in (8, 16, 256)] == [False, True, True]
        assert [transformed(64, size, to_enlarge) for size in (16, 256)] == [False, compiled]
