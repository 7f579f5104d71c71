import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.data import sample_indices
from allaprima.data.order import SampleOrder, mix


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
