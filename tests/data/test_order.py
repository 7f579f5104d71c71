import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.data import order as order_module
from allaprima.data import sample_indices
from allaprima.data.order import SampleOrder, Shuffle, mix


@given(st.integers(1, 50), st.integers(0, 2**40), st.integers(0, 500), st.integers(0, 120), st.integers(0, 120))
def test_a_piece_is_a_piece_of_the_whole(items: int, seed: int, start: int, count: int, cut: int) -> None:
    whole = sample_indices(items, seed, start, count)
    assert whole.shape == (count,)
    cut = min(cut, count)
    parts = sample_indices(items, seed, start, cut), sample_indices(items, seed, start + cut, count - cut)
    assert torch.equal(torch.cat(parts), whole)


@given(st.integers(1, 50), st.integers(0, 2**40), st.integers(0, 1000))
def test_every_epoch_is_a_permutation(items: int, seed: int, epoch: int) -> None:
    assert sample_indices(items, seed, epoch * items, items).sort().values.tolist() == list(range(items))


def test_epochs_and_seeds_differ() -> None:
    orders = [tuple(sample_indices(50, seed, epoch * 50, 50).tolist()) for seed in range(5) for epoch in range(5)]
    assert len(set(orders)) == 25


def test_neighbouring_streams_never_meet() -> None:
    assert len({mix(seed, epoch) for seed in range(300) for epoch in range(300)}) == 90_000
    assert all(0 <= mix(seed, 2**40) < 2**63 for seed in (0, 2**63, 2**64 - 1))


def test_the_kept_permutation_changes_nothing() -> None:
    order = SampleOrder(10, 4)
    for start in (3, 25, 3, 99, 0):
        assert torch.equal(order.take(start, 15), sample_indices(10, 4, start, 15))


def test_the_order_never_drifts() -> None:
    assert sample_indices(6, 1, 4, 8).tolist() == [3, 4, 1, 3, 2, 0, 5, 4]  # by this very call, torch 2.13


@given(st.integers(1, 700), st.integers(0, 2**63 - 1))
def test_a_shuffle_is_a_permutation(items: int, key: int) -> None:
    assert sorted(Shuffle(items, key).at(np.arange(items)).tolist()) == list(range(items))


def test_a_shuffle_of_a_hundred_million_mixes_well() -> None:
    items = Shuffle(10**8, 5).at(np.arange(20_000))
    assert len(set(items.tolist())) == 20_000
    assert np.abs(np.histogram(items, 10, (0, 10**8))[0] - 2000).max() < 200  # 4.7 standard deviations
    assert abs(np.corrcoef(items[:-1], items[1:])[0, 1]) < 0.03
    assert np.unique(items & 1, return_counts=True)[1].min() > 9_600
    assert (Shuffle(10**8, 6).at(np.arange(1000)) == items[:1000]).sum() == 0


def test_of_very_many_items_no_permutation_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_module, "LARGE", 40)
    order = SampleOrder(50, 3)
    assert sorted(order.take(50, 50).tolist()) == list(range(50))
    assert torch.equal(torch.cat([order.take(30, 40), order.take(70, 60)]), order.take(30, 100))
    assert order.take(0, 50).tolist() != order.take(50, 50).tolist()
    assert order._kept is None


def test_a_shuffle_never_drifts() -> None:
    assert Shuffle(10**8, 3).at(np.arange(4)).tolist() == [17379612, 91123962, 90239883, 57169208]  # NumPy 2.4
