"""The wavelet filter, and doubling and halving by it."""

import pytest
import torch
import torch.nn.functional as F

from allaprima.augment.wavelet import BEYOND, SYM6, doubling, halving, low_pass, reflected
from allaprima.ops import upfirdn2d
from tests.conftest import assert_near, read_reference


def test_the_filter_is_that_of_the_reference() -> None:
    assert_near(low_pass().float(), read_reference("ada_augmentations").tensors["sym6"], 1e-7)


def test_the_filter_is_orthogonal_to_its_moves_by_two() -> None:
    f = torch.tensor(SYM6, dtype=torch.float64)
    for move in range(0, 12, 2):
        assert_near((f[move:] * f[: 12 - move]).sum() + 1, torch.tensor(2.0 if move == 0 else 1.0), 1e-7)


def test_the_filter_has_six_vanishing_moments() -> None:
    k = torch.arange(12, dtype=torch.float64)
    high = torch.tensor(SYM6, dtype=torch.float64) * (-1) ** k
    for moment in range(6):
        assert abs((high * k**moment).sum()) < 1e-5 * 11**moment


@pytest.mark.parametrize(("before", "after"), [(0, 0), (3, 6), (8, 1)])
def test_doubling_is_upsampling_of_the_reflected_line(before: int, after: int) -> None:
    line = torch.randn(1, 1, 1, 9, dtype=torch.float64)
    padded = F.pad(line, (before, after, 0, 0), mode="reflect")
    wanted = upfirdn2d(padded, low_pass()[None], up=(1, 2), padding=(0, 0, 6, 5), gain=2)
    assert_near(line @ doubling(9, before, after).T, wanted, 1e-12)


def test_halving_is_downsampling_by_the_filter_turned_round() -> None:
    line = torch.randn(1, 1, 1, 2 * (7 + BEYOND), dtype=torch.float64)
    assert_near(line @ halving(7).T, upfirdn2d(line, low_pass()[None], down=(1, 2), flip_filter=True), 1e-12)


@pytest.mark.parametrize("length", [1, 2, 7, 40])
def test_halving_undoes_doubling(length: int) -> None:
    start = 12 - BEYOND  # of the samples about the first pixel that is not a reflection
    samples = doubling(length, 6, 6)[start : start + 2 * (length + BEYOND)]
    assert_near(halving(length) @ samples, torch.eye(length, dtype=torch.float64), 1e-6)


def test_mirrors() -> None:
    assert reflected(torch.arange(-4, 9), 4).tolist() == [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert reflected(torch.arange(-3, 3), 1).tolist() == [0] * 6
