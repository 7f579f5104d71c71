"""Nearest neighbours in blocks are those of the whole matrix."""

import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics import neighbours
from allaprima.metrics.neighbours import distance_blocks, exact, nearest, radii


def points(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=[(3, 4), (2048, 8192)], autouse=True)
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "ROWS", request.param[0])
    monkeypatch.setattr(neighbours, "COLUMNS", request.param[1])


def test_blocks_cover_everything_once() -> None:
    seen = torch.zeros(17, 13)
    for rows, columns, block in distance_blocks(points(17), points(13, 1)):
        seen[rows, columns] += 1
        assert block.shape == seen[rows, columns].shape
    assert bool((seen == 1).all())


@pytest.mark.parametrize("k", [1, 3])
def test_the_nearest_are_those_of_the_whole_matrix(k: int) -> None:
    x, y = points(17), points(13, 1)
    wanted = (x[:, None] - y[None]).norm(dim=2).sort(dim=1)
    found = nearest(x, y, k)
    torch.testing.assert_close(found.distances, wanted.values[:, :k])
    assert torch.equal(found.indices, wanted.indices[:, :k])


def test_nobody_is_its_own_neighbour() -> None:
    x = points(17)
    whole = (x[:, None] - x[None]).norm(dim=2)
    torch.testing.assert_close(radii(x, 3), whole.sort(dim=1).values[:, 3])
    assert not bool((nearest(x, x, 2, same=True).indices == torch.arange(17)[:, None]).any())


def test_twins_are_at_distance_0_exactly() -> None:
    x = points(9) * 1000
    assert bool((exact(x, x, torch.arange(9)[:, None]) == 0).all())


def test_more_neighbours_than_images_is_an_error() -> None:
    with pytest.raises(DataError, match="only 4 other"):
        radii(points(5), 5)
