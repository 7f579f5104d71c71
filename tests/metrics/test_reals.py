"""Real features: right, computed once, and told apart."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.metrics import reals
from allaprima.metrics.detector import Detector
from allaprima.metrics.moments import moments_of
from allaprima.metrics.reals import choose, real_features

Make = Callable[..., ImageDataset]


def seen(detector: Detector) -> int:
    network: Any = detector.network
    return int(network.seen)


def test_they_are_those_of_all_images(make_data: Make, looking: Detector) -> None:
    data = make_data(130)
    found = real_features(data, looking, keep=True)
    wanted = looking.features(data.load_all()[0])
    assert found.features is not None
    torch.testing.assert_close(found.features, wanted)
    torch.testing.assert_close(found.moments.covariance(), moments_of(wanted).covariance(), rtol=1e-6, atol=1e-9)
    assert found.count == 130
    assert found.seconds > 0


@pytest.mark.parametrize("keep", [True, False])
def test_they_are_computed_once(make_data: Make, looking: Detector, keep: bool) -> None:
    first = real_features(make_data(), looking, keep=keep)
    assert seen(looking) == 40
    again = real_features(make_data(), looking, keep=keep)
    assert seen(looking) == 40
    assert again.seconds == 0
    assert again.count == 40
    assert torch.equal(again.moments.outer, first.moments.outer)
    assert (again.features is None) != keep


def test_features_are_computed_when_only_moments_were_kept(make_data: Make, looking: Detector) -> None:
    real_features(make_data(), looking)
    assert real_features(make_data(), looking, keep=True).features is not None
    assert seen(looking) == 80
    real_features(make_data(), looking)
    assert seen(looking) == 80


def test_other_images_detectors_and_choices_are_told_apart(make_data: Make, looking: Detector) -> None:
    real_features(make_data(), looking)
    for data, detector, count in (
        (make_data(seed=1), looking, None),
        (make_data(), replace(looking, sha256="0" * 64), None),
        (make_data(), replace(looking, resize="another"), None),
        (make_data(), looking, 30),
        (make_data(mirror=True), looking, 60),
    ):
        before = seen(looking)
        found = real_features(data, detector, count=count)
        assert seen(looking) == before + found.count


def test_all_reals_are_the_same_whether_training_mirrors_them_or_not(make_data: Make, looking: Detector) -> None:
    real_features(make_data(), looking)
    assert real_features(make_data(mirror=True), looking).seconds == 0


def test_a_damaged_file_is_computed_again(make_data: Make, looking: Detector, tmp_path: Path) -> None:
    real_features(make_data(), looking, cache=tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    assert real_features(make_data(), looking, cache=tmp_path / "cache").count == 40
    assert seen(looking) == 80


def test_a_cache_that_cannot_be_written_is_no_matter(make_data: Make, looking: Detector, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    assert real_features(make_data(), looking, cache=tmp_path / "file").count == 40


def test_only_so_many_rows_are_kept(make_data: Make, looking: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reals, "MOST_FEATURES", 70)
    found = real_features(make_data(130), looking, keep=True)
    assert found.features is not None
    assert len(found.features) == 70
    assert found.count == found.moments.count == 130


def test_all_are_unmirrored_and_the_old_way_takes_what_training_sees(make_data: Make) -> None:
    data = make_data(mirror=True)
    assert choose(data, None) == range(40)
    assert choose(data, 50) == range(50)
    assert choose(data, 500) == range(80)


def test_progress_is_told(make_data: Make, looking: Detector) -> None:
    told: list[Any] = []
    real_features(make_data(70), looking, progress=lambda *what: told.append(what))
    assert told == [("looking at reals", 64, 70), ("looking at reals", 70, 70)]
