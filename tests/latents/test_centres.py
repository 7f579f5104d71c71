"""Centres of W: their laws on every architecture."""

import pytest
import torch

from allaprima.errors import ConfigError, LatentError
from allaprima.generation import generate
from allaprima.latents.centres import centre_of_class, nearest_centre, sample_w, spread_along, truncate
from allaprima.latents.styles import painted, styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_what_the_mapping_gives_whatever_the_number(kind: str) -> None:
    G = generator(kind, c_dim=3)
    w = sample_w(G, 10, seed=3)
    assert w.shape == (10, G.w_dim)
    z = torch.randn(10, G.z_dim, generator=torch.Generator().manual_seed(3))
    c = torch.eye(3)[torch.arange(10) % 3]  # all classes in turn
    torch.testing.assert_close(w, G.mapping(z, c)[:, 0])
    assert not torch.equal(w, sample_w(G, 10, seed=4))


@pytest.mark.parametrize("kind", KINDS)
def test_the_centre_of_a_class_is_its_mean(kind: str) -> None:
    G = generator(kind, c_dim=3)
    centres = torch.stack([centre_of_class(G, index, count=500) for index in range(3)])
    wanted = torch.stack([sample_w(G, 500, class_index=index).mean(dim=0) for index in range(3)])
    torch.testing.assert_close(centres, wanted)
    mixed = centre_of_class(G, c=torch.tensor([[0.0, 1.0, 0.0]]), count=500)
    torch.testing.assert_close(mixed, centres[1])
    assert (centres[0] - centres[1]).norm() > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_truncation_towards_the_models_own_centre_is_its_own_truncation(kind: str) -> None:
    G = generator(kind)
    ws = styles_of_seeds(G, [0, 1])
    own = styles_of_seeds(G, [0, 1], truncation_psi=0.3)
    torch.testing.assert_close(truncate(ws, G.mapping.w_avg, 0.3), own)
    torch.testing.assert_close(styles_of_seeds(G, [0, 1], truncation_psi=0.3, centres=G.mapping.w_avg[None]), own)


def test_truncation() -> None:
    ws, centre = torch.randn(2, 4, 3), torch.randn(3)
    torch.testing.assert_close(truncate(ws, centre, 1), ws)
    torch.testing.assert_close(truncate(ws, centre, 0), centre.expand(2, 4, 3))
    torch.testing.assert_close(truncate(ws, centre, -1), 2 * centre - ws)
    cut = truncate(ws, centre, 0.5, cutoff=1)
    assert torch.equal(cut[:, 1:], ws[:, 1:])
    torch.testing.assert_close(cut[:, 0], (ws[:, 0] + centre) / 2)
    each = torch.randn(2, 3)
    torch.testing.assert_close(truncate(ws, each, 0.5)[1], truncate(ws[1:], each[1], 0.5)[0])
    shares = truncate(ws, centre, torch.tensor([0.2, 0.9]), cutoff=2)
    for n, psi in enumerate((0.2, 0.9)):
        torch.testing.assert_close(shares[n], truncate(ws[[n]], centre, psi, cutoff=2)[0])


def test_each_image_goes_to_its_nearest_centre() -> None:
    ws, centres = torch.randn(20, 4, 3), torch.randn(5, 3)
    distance = (ws.mean(dim=1)[:, None] - centres).norm(dim=2)
    assert torch.equal(nearest_centre(ws, centres), centres[distance.argmin(dim=1)])
    with pytest.raises(LatentError, match=r"centres must be \[k, 3\] for this model, got \[5, 4\]"):
        nearest_centre(ws, torch.randn(5, 4))


def test_spread_is_the_deviation_along_unit_vectors() -> None:
    w = torch.randn(1000, 3) * torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(spread_along(w, torch.eye(3)), w.double().std(dim=0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("height", "width", "channels"), [(24, 16, 1), (16, 24, 4)])
def test_styles_of_seeds_are_those_that_generate_paints(kind: str, height: int, width: int, channels: int) -> None:
    G = generator(kind, height, width, channels, c_dim=2)
    options = {"class_index": 1, "truncation_psi": 0.7, "truncation_cutoff": 1}
    images = painted(G, styles_of_seeds(G, [3, 1], **options))
    assert images.shape == (2, channels, height, width)
    for mine, its in zip(images, generate(G, seeds=[3, 1], **options), strict=True):
        wanted = torch.from_numpy(its.copy())
        torch.testing.assert_close(mine, wanted[None] if wanted.ndim == 2 else wanted.permute(2, 0, 1), atol=1, rtol=0)


def test_what_there_is_not() -> None:
    G = generator("skip")
    with pytest.raises(ConfigError, match="the number of samples is 0"):
        sample_w(G, 0)
    with pytest.raises(LatentError, match="this model knows no classes"):
        centre_of_class(G, 1)
    with pytest.raises(LatentError, match="no seeds"):
        styles_of_seeds(G, [])
