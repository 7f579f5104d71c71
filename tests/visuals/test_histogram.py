"""A histogram shows shares, and all of them."""

import pytest
import torch

from allaprima.visuals.drawing import Line, Words
from allaprima.visuals.histogram import BINS, HEIGHT, WIDTH, _shares, histogram, round_numbers


def test_shares_are_those_of_a_count() -> None:
    scores = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    found = _shares(scores, -4.0, 4.0)
    counts = torch.histc(scores.clamp(-4, 4), BINS, -4.0, 4.0)
    assert found == pytest.approx((counts / 1000).tolist())
    assert sum(found) == pytest.approx(1)


def test_the_drawing_has_a_line_and_a_name_for_each_kind_and_stays_inside() -> None:
    drawing = histogram({"real": torch.tensor([1.0, 2.0]), "fake": torch.tensor([-3.0])}, title="scores")
    assert drawing.pixels().shape == (HEIGHT, WIDTH, 3)
    assert {mark.text for mark in drawing.marks if isinstance(mark, Words)} >= {"real", "fake", "score"}
    places = [place for mark in drawing.marks if isinstance(mark, Line) for place in mark.places]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert "svg" in drawing.svg()


@pytest.mark.parametrize("scores", [[0.5], [1e-9, 2e-9], [-1e6, 1e6]])
def test_any_scores_can_be_drawn(scores: list[float]) -> None:
    assert histogram({"all": torch.tensor(scores)}, title="scores").pixels().std() > 0


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-2.4, 4.7), (1e-5, 3e-5), (-300, 900)])
def test_round_numbers_are_few_and_inside(low: float, high: float) -> None:
    found = round_numbers(low, high)
    assert 2 <= len(found) <= 8
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in found)
