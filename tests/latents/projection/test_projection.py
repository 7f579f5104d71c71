"""The search for many targets: groups, what is kept, where it starts."""

import pytest
import torch

from allaprima.errors import LatentError
from allaprima.images import to_network, to_pixels
from allaprima.latents.projection.projection import Projection, project
from allaprima.latents.projection.search import Search, Step
from allaprima.latents.projection.start import mean_and_deviation
from allaprima.latents.projection.target import psnr
from tests.surgery.small import generator, paint

QUICK = Search(steps=4, exploration=0.0)


@pytest.mark.parametrize(("kind", "channels"), [("skip", 3), ("stylegan3", 1), ("r3gan", 3)])
def test_from_nearby_an_image_of_the_model_is_found_again(kind: str, channels: int) -> None:
    G = generator(kind, 8, 12, channels)
    ws = G.mapping(torch.randn(2, G.z_dim), None)
    targets = to_pixels(G.synthesis(ws, noise_mode="const"))
    near = ws + 0.1 * torch.randn_like(ws)
    how = Search(steps=40, exploration=0.0, learning_rate=0.03, noise_weight=None)
    before = psnr(G.synthesis(near, noise_mode="const"), to_network(targets))
    found = project(G, targets, start=near, how=how)
    after = psnr(found.images(), to_network(targets))
    assert (after > 35).all()
    assert (after > before + 6).all()
    assert found.curve.shape == (40, 2)


def test_groups_have_no_influence() -> None:
    G = generator("stylegan", 16, 16, 1)
    targets = to_pixels(paint(G, 3))
    together, apart = (Projection(G, targets, how=QUICK, at_once=count) for count in (3, 2))
    assert (len(together), len(apart)) == (4, 8)
    assert len(list(together)) == 4
    assert [step.done for step in apart] == [1, 2, 3, 4, 1, 2, 3, 4]
    torch.testing.assert_close(together.ws, apart.ws, atol=1e-3, rtol=0)
    torch.testing.assert_close(together.curve, apart.curve, atol=1e-3, rtol=0)
    torch.testing.assert_close(together.images(), apart.images(), atol=2e-2, rtol=0)


def test_the_trail_leads_from_the_start_to_what_is_found() -> None:
    G = generator("skip")
    found = project(G, to_pixels(paint(G, 2)), how=QUICK)
    mean, _ = mean_and_deviation(G)
    assert found.trail.shape == (5, 2, G.num_ws, G.w_dim)
    assert torch.equal(found.trail[0], mean.expand(2, -1, -1))
    assert torch.equal(found.trail[-1], found.ws)
    long = Projection(G, to_pixels(paint(G, 1)), how=Search(steps=1000))
    assert len(long.trail) == 121


def test_left_early_it_holds_what_was_found() -> None:
    G = generator("skip")
    projection = Projection(G, to_pixels(paint(G, 2)), how=Search(steps=100), at_once=1)
    mean, _ = mean_and_deviation(G)
    for step in projection:
        if step.done == 3:
            break
    assert torch.equal(projection.ws[:1], step.ws)
    assert torch.equal(projection.ws[1:], mean), "the second target has not begun"
    assert projection.curve[:3, 0].isfinite().all()
    assert projection.curve[3:].isnan().all()
    assert torch.equal(projection.trail[-1], projection.ws)
    assert projection.images().isfinite().all()


def test_it_tells_each_step() -> None:
    G = generator("progan")
    told: list[Step] = []
    project(G, to_pixels(paint(G, 1)), how=QUICK, on_step=told.append)
    assert [step.done for step in told] == [1, 2, 3, 4]


def test_starts() -> None:
    G = generator("skip")
    targets = to_pixels(paint(G, 2))
    ws = torch.randn(2, G.num_ws, G.w_dim)
    given = Projection(G, targets, start=ws, how=QUICK)
    assert torch.equal(given.trail[0], ws)
    best = project(G, targets, start=8, how=QUICK)
    from_mean = project(G, targets, how=QUICK)
    assert (best.curve[0] < from_mean.curve[0]).all()
    assert not torch.equal(best.trail[0], from_mean.trail[0])
    with pytest.raises(LatentError, match="3 latents"):
        Projection(G, targets, start=torch.zeros(3, G.num_ws, G.w_dim))


def test_a_class_is_started_in() -> None:
    G = generator("skip", c_dim=2)
    pixels = to_pixels(paint(G, 1))
    cat, dog = (Projection(G, pixels, label={"class_index": i}) for i in (0, 1))
    assert not torch.equal(cat.ws, dog.ws)
    with pytest.raises(LatentError, match="no class 5"):
        Projection(G, pixels, label={"class_index": 5})
