"""Counting modes: bounds that are met, numbers by hand, and the floor that perfect samples have."""

import math

import pytest
import torch

from allaprima.errors import DataError
from allaprima.metrics import mode_coverage


def assert_is(got: tuple[int, float], modes: int, kl: float) -> None:
    assert got[0] == modes
    assert got[1] == pytest.approx(kl, abs=1e-12)


def test_all_modes_equally_often_are_perfect() -> None:
    assert_is(mode_coverage(torch.arange(1000).repeat(3)), 1000, 0)


def test_one_mode_is_as_far_as_can_be() -> None:
    assert_is(mode_coverage(torch.full((500,), 7)), 1, math.log(1000))


def test_numbers_by_hand() -> None:
    labels = torch.tensor([0, 0, 0, 1])
    assert_is(mode_coverage(labels, 4), 2, 0.75 * math.log(3) + 0.25 * math.log(1))
    reference = torch.tensor([2, 6, 0, 0])
    assert_is(mode_coverage(labels, 4, reference), 2, 0.75 * math.log(3) + 0.25 * math.log(1 / 3))


def test_half_of_the_modes_cost_one_bit() -> None:
    assert_is(mode_coverage(torch.arange(500).repeat(4)), 500, math.log(2))


def test_the_order_of_labels_is_no_matter_and_the_kind_of_integer() -> None:
    labels = torch.randint(10, (200,))
    wanted = mode_coverage(labels, 10)
    assert mode_coverage(labels.flip(0), 10) == wanted
    assert mode_coverage(labels.to(torch.uint8), 10) == wanted


def test_a_reference_is_met_by_itself_as_counts_and_as_shares() -> None:
    labels = torch.randint(10, (200,))
    counts = torch.bincount(labels, minlength=10)
    assert mode_coverage(labels, 10, counts).kl == pytest.approx(0, abs=1e-12)
    assert mode_coverage(labels, 10, counts / 200).kl == pytest.approx(0, abs=1e-6)


def test_a_mode_that_the_reference_has_not_is_infinitely_wrong() -> None:
    assert mode_coverage(torch.tensor([0, 1]), 2, torch.tensor([1, 0])).kl == math.inf
    assert mode_coverage(torch.tensor([0, 0]), 2, torch.tensor([1, 0])) == (1, 0.0)


def test_perfect_samples_have_the_floor_that_theory_says() -> None:
    labels = torch.randint(1000, (26_000,))
    modes, kl = mode_coverage(labels)
    assert modes == 1000
    assert kl == pytest.approx(999 / 52_000, rel=0.2)


@pytest.mark.parametrize(
    ("labels", "reference", "message"),
    [
        ([], None, "no labels"),
        ([0, 4], None, "labels go from 0 to 4, but must be within 0 to 3"),
        ([-1, 2], None, "labels go from -1 to 2"),
        ([0], [1.0, 2], "must be 4 counts"),
        ([0], [1.0, 2, -1, 0], "not negative"),
        ([0], [0.0, 0, 0, 0], "not all 0"),
        ([0], [math.nan, 0, 0, 1], "must be 4 counts"),
        ([0], [math.inf, 0, 0, 1], "must be 4 counts"),
    ],
)
def test_what_cannot_be_counted_is_named(labels: list[int], reference: list[float] | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mode_coverage(torch.tensor(labels, dtype=torch.long), 4, None if reference is None else torch.tensor(reference))
