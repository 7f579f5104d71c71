import json

import pytest
import torch

from allaprima.training.statistics import Statistics


def filled(*values: object) -> Statistics:
    statistics = Statistics()
    for value in values:
        statistics.add({"x": value})  # type: ignore[dict-item]
    return statistics


def test_count_mean_and_deviation_of_all_values() -> None:
    summary = filled(torch.tensor([1.0, 2.0]), torch.tensor([[3.0], [6.0]]), 3.0).summary()
    assert summary == {"x": {"num": 5, "mean": 3.0, "std": pytest.approx(2.8**0.5)}}


def test_a_constant_deviates_by_nothing() -> None:
    assert filled(*[0.1] * 7).summary()["x"]["std"] == pytest.approx(0, abs=1e-8)


def test_asking_changes_nothing() -> None:
    statistics = filled(torch.rand(5))
    assert statistics.summary() == statistics.summary()


def test_a_new_tick_begins_with_nothing() -> None:
    statistics = filled(1.0)
    statistics.summary()
    statistics.add({"x": 2.0})
    statistics.clear()
    assert statistics.summary() == {}


def test_sums_do_not_depend_on_where_they_were_cut() -> None:
    values = torch.randn(100, 3, dtype=torch.float64)  # of double precision, such that additions are rounded
    whole = filled(*values)
    part = filled(*values[:7])
    rest = Statistics()
    rest.restore(json.loads(json.dumps(part.state())))
    for value in values[7:]:
        rest.add({"x": value})
        rest.summary()
    assert rest.summary() == whole.summary()


def test_values_are_taken_when_they_come_without_their_graph() -> None:
    x = torch.ones(2, requires_grad=True)
    statistics = filled(x * 2)
    assert not any(tensor.requires_grad for tensor in statistics._pending["x"])
    assert statistics.summary()["x"]["mean"] == 2
