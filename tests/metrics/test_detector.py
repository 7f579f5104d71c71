"""What detectors are shown, whatever the images are."""

from collections.abc import Callable

import pytest
import torch

from allaprima.errors import DownloadError
from allaprima.metrics.detector import AT_ONCE, Detector, as_rgb, hash_of, published_detector


def test_gray_is_repeated_and_alpha_laid_over_white() -> None:
    gray = torch.tensor([0, 100, 255], dtype=torch.uint8).view(3, 1, 1, 1)
    assert as_rgb(gray).flatten(1).tolist() == [[0] * 3, [100] * 3, [255] * 3]
    clear = torch.tensor([10, 20, 30, 0], dtype=torch.uint8).view(1, 4, 1, 1)
    assert as_rgb(clear).flatten().tolist() == [255] * 3
    half = torch.tensor([0, 128], dtype=torch.uint8).view(1, 2, 1, 1)
    assert as_rgb(half).flatten().tolist() == [127] * 3
    rgb = torch.randint(256, (2, 3, 4, 5), dtype=torch.uint8)
    assert torch.equal(as_rgb(rgb), rgb)


@pytest.mark.parametrize(
    ("channels", "wanted"),
    [
        (1, ("gray was repeated to RGB",)),
        (2, ("alpha was laid over white", "gray was repeated to RGB")),
        (3, ()),
        (4, ("alpha was laid over white",)),
    ],
)
def test_what_was_done_is_said(channels: int, wanted: tuple[str, ...], looking: Detector) -> None:
    assert looking.notes(channels) == wanted


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_features_do_not_depend_on_the_batch(channels: int, looking: Detector) -> None:
    pixels = torch.randint(256, (AT_ONCE + 5, channels, 7, 9), dtype=torch.uint8)
    features = looking.features(pixels)
    assert features.shape == (AT_ONCE + 5, 8)
    assert not features.requires_grad
    torch.testing.assert_close(features[-1:], looking.features(pixels[-1:]))


def test_the_hash_tells_weights_apart() -> None:
    make: Callable[[], torch.nn.Module] = lambda: torch.nn.Linear(2, 2)  # noqa: E731
    a = make()
    assert hash_of(a) == hash_of(a)
    assert hash_of(a) != hash_of(make())
    assert len(hash_of(a)) == 64


def test_without_a_file_it_says_what_to_do() -> None:
    with pytest.raises(DownloadError, match="pt_inception"):
        published_detector("inception")
