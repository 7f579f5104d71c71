"""What a seed means, and how seeds are written."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.errors import LatentError
from allaprima.generation import latents_of_seeds, parse_seeds
from allaprima.generation.seeds import LARGEST_SEED, MOST_SEEDS, checked_seeds

seeds = st.integers(0, LARGEST_SEED)
ranges = st.builds(lambda first, count: (first, min(first + count, LARGEST_SEED)), seeds, st.integers(0, 50))
spaces = st.sampled_from(["", " ", "  "])


@given(st.lists(seeds, min_size=1), spaces)
def test_numbers_come_back_in_their_order(numbers: list[int], space: str) -> None:
    assert parse_seeds(f"{space},{space}".join(map(str, numbers))) == numbers


@given(st.lists(ranges, min_size=1, max_size=5), spaces)
def test_ranges_have_both_ends_in_them(pairs: list[tuple[int, int]], space: str) -> None:
    text = ",".join(f"{first}{space}-{space}{last}" for first, last in pairs)
    assert parse_seeds(text) == [seed for first, last in pairs for seed in range(first, last + 1)]


def test_numbers_and_ranges_may_be_mixed() -> None:
    assert parse_seeds("0,5,10-14") == [0, 5, 10, 11, 12, 13, 14]
    assert parse_seeds("7") == parse_seeds("007") == [7]
    assert parse_seeds("3-3") == [3]


@given(st.text(max_size=20))
def test_any_text_is_seeds_or_one_sentence(text: str) -> None:
    try:
        found = parse_seeds(text)
    except LatentError:
        with pytest.raises(LatentError, match=r"\A[^\n]+\Z"):
            parse_seeds(text)
    else:
        assert all(0 <= seed <= LARGEST_SEED for seed in found)
        assert found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"^'' is no seed: give numbers and ranges, such as 0-31 or 0,5,10-14$"),
        ("1,,2", r"^'' is no seed"),
        ("cat", r"^'cat' is no seed"),
        ("-5", r"^'-5' is no seed"),
        ("1.5", r"^'1.5' is no seed"),
        ("1-2-3", r"^'1-2-3' is no seed"),
        ("1\n2", r"^'1\\n2' is no seed"),
        ("31-0", r"^the range of seeds 31-0 runs backwards: write 0-31$"),
        (str(2**32), r"^4294967296 is no seed: the largest is 4294967295$"),
        (f"0-{2**32}", r"^4294967296 is no seed: the largest is 4294967295$"),
        (f"0-{MOST_SEEDS}", r"^0-10000000 are more than 10000000 seeds$"),
        ("9" * 5000, r"^'9+' is no seed"),
    ],
)
def test_what_is_no_seed_is_named(text: str, sentence: str) -> None:
    with pytest.raises(LatentError, match=sentence):
        parse_seeds(text)


@pytest.mark.parametrize("size", [1, 8, 512])
def test_a_seeds_latent_is_that_of_the_reference_tools(size: int) -> None:
    wanted = [np.random.RandomState(seed).randn(1, size) for seed in (0, 85, LARGEST_SEED)]
    got = latents_of_seeds([0, 85, LARGEST_SEED], size)
    assert got.dtype == torch.float32
    assert torch.equal(got, torch.from_numpy(np.concatenate(wanted)).to(torch.float32))


def test_known_latents() -> None:
    torch.testing.assert_close(
        latents_of_seeds([0, 85], 3),  # numpy.random.RandomState(s).randn(1, 3), NumPy 1.26 and 2.4
        torch.tensor([[1.7640524, 0.4001572, 0.978738], [0.17685072, 2.3777542, 0.99873286]]),
    )


def test_integers_of_any_kind_are_seeds() -> None:
    assert checked_seeds(np.arange(3)) == checked_seeds(torch.arange(3)) == checked_seeds(iter([0, 1, 2])) == [0, 1, 2]
    assert all(type(seed) is int for seed in checked_seeds(np.arange(3)))


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.0, "7", None])
def test_others_are_none(wrong: object) -> None:
    with pytest.raises(LatentError, match=f"^{wrong!r} is no seed: it must be "):
        checked_seeds([0, wrong])  # type: ignore[list-item]
