"""Ways between two seeds."""

import pytest
import torch
from torch.testing import assert_close

from allaprima.visuals.distance import path_length
from allaprima.visuals.interpolation import interpolation_section, through_w, through_z, ways
from tests.visuals.subjects import KINDS, subject


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_have_the_seeds_as_their_ends(kind: str) -> None:
    one = subject(kind, seeds=(4, 9))
    for way in (through_z, through_w):
        ws = way(one, (4, 9), steps=4)
        assert ws.shape == (5, one.G.num_ws, one.G.w_dim)
        assert_close(ws[[0, -1]], one.ws(), rtol=1e-4, atol=1e-5)


def test_the_way_through_w_is_straight_and_that_through_z_stays_on_the_sphere() -> None:
    one = subject("skip")
    ws = through_w(one, (0, 1), steps=4)
    assert_close(ws[1:] - ws[:-1], (ws[1:2] - ws[:1]).expand(4, -1, -1), rtol=1e-4, atol=1e-6)
    r3gan = subject("r3gan")  # its w is z
    z = through_z(r3gan, (0, 1), steps=4)[:, 0]
    ends = z[[0, -1]].norm(dim=1)
    assert_close(z.norm(dim=1), torch.lerp(ends[0], ends[1], torch.linspace(0, 1, 5)))


@pytest.mark.parametrize("kind", ["skip", "r3gan", "stylegan3"])
def test_no_way_is_shorter_than_the_distance_of_its_ends(kind: str) -> None:
    found = ways(subject(kind), (0, 1), steps=6)
    for images in (found.z, found.w):
        assert float(path_length(images)[-1]) >= found.straight * (1 - 1e-5)


@pytest.mark.parametrize(("kind", "shape"), [("skip", (24, 16, 4)), ("progan", (16, 24, 1)), ("r3gan", (16, 16, 3))])
def test_section(kind: str, shape: tuple[int, int, int]) -> None:
    section = interpolation_section(subject(kind, *shape, seeds=(0, 1, 2, 3)), steps=4)
    assert [row[0] for row in section.table[1:]] == ["seed 0 to 1", "seed 2 to 3"]
    assert all(row[-1] == "as long" or row[-1].endswith(("shorter", "longer")) for row in section.table[1:])
    strips, lengths, film = section.pictures
    assert strips.image is not None
    assert lengths.svg is not None
    assert film.film is not None
    frames = list(film.film())
    assert len(frames) == 8
    assert len({frame.shape for frame in frames}) == 1
    assert ("no mapping network" in section.text[0]) == (kind != "skip")


def test_a_way_that_leads_nowhere_has_no_length() -> None:
    section = interpolation_section(subject("skip", seeds=(3, 3)), steps=2)
    assert section.table[1] == ("seed 3 to 3", "0.0", "0.0", "0.0", "as long")


def test_one_seed_is_no_way() -> None:
    section = interpolation_section(subject("skip", seeds=(3,)))
    assert not section.pictures
    assert "two seeds" in section.text[0]
