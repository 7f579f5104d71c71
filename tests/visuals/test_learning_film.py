"""The learning film shows every moment's images, and fades between them."""

import numpy as np
import pytest
import torch

from allaprima.images import grid, sheet_shape, to_rgb
from allaprima.visuals.learning_film import learning_frames, tile_size
from allaprima.visuals.timeline import LINE, TITLE, instants
from tests.visuals.small_footage import footage


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 24, 16), (2, 16, 16), (4, 16, 24)])
def test_it_begins_and_ends_with_the_images_themselves(shape: tuple[int, int, int]) -> None:
    film = footage(3, num_fakes=5, shape=shape)
    space = {"height": shape[1] * 5, "width": shape[2] * 5}
    frames = list(learning_frames(film, seconds=2, fps=10, **space))
    assert len({frame.shape for frame in frames}) == 1
    rows, columns = sheet_shape(shape[1], shape[2], 5)
    factor = min(5 // rows, 5 // columns)
    for frame, moment in ((frames[0], film.moments[0]), (frames[-1], film.moments[-1])):
        wanted = grid(to_rgb(moment.fakes()), columns=columns).repeat(factor, axis=0).repeat(factor, axis=1)
        assert np.array_equal(frame[TITLE + LINE :], wanted)


def test_a_frame_between_is_a_mixture() -> None:
    film = footage(2, num_fakes=1)
    frames = list(learning_frames(film, seconds=4, fps=10, height=16, width=16))
    a, b = (to_rgb(moment.fakes())[0].permute(1, 2, 0).float() for moment in film.moments)
    for frame, at in zip(frames, instants(2, seconds=4, fps=10), strict=True):
        wanted = torch.lerp(a, b, at.share) if at.before == 0 else b
        assert np.abs(frame[TITLE + LINE :] - wanted.numpy()).max() <= 0.51


def test_fewer_images_and_one_moment() -> None:
    frames = list(learning_frames(footage(1, num_fakes=9), seconds=1, fps=5, count=2, height=32, width=32))
    assert len(frames) == 5
    assert all(np.array_equal(frame[TITLE + LINE :], frames[0][TITLE + LINE :]) for frame in frames)
    assert frames[0].shape[:2] == (TITLE + LINE + 16, 32)


@pytest.mark.parametrize(
    ("side", "space", "wanted"), [(16, (40, 100), (32, 32)), (16, (8, 100), (8, 8)), (16, (0, 0), (1, 1))]
)
def test_sizes_are_whole_multiples_or_smaller(side: int, space: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert tile_size(torch.zeros(1, 3, side, side, dtype=torch.uint8), (1, 1), space) == wanted
