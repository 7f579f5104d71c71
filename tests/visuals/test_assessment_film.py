"""The assessment film puts images in the order of their scores, and colours them by these."""

import numpy as np
import pytest
import torch

from allaprima.errors import RunError
from allaprima.images import sheet_shape
from allaprima.visuals.assessment_film import (
    FRAME,
    GAP,
    LEGEND,
    Scale,
    assessment_frames,
    chosen,
    colour,
    legend,
    ranks_of,
    scale_of,
)
from allaprima.visuals.film_records import Footage, Moment
from allaprima.visuals.histogram import FAKE, REAL
from allaprima.visuals.timeline import LINE, TITLE
from tests.visuals.small_footage import footage, given, pixels


def flat(num_moments: int, num_reals: int, num_fakes: int) -> Footage:
    """Images of one gray each, which says which one it is: 20 times its number; and scores in a known order."""
    grays = torch.arange(num_reals + num_fakes, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 16, 16) * 20
    moments = []
    for number in range(num_moments):
        scores = torch.randn(num_reals + num_fakes, generator=torch.Generator().manual_seed(number))
        fakes = grays[num_reals:]
        moments.append(
            Moment(
                kimg=float(number),
                seconds=0.0,
                fakes=lambda fakes=fakes: given(fakes),  # type: ignore[misc]
                fake_scores=scores[num_reals:],
                real_scores=scores[:num_reals],
            )
        )
    return Footage(moments=tuple(moments), reals=grays[:num_reals])


def centres(frame: np.ndarray, count: int, side: int = 16) -> tuple[list[int], list[tuple[int, ...]]]:
    """The gray in the middle of every tile, and the colour of its frame."""
    _, columns = sheet_shape(side, side, count)
    step = side + 2 * (FRAME + GAP)
    grays, frames = [], []
    for rank in range(count):
        y, x = TITLE + LINE + rank // columns * step, rank % columns * step
        grays.append(int(frame[y + step // 2, x + step // 2, 0]))
        frames.append(tuple(frame[y + step - GAP - 1, x + step // 2].tolist()))
    return grays, frames


@pytest.mark.parametrize(("num_reals", "num_fakes"), [(3, 4), (1, 6)])
def test_images_stand_in_the_order_of_their_scores(num_reals: int, num_fakes: int) -> None:
    film, count = flat(2, num_reals, num_fakes), num_reals + num_fakes
    frames = list(assessment_frames(film, seconds=2, fps=10, height=100, width=150))
    assert len({frame.shape for frame in frames}) == 1
    for frame, moment in ((frames[0], film.moments[0]), (frames[-1], film.moments[-1])):
        scores = torch.cat([moment.real_scores, moment.fake_scores])  # type: ignore[list-item]
        grays, colours = centres(frame, count)
        assert grays == [20 * number for number in scores.argsort(descending=True).tolist()]
        redness = [red - blue for red, _, blue in colours]
        assert redness == sorted(redness), "from blue to red"


def test_colours_are_those_of_the_scores() -> None:
    film = flat(2, 3, 4)
    frame = next(iter(assessment_frames(film, seconds=2, fps=10, height=100, width=150)))
    scores = torch.stack([torch.cat([m.real_scores, m.fake_scores]) for m in film.moments])  # type: ignore[list-item]
    places = scale_of(scores, 3).places(scores)[0]
    assert centres(frame, 7)[1] == [colour(place) for place in places.sort(descending=True).values.tolist()]


def test_ranks_are_permutations_and_equal_scores_keep_their_order() -> None:
    assert ranks_of(torch.tensor([[0.1, 3.0, -2.0], [1.0, 1.0, 1.0]])) == [[1, 0, 2], [0, 1, 2]]


def test_the_scale_is_the_same_for_scores_that_are_shifted() -> None:
    scores = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    shift = torch.tensor([[0.0], [5.0], [-3.0], [100.0]])
    torch.testing.assert_close(
        scale_of(scores, 4).places(scores), scale_of(scores + shift, 4).places(scores + shift), rtol=1e-3, atol=1e-4
    )
    alone = scale_of(scores, 0)
    assert alone.centres.unique().tolist() == [scores.median().item()]


def test_colours() -> None:
    assert (colour(1.0), colour(-1.0)) == (REAL, FAKE)
    assert min(colour(0.0)) > 230
    assert Scale(centres=torch.zeros(1), spread=2.0).places(torch.tensor([[5.0, 1.0, -9.0]])).tolist() == [[1, 0.5, -1]]


@pytest.mark.parametrize("shape", [(1, 24, 16), (2, 16, 16), (4, 16, 24)])
@pytest.mark.parametrize("num_reals", [0, 5])
def test_any_shape_with_and_without_real_images(shape: tuple[int, int, int], num_reals: int) -> None:
    film = footage(3, num_fakes=6, num_reals=num_reals, shape=shape)
    frames = list(assessment_frames(film, seconds=1, fps=8, count=4))
    assert len(frames) == 8
    assert len({frame.shape for frame in frames}) == 1
    assert not np.array_equal(frames[0], frames[-1])


def test_real_images_have_a_mark_and_fakes_do_not() -> None:
    white = pixels(1, 3, 16, 16) * 0 + 255
    both = []
    for is_real in (True, False):
        moment = Moment(
            kimg=1.0,
            seconds=1.0,
            fakes=lambda: given(white[:0] if is_real else white),  # noqa: B023  called before the next round
            fake_scores=torch.zeros(0 if is_real else 1),
            real_scores=torch.zeros(1 if is_real else 0),
        )
        if is_real:
            moment = Moment(
                kimg=1.0, seconds=1.0, fakes=lambda: given(white), fake_scores=torch.ones(1), real_scores=torch.zeros(1)
            )
        film = Footage(moments=(moment,), reals=white if is_real else None)
        frame = next(iter(assessment_frames(film, seconds=1, fps=2, height=40, width=80)))
        both.append(int((frame[TITLE + LINE : -LEGEND].max(axis=2) < 60).sum()))
    assert both[0] > 20
    assert both[1] == 0


def test_the_legend_shows_every_score() -> None:
    picture = legend(300, [1.0, 0.0], [-1.0])
    assert picture.shape == (LEGEND, 300, 3)
    dark = picture.max(axis=2) < 60
    assert dark[7:16, :20].any(), "a disc for the real image at the left"
    assert dark[32:40, 280:].any(), "a stroke for the fake at the right"
    assert not dark[32:40, :120].any()


def test_few_moments_are_chosen_evenly() -> None:
    moments = footage(10).moments
    assert chosen(moments, 20) == moments
    assert [moment.kimg for moment in chosen(moments, 4)] == [0, 30, 60, 90]


def test_without_scores_there_is_no_film() -> None:
    moment = Moment(kimg=1.0, seconds=1.0, fakes=lambda: pixels(1, 3, 16, 16))
    with pytest.raises(RunError, match="no scores"):
        next(iter(assessment_frames(Footage(moments=(moment, moment)))))
