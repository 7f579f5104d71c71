"""Fakes: by their own seeds, with the data's labels, in batches that are the same whoever paints them."""

from collections.abc import Callable

import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError
from allaprima.images import to_pixels
from allaprima.metrics.fakes import batches, drawn_labels, paint, painted
from allaprima.models import build
from tests.models.stylegan2.small import small_generator

Make = Callable[..., ImageDataset]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_batches_are_of_the_images_of_their_seeds(channels: int) -> None:
    G = build(small_generator(16, 24, channels)).eval()
    whole = torch.cat(list(painted(G, None, 7, seed=5, batch_size=3)))
    assert whole.shape == (7, channels, 16, 24)
    alone = torch.cat(list(painted(G, None, 1, seed=8, batch_size=1)))
    assert int((whole[3].int() - alone[0].int()).abs().max()) <= 1
    assert to_pixels(torch.zeros(1, channels, 1, 1)).dtype == whole.dtype


def test_a_batch_is_the_same_whoever_paints_it() -> None:
    G = build(small_generator(16, 16, c_dim=2)).eval()
    labels = torch.eye(2)[torch.arange(7) % 2]
    whole = list(painted(G, labels, 7, seed=3, batch_size=2))
    for rows, wanted in reversed(list(zip(batches(7, 2), whole, strict=True))):
        assert torch.equal(paint(G, labels, rows, seed=3), wanted)
    assert [list(rows) for rows in batches(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert batches(0, 3) == []


def test_labels_are_as_frequent_as_in_the_data(make_data: Make) -> None:
    G, data = build(small_generator(16, 24, c_dim=2)), make_data(use_labels=True)
    labels = drawn_labels(G, data, 3000, seed=0)
    assert labels is not None
    assert bool((labels.sum(dim=1) == 1).all())
    assert float(labels[:, 1].mean()) == pytest.approx(13 / 40, abs=0.03)
    again = drawn_labels(G, data, 3000, seed=0)
    assert again is not None
    assert torch.equal(labels, again)


def test_labels_where_none_are_needed_or_none_are_there(make_data: Make) -> None:
    assert drawn_labels(build(small_generator(16, 24)), make_data(), 5, seed=0) is None
    with pytest.raises(ConfigError, match="no labels"):
        drawn_labels(build(small_generator(16, 24, c_dim=2)), make_data(), 5, seed=0)
    with pytest.raises(ConfigError, match="labels of 2 numbers"):
        drawn_labels(build(small_generator(16, 24, c_dim=3)), make_data(use_labels=True), 5, seed=0)
