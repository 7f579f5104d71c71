"""PCA: what is known is found again."""

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.latents.centres import sample_w
from allaprima.latents.directions.pca import first_features, pca, principal_components, regressed_components
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


def test_a_known_linear_map_is_found_again() -> None:
    axes = torch.linalg.qr(torch.randn(6, 6).double())[0]
    lengths = torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0, 0.5]).double()
    points = torch.randn(20_000, 6).double() * lengths @ axes.T + 100
    vectors, shares = principal_components(points.float(), 3)
    torch.testing.assert_close((vectors @ axes[:, :3]).abs(), torch.eye(3).double(), atol=0.05, rtol=0)
    torch.testing.assert_close(shares, (lengths.square() / lengths.square().sum())[:3], atol=0.02, rtol=0)


def test_equals_the_singular_vectors_of_centred_points() -> None:
    points = torch.randn(50, 4).double() @ torch.randn(4, 4).double()
    vectors, shares = principal_components(points, 4)
    _, S, V = torch.linalg.svd(points - points.mean(dim=0))
    torch.testing.assert_close((vectors * V).sum(dim=1).abs(), torch.ones(4).double())
    torch.testing.assert_close(shares, S.square() / S.square().sum())


def test_features_that_are_linear_in_z_lead_back_to_its_axes() -> None:
    axes = torch.linalg.qr(torch.randn(5, 5))[0]
    z = torch.randn(2000, 5)
    features = z @ axes * torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5]) @ torch.linalg.qr(torch.randn(30, 5))[0].T
    vectors, shares = regressed_components(z, features, 3)
    torch.testing.assert_close((vectors.float() @ axes[:, :3]).abs(), torch.eye(3), atol=0.1, rtol=0)
    assert shares[0] > 0.6


@pytest.mark.parametrize("kind", ["skip", "stylegan", "stylegan3"])
@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 3), (24, 16, 1), (16, 24, 4)])
def test_components_of_w_are_orthogonal_and_a_unit_is_one_deviation(
    kind: str, height: int, width: int, channels: int
) -> None:
    G = generator(kind, height, width, channels)
    found = pca(G, 4, samples=2000, seed=1)
    vectors = torch.stack([direction.vector for direction in found])
    torch.testing.assert_close(vectors @ vectors.T, torch.eye(4), atol=1e-5, rtol=0)
    w = sample_w(G, 2000, seed=1)
    coordinates = w @ vectors.T
    torch.testing.assert_close(torch.corrcoef(coordinates.T), torch.eye(4), atol=1e-3, rtol=0)  # uncorrelated
    for direction, column in zip(found, coordinates.T, strict=True):
        assert direction.unit == pytest.approx(float(column.std()), rel=1e-4)
    units = [direction.unit for direction in found]
    assert units == sorted(units, reverse=True)


@pytest.mark.parametrize("kind", ["progan", "r3gan"])
def test_without_w_directions_move_the_first_features(kind: str) -> None:
    G = generator(kind, 24, 16, c_dim=2)
    found = pca(G, 3, samples=500)
    assert [direction.rows for direction in found] == [(0,)] * 3
    for direction in found:
        assert direction.vector.norm() == pytest.approx(1)
        assert not direction.vector[G.z_dim :].any()  # the class stays
    shares = [direction.figures["share of variance"] for direction in found]
    assert shares == sorted(shares, reverse=True)
    w = sample_w(G, 64)
    step = found[0].vector * found[0].unit
    along = (first_features(G, w + step) - first_features(G, w - step)).square().sum(dim=1).mean()
    others = torch.nn.functional.normalize(torch.randn(20, G.z_dim)) * found[0].unit
    others = torch.cat([others, torch.zeros(20, G.w_dim - G.z_dim)], dim=1)
    aside = [(first_features(G, w + o) - first_features(G, w - o)).square().sum(dim=1).mean() for o in others]
    assert along > torch.stack(aside).median()


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_repeatable_and_depends_on_class_and_layers(kind: str) -> None:
    G = generator(kind, c_dim=2)
    first, again = (pca(G, 2, samples=200, class_index=0) for _ in range(2))
    assert all(torch.equal(a.vector, b.vector) for a, b in zip(first, again, strict=True))
    other = pca(G, 2, samples=200, class_index=1)
    assert not torch.equal(first[0].vector, other[0].vector)
    assert pca(G, 1, samples=200, layers="0")[0].rows == (0,)


def test_what_there_is_not() -> None:
    with pytest.raises(ConfigError, match="there cannot be 9 directions of this model: ask for 1 to 8"):
        pca(generator("skip"), 9)
    with pytest.raises(ConfigError, match="there cannot be 4 directions of this model: ask for 1 to 3"):
        pca(generator("skip"), 4, samples=4)
