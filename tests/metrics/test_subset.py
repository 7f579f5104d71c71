"""A choice from a stream is fair, and does not depend on how the stream is cut."""

import pytest
import torch

from allaprima.errors import DataError
from allaprima.metrics.subset import random_subset


def numbered(count: int) -> torch.Tensor:
    """Images of one pixel, each its own number in two channels."""
    numbers = torch.arange(count)
    return torch.stack([numbers // 256, numbers % 256], dim=1).to(torch.uint8)[:, :, None, None]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("count", [5, 6, 100])
def test_what_is_not_too_much_comes_back_whole(count: int) -> None:
    assert torch.equal(random_subset(numbered(5), count, seeded()), numbered(5))


def test_batches_are_no_matter() -> None:
    whole = random_subset(numbered(300), 20, seeded())
    for size in (1, 7, 300):
        assert torch.equal(random_subset(iter(torch.split(numbered(300), size)), 20, seeded()), whole)
    assert not torch.equal(random_subset(numbered(300), 20, seeded(1)), whole)
    assert len(torch.unique(whole, dim=0)) == 20


def test_every_image_is_equally_likely() -> None:
    counts = torch.zeros(30)
    for seed in range(1000):
        counts[random_subset(numbered(30), 10, seeded(seed))[:, 1, 0, 0].long()] += 1
    deviation = (counts - 1000 / 3) / (1000 * 1 / 3 * 2 / 3) ** 0.5  # of a binomial distribution
    assert deviation.abs().max() < 3.5


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "there are no images"),
        (torch.zeros(0, 3, 4, 4, dtype=torch.uint8), "there are no images"),
        (torch.zeros(2, 3, 4, 4), r"uint8 \[n, c, h, w\], got torch.float32 \[2, 3, 4, 4\]"),
        ([torch.zeros(3, 4, 4, dtype=torch.uint8)], r"got torch.uint8 \[3, 4, 4\]"),
        ([numbered(3), numbered(3).repeat(1, 1, 2, 2)], r"image 3 is \[2, 2, 2\], but the first is \[2, 1, 1\]"),
    ],
)
def test_wrong_images_are_named(images: torch.Tensor, message: str) -> None:
    with pytest.raises(DataError, match=message):
        random_subset(images, 2, seeded())
