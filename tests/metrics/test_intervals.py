"""Intervals hold the truth about as often as they say."""

import math

import pytest
import torch

from allaprima.metrics.intervals import bootstrap, jackknife, of_mean, of_share, student


def test_of_a_mean() -> None:
    held = 0
    for seed in range(200):
        low, high = of_mean(torch.randn(50, generator=torch.Generator().manual_seed(seed)))
        held += low <= 0 <= high
    assert 180 <= held <= 198


def test_of_one_value_everything_may_be() -> None:
    assert of_mean(torch.ones(1)) == (-math.inf, math.inf)


@pytest.mark.parametrize("truth", [0.02, 0.5, 0.97])
def test_of_a_share(truth: float) -> None:
    random = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(300):
        share = float((torch.rand(80, generator=random) < truth).double().mean())
        low, high = of_share(share, 80)
        assert 0 <= low <= share <= high <= 1
        held += low <= truth <= high
    assert held >= 275


def test_no_share_at_all_is_not_sure_to_be_none() -> None:
    low, high = of_share(0.0, 20)
    assert low == 0
    assert 0.1 < high < 0.2
    assert of_share(1.0, 20)[1] == 1


def test_students_quantiles() -> None:
    assert student(9) == 2.262
    assert student(30) == pytest.approx(2.042, abs=4e-3)


def test_the_jackknife_takes_away_a_bias_of_one_over_n() -> None:
    x = torch.randn(30, generator=torch.Generator().manual_seed(0)).double()
    whole = float(x.var(correction=0))
    corrected, (low, high) = jackknife(
        whole, [float(torch.cat([x[:i], x[i + 1 :]]).var(correction=0)) for i in range(30)]
    )
    assert corrected == pytest.approx(float(x.var()), rel=1e-10)
    assert low < whole < high
    assert (low + high) / 2 == pytest.approx(whole)


def test_the_bootstrap_is_the_normal_interval_of_a_mean_and_repeatable() -> None:
    x = torch.randn(400, generator=torch.Generator().manual_seed(0))
    found = bootstrap(x, lambda values: float(values.mean()))
    assert found == pytest.approx(of_mean(x), abs=0.03)
    assert found == bootstrap(x, lambda values: float(values.mean()))
