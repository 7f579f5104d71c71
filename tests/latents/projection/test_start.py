"""Where a search begins."""

import pytest
import torch

from allaprima.errors import LatentError
from allaprima.latents.projection.distance import PyramidDistance
from allaprima.latents.projection.start import best_of, for_each, mean_and_deviation
from tests.surgery.small import generator


@pytest.mark.parametrize("kind", ["skip", "stylegan", "progan", "r3gan", "stylegan3"])
def test_the_mean_is_that_of_many_samples(kind: str) -> None:
    G = generator(kind)
    w = G.mapping(torch.randn(4000, G.z_dim), None)[:, 0]
    mean, deviation = mean_and_deviation(G)
    assert mean.shape == (1, G.num_ws, G.w_dim)
    torch.testing.assert_close(mean[0, 0], w.mean(dim=0), atol=0.1, rtol=0)
    torch.testing.assert_close(mean, mean[:, :1].expand_as(mean))
    assert deviation == pytest.approx(float(w.var(dim=0).mean().sqrt()), rel=0.05)


def test_a_class_has_a_mean_of_its_own() -> None:
    G = generator("skip", c_dim=2)
    cat, dog, both = (mean_and_deviation(G, **label)[0] for label in ({"class_index": 0}, {"class_index": 1}, {}))
    assert not torch.allclose(cat, dog, atol=1e-2)
    torch.testing.assert_close(both, (cat + dog) / 2, atol=0.05, rtol=0)


def test_the_best_of_many_is_the_nearest() -> None:
    G = generator("skip", 16, 24)
    first = best_of(G, PyramidDistance().to(torch.zeros(1, 3, 16, 24)), 20)
    targets = G.synthesis(torch.cat([first, first + 1]), noise_mode="const")
    measure = PyramidDistance().to(targets)
    found = best_of(G, measure, 20)
    assert torch.equal(found[:1], first), "an image of the model is nearest to itself"
    few = best_of(G, measure, 3)
    assert (measure(G.synthesis(found, noise_mode="const")) <= measure(G.synthesis(few, noise_mode="const"))).all()


def test_no_candidates_are_too_few() -> None:
    G = generator("skip")
    with pytest.raises(LatentError, match="at least 1"):
        best_of(G, PyramidDistance().to(torch.zeros(1, 3, 16, 16)), 0)


def test_given_styles_are_for_one_or_for_each() -> None:
    ws = torch.randn(3, 4, 5)
    assert torch.equal(for_each(ws, 3), ws)
    assert torch.equal(for_each(ws[:1], 2), ws[[0, 0]])
    with pytest.raises(LatentError, match="3 latents to start from and 2 targets"):
        for_each(ws, 2)
