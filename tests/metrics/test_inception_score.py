"""The Inception score: the reference's number, and its two ends."""

import pytest
import torch

from allaprima.errors import DataError
from allaprima.metrics.inception_score import inception_score
from tests.metrics.reference_features import reference_features


def test_it_is_the_references_number() -> None:
    numbers = reference_features()
    found = inception_score(numbers["is_probs"], splits=1)
    assert found.mean == pytest.approx(float(numbers["is_one_split"]), rel=1e-6)
    assert found.deviation == 0


def test_sure_and_varied_answers_score_their_number() -> None:
    assert inception_score(torch.eye(10).repeat(5, 1), splits=5).mean == pytest.approx(10)


def test_one_image_repeated_scores_1() -> None:
    assert inception_score(torch.rand(1, 10).softmax(1).repeat(50, 1)).mean == pytest.approx(1)


def test_splits_are_scored_alone() -> None:
    p = torch.rand(30, 4, generator=torch.Generator().manual_seed(0)).softmax(1)
    alone = [inception_score(part, splits=1).mean for part in p.split(10)]
    found = inception_score(p, splits=3)
    assert found.mean == pytest.approx(sum(alone) / 3)
    assert found.deviation == pytest.approx(float(torch.tensor(alone, dtype=torch.float64).std(correction=0)))


def test_fewer_images_than_splits_is_an_error() -> None:
    with pytest.raises(DataError, match="10 splits"):
        inception_score(torch.eye(4))
