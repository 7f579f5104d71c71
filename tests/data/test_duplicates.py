import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from allaprima.data import duplicates
from allaprima.data.duplicates import alike, alike_pairs, exact_groups, near_groups


def variations(seed: int, kinds: int = 12, count: int = 60, values: int = 48) -> Tensor:
    """Images of a few kinds, each with more or less noise."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.randint(0, 256, (kinds, values), generator=generator).float()
    noise = torch.randn(count, values, generator=generator) * 8 * torch.rand(count, 1, generator=generator)
    rows = torch.randint(0, kinds, (count,), generator=generator)
    return (base[rows] + noise).clamp(0, 255).to(torch.uint8)


def test_exact_groups() -> None:
    assert exact_groups([b"a", b"b", b"a", b"c", b"b", b"a"]) == [[0, 2, 5], [1, 4]]


@given(st.integers(0, 1000))
def test_it_finds_what_comparing_all_pairs_finds(seed: int) -> None:
    images = variations(seed)
    i, j = torch.triu_indices(len(images), len(images), offset=1)
    same = alike(images[i], images[j])
    wanted = {*zip(i[same].tolist(), j[same].tolist(), strict=True)}
    found = [(min(pair), max(pair)) for pair in alike_pairs(images)]
    assert len(found) == len(set(found))
    assert {*found} == wanted != set()


@pytest.mark.parametrize("block", [1, 7])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    images = variations(3)
    whole = near_groups(images)
    monkeypatch.setattr(duplicates, "_BLOCK", block)
    assert near_groups(images) == whole != []


@pytest.mark.parametrize("block", [1, 1024])
def test_a_chain_is_one_group(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(duplicates, "_BLOCK", block)
    base = torch.arange(0, 192, 4)
    images = torch.stack([base + 5 * step for step in (0, 1, 2, 9)]).to(torch.uint8)
    assert {frozenset(pair) for pair in alike_pairs(images)} == {frozenset({0, 1}), frozenset({1, 2})}
    assert near_groups(images) == [[0, 1, 2]]


def test_fog_is_not_all_one_picture() -> None:
    fog = 128 + torch.randint(-3, 4, (2, 100))
    assert not alike(fog[:1].to(torch.uint8), fog[1:].to(torch.uint8)).any()
    assert alike(fog[:1].to(torch.uint8), fog[:1].to(torch.uint8)).all()


def test_one_image_has_no_pair() -> None:
    assert near_groups(torch.zeros(1, 48, dtype=torch.uint8)) == []
