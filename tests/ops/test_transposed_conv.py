"""Laws of the transposed convolution by products: equality with PyTorch's, and where it may be used."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.ops import cpu_choice, resampled_conv, setup_filter, upsampling_conv2d
from allaprima.ops.cpu_choice import enlarging_by_products_pays
from allaprima.ops.transposed_conv import transposed_conv2d
from tests.conftest import assert_near


@pytest.mark.parametrize("size", [(4, 4), (5, 7), (1, 1), (1, 6), (3, 1)], ids=str)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_is_the_transposed_convolution(size: tuple[int, int], memory_format: torch.memory_format) -> None:
    x = torch.randn(2, 4, *size, dtype=torch.float64).contiguous(memory_format=memory_format)
    weight = torch.randn(5, 4, 3, 3, dtype=torch.float64)
    assert_near(transposed_conv2d(x, weight), F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), tolerance=1e-12)


def test_kernel_in_another_order() -> None:
    x, weight = torch.randn(1, 4, 3, 5), torch.randn(4, 5, 3, 3).transpose(0, 1)
    assert_near(transposed_conv2d(x, weight), F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), tolerance=1e-6)


def test_pays_for_few_pixels_and_many_channels_without_gradients() -> None:
    x, weight = torch.zeros(1, 256, 32, 32), torch.zeros(256, 256, 3, 3)
    assert enlarging_by_products_pays(x, weight)
    assert not enlarging_by_products_pays(torch.zeros(2, 256, 32, 32), weight)
    assert not enlarging_by_products_pays(x, weight[:128])
    assert not enlarging_by_products_pays(x.double(), weight.double())
    assert not enlarging_by_products_pays(x, weight[:, :, :1, :1])
    weight.requires_grad_()
    assert not enlarging_by_products_pays(x, weight)
    with torch.no_grad():
        assert enlarging_by_products_pays(x, weight)


def test_an_enlarging_convolution_is_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_choice, "ENLARGED_CHANNELS", 4)
    used = []

    def counted(x: Tensor, weight: Tensor) -> Tensor:
        used.append(x.shape)
        return transposed_conv2d(x, weight)

    monkeypatch.setattr(resampled_conv, "transposed_conv2d", counted)
    x, weight, f = torch.randn(2, 4, 6, 5), torch.randn(5, 4, 3, 3), setup_filter([1, 3, 3, 1])
    y = upsampling_conv2d(x, weight, f)
    assert len(used) == 1
    assert_near(y, upsampling_conv2d(x.requires_grad_(), weight, f), tolerance=1e-5)
    assert len(used) == 1
