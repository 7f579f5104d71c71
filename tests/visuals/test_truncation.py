"""Truncation: at 1 the image, at 0 the mean."""

import pytest
import torch
from torch.testing import assert_close

from allaprima.visuals.subject import paint
from allaprima.visuals.truncation import truncated, truncation_section
from tests.visuals.subjects import KINDS, subject


@pytest.mark.parametrize("kind", KINDS)
def test_one_is_the_image_and_zero_the_same_for_all_seeds(kind: str) -> None:
    one = subject(kind)
    whole, half, mean = truncated(one, [1.0, 0.5, 0.0])
    assert_close(whole, paint(one.G, one.ws()))
    assert_close(mean[0], mean[1])
    assert not torch.equal(whole[0], half[0])


@pytest.mark.parametrize(("kind", "shape"), [("skip", (24, 16, 4)), ("r3gan", (16, 16, 1)), ("progan", (16, 24, 3))])
def test_section(kind: str, shape: tuple[int, int, int]) -> None:
    section = truncation_section(subject(kind, *shape))
    sheet, film = section.pictures
    assert sheet.image is not None
    assert film.film is not None
    assert film.image is not None
    assert {frame.shape for frame in film.film()} == {film.image.shape}
    assert ("space of styles" in section.text[0]) == (kind == "skip")
    assert ("mean of all" in sheet.caption) == (kind == "skip")
