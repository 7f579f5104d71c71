"""Strips: in the middle the image itself, and no frame computed before it is asked for."""

import numpy as np
import pytest
import torch

from allaprima.errors import LatentError
from allaprima.images import enlarge, to_rgb
from allaprima.latents.directions.direction import apply_direction
from allaprima.latents.directions.sefa import sefa
from allaprima.latents.directions.strips import signed, strip_film, strips
from allaprima.latents.styles import painted, styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]
SHAPES = [(16, 16, 3), (24, 16, 1), (16, 24, 4)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
def test_every_place_shows_its_image(kind: str, height: int, width: int, channels: int) -> None:
    G = generator(kind, height, width, channels)
    ws, (direction,) = styles_of_seeds(G, [0, 1]), sefa(G, 1)
    sheet = strips(G, ws, [direction], ["a", "b"], strengths=[-2, 0, 1])
    factor = -(-64 // width)
    for row in range(2):
        for column, strength in enumerate([-2, 0, 1]):
            wanted = painted(G, apply_direction(G, ws[row : row + 1], direction, strength))
            pixels = enlarge(to_rgb(wanted), factor)[0].permute(1, 2, 0).numpy()
            right = sheet.shape[1] - (3 - column) * (width * factor + 2) + 2
            below = sheet.shape[0] - (2 - row) * (height * factor + 2) + 2
            shown = sheet[below : below + height * factor, right : right + width * factor]
            assert np.abs(shown.astype(int) - pixels).max() <= 1


def test_one_image_along_each_direction_or_pairs() -> None:
    G = generator("skip")
    ws, found = styles_of_seeds(G, [0, 1]), sefa(G, 2)
    by_direction = strips(G, ws[:1], found, ["x", "y"], strengths=[0, 1])
    repeated = strips(G, ws[[0, 0]], found, ["x", "y"], strengths=[0, 1])
    assert np.array_equal(by_direction, repeated)
    with pytest.raises(LatentError, match="2 images and 3 directions: one of them must be one, or both as many"):
        strips(G, ws, [*found, found[0]], ["x"])


def test_layers_say_what_moves() -> None:
    G = generator("skip")
    ws, (direction,) = styles_of_seeds(G, [0]), sefa(G, 1, layers="0")
    everywhere = strips(G, ws, [direction], ["x"], layers="all")
    assert not np.array_equal(everywhere, strips(G, ws, [direction], ["x"]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_film_sways_and_ends_where_it_began(kind: str) -> None:
    G = generator(kind, 16, 24, 4)
    ws, found = styles_of_seeds(G, [0]), sefa(G, 2)
    frames = list(strip_film(G, ws, found, ["x", "y"], reach=2.0, frames=8))
    assert len(frames) == 8
    assert len({(frame.shape, frame.dtype) for frame in frames}) == 1
    near = [np.abs(frames[4].astype(int) - frames[0]).max(), np.abs(frames[3].astype(int) - frames[1]).max()]
    assert max(near) <= 1  # 0 at the middle; the way there and back
    assert np.abs(frames[2].astype(int) - frames[6]).max() > 1  # the two ends
    still = list(strip_film(G, ws, found, ["x", "y"], reach=0.0, frames=3))
    assert all(np.abs(frame.astype(int) - frames[0]).max() <= 1 for frame in still)


def test_frames_are_painted_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    G, painted_images = generator("skip", 128, 128), 0
    synthesis = G.synthesis.forward

    def counting(ws: torch.Tensor, **how: object) -> torch.Tensor:
        nonlocal painted_images
        painted_images += len(ws)
        return synthesis(ws, **how)

    monkeypatch.setattr(G.synthesis, "forward", counting)
    ws = styles_of_seeds(G, [0])
    found = sefa(G, 1)
    painted_images = 0
    film = strip_film(G, ws, found, ["x"], frames=200)
    next(film)
    assert 0 < painted_images <= 32


def test_strengths_are_written_with_their_sign() -> None:
    assert [signed(x) for x in (-2.0, 0.0, 1.5)] == ["-2", "0", "+1.5"]
