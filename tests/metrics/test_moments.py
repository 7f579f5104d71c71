"""Moments of parts, added, are those of the whole."""

import pytest
import torch

from allaprima.errors import DataError
from allaprima.metrics.moments import Moments, moments_of


def features(count: int = 90, dim: int = 7) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(1)) * 3 + 5


def test_mean_and_covariance_are_numpys() -> None:
    import numpy as np

    x = features()
    moments = moments_of(x)
    np.testing.assert_allclose(moments.mean().numpy(), x.double().numpy().mean(axis=0), rtol=1e-12)
    wanted = np.cov(x.double().numpy(), rowvar=False, bias=True)
    np.testing.assert_allclose(moments.covariance().numpy(), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sizes", [[90], [1, 89], [30, 30, 30], [0, 90]])
def test_parts_merge_to_the_whole(sizes: list[int]) -> None:
    x = features()
    parts = [moments_of(part) for part in x.split(sizes)]
    merged, whole = Moments.total(parts), moments_of(x)
    assert merged.count == whole.count == 90
    torch.testing.assert_close(merged.covariance(), whole.covariance(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(merged.mean(), whole.mean(), rtol=1e-12, atol=0)


def test_a_part_taken_away_was_never_there() -> None:
    a, b = features().split(45)
    torch.testing.assert_close((moments_of(features()) - moments_of(b)).covariance(), moments_of(a).covariance())


def test_parts_travel_as_three_tensors() -> None:
    whole = moments_of(features())
    again = Moments.of(whole.count, whole.sum.clone(), whole.outer.clone())
    assert torch.equal(again.covariance(), whole.covariance())


def test_what_is_not_finite_is_an_error() -> None:
    with pytest.raises(DataError, match="not finite"):
        moments_of(torch.tensor([[1.0, float("nan")]]))


def test_of_nothing_there_is_no_mean() -> None:
    with pytest.raises(DataError, match="no features"):
        Moments(3).mean()
