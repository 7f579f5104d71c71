"""The network that is trained on the user's own data: it learns, repeatably, and is kept."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.images import to_network
from allaprima.metrics import own_detector as own_module
from allaprima.metrics import own_features
from allaprima.metrics.own_detector import own_detector
from allaprima.metrics.own_features import DIM, OwnNetwork, contrast, resize_words, shown, train_own, varied

Make = Callable[..., ImageDataset]


def test_it_learns_to_know_images_again(make_data: Make) -> None:
    data = make_data(64, 16, 16)
    untrained = OwnNetwork(3)
    network = train_own(data, steps=30)
    images = to_network(data.load_all()[0])
    random = torch.Generator().manual_seed(3)
    losses = []
    for each in (untrained, network):
        each.eval()
        views = [torch.nn.functional.normalize(each.head(each.of(varied(images, random))), dim=1) for _ in range(2)]
        losses.append(float(contrast(*views).detach()))
    assert losses[1] < 0.6 * losses[0]


def test_it_is_repeatable_and_leaves_the_global_random_state_alone(make_data: Make) -> None:
    data = make_data(20, 8, 12)
    before = torch.get_rng_state()
    a, b = (train_own(data, steps=3).state_dict() for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_progress_is_told(make_data: Make) -> None:
    told: list[tuple[str, int, int]] = []
    train_own(make_data(5, 8, 8), steps=2, progress=lambda *what: told.append(what))
    assert told == [("learning features", 1, 2), ("learning features", 2, 2)]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_channels_and_sides(make_data: Make, channels: int) -> None:
    data = make_data(6, 10, 30, channels)
    network = train_own(data, steps=1)
    assert network(data.load_all()[0]).shape == (6, DIM)


def test_views_are_of_the_same_shape_and_not_the_same(make_data: Make) -> None:
    images = to_network(make_data(4, 10, 30).load_all()[0])
    views = varied(images, torch.Generator().manual_seed(0))
    assert views.shape == images.shape
    assert float((views - images).abs().mean()) > 0.05


def test_contrast_by_hand() -> None:
    same = torch.eye(4)
    assert float(contrast(same, same)) == pytest.approx(math.log(1 + 3 * math.exp(-1 / 0.15)), abs=1e-5)
    alike = torch.ones(4, 1)
    assert float(contrast(alike, alike)) == pytest.approx(math.log(4))


def test_large_images_are_averaged_down() -> None:
    assert shown(torch.zeros(1, 3, 128, 64, dtype=torch.uint8)).shape == (1, 3, 64, 32)
    assert shown(torch.zeros(1, 3, 20, 64, dtype=torch.uint8)).shape == (1, 3, 20, 64)
    assert resize_words(128, 64) == "averaged over areas to 64×32"
    assert resize_words(24, 24) == "not resized"


def test_what_was_trained_is_kept_and_read(make_data: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data(8, 8, 8)
    first = own_detector(data, cache=tmp_path / "cache", steps=2)
    monkeypatch.setattr(own_module, "train_own", lambda *args, **more: pytest.fail("trained again"))
    again = own_detector(data, cache=tmp_path / "cache", steps=2)
    assert first == again or first.sha256 == again.sha256
    pixels = data.load_all()[0]
    assert torch.equal(first.features(pixels), again.features(pixels))


def test_other_data_has_another_network_and_a_damaged_file_is_made_again(make_data: Make, tmp_path: Path) -> None:
    a, b = (own_detector(make_data(count, 8, 8), cache=tmp_path, steps=2) for count in (8, 9))
    assert a.sha256 != b.sha256
    for path in tmp_path.glob("own-*.safetensors"):
        path.write_bytes(path.read_bytes()[:50])
    assert own_detector(make_data(8, 8, 8), cache=tmp_path, steps=2).sha256 == a.sha256


def test_a_turn_is_one_of_pixels_whatever_the_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SMALLEST_CROP": 1.0, "CONTRAST": 0.0, "BRIGHTNESS": 0.0, "LARGEST_TURN": 0.8}.items():
        monkeypatch.setattr(own_features, name, value)
    y, x = torch.meshgrid(torch.arange(16) - 7.5, torch.arange(32) - 15.5, indexing="ij")
    disk = torch.exp(-(x**2 + y**2) / 8)[None, None].repeat(6, 1, 1, 1)
    torch.testing.assert_close(varied(disk, torch.Generator().manual_seed(0)), disk, rtol=0, atol=0.1)
    bar = torch.exp(-(x**2) / 200 - y**2 / 8)[None, None].repeat(6, 1, 1, 1)
    assert float((varied(bar, torch.Generator().manual_seed(0)) - bar).abs().max()) > 0.2
