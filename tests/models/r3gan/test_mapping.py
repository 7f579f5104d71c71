"""Laws of the mapping that learns nothing."""

import pytest
import torch

from allaprima.models.r3gan import Generator
from tests.models.r3gan.small import small_generator


def test_it_puts_latent_and_embedded_label_side_by_side() -> None:
    G = Generator(small_generator(8, 8, c_dim=3, embed_dim=5))
    z, c = torch.randn(4, 6), torch.rand(4, 3)
    ws = G.mapping(z, c)
    assert ws.shape == (4, 1, 11) == (4, G.num_ws, G.w_dim)
    assert torch.equal(ws[:, 0, :6], z)
    torch.testing.assert_close(ws[:, 0, 6:], c @ G.EmbeddingLayer.weight.T)
    assert (G.mapping.z_dim, G.mapping.c_dim, G.mapping.w_dim, G.mapping.num_ws) == (6, 3, 11, 1)


@pytest.mark.parametrize("c", [None, torch.empty(4, 0)])
def test_without_labels_it_is_the_latent(c: torch.Tensor | None) -> None:
    G, z = Generator(small_generator(8, 8)), torch.randn(4, 6)
    assert torch.equal(G.mapping(z, c)[:, 0], z)
    assert G.mapping.c_dim == 0


def test_truncation_draws_the_latent_to_its_mean_and_keeps_the_class() -> None:
    G, z, c = Generator(small_generator(8, 8, c_dim=3)), torch.randn(3, 6), torch.eye(3)
    whole = G.mapping(z, c)
    assert torch.equal(G.mapping(z, c, truncation_psi=1), whole)
    for psi in (0.0, 0.3, -1.0):
        ws = G.mapping(z, c, truncation_psi=psi)
        torch.testing.assert_close(ws[:, :, :6], psi * whole[:, :, :6])
        assert torch.equal(ws[:, :, 6:], whole[:, :, 6:])
        assert torch.equal(G.mapping(z, c, truncation_psi=psi, truncation_cutoff=1), ws)
        assert torch.equal(G.mapping(z, c, truncation_psi=psi, truncation_cutoff=0), whole)


def test_the_average_is_zero() -> None:
    G = Generator(small_generator(8, 8, c_dim=3))
    G.mapping(torch.randn(8, 6) + 5, torch.eye(3)[[0] * 8], update_emas=True)
    assert torch.equal(G.mapping.w_avg, torch.zeros(12))


def test_wrong_inputs_are_named() -> None:
    G, c = Generator(small_generator(8, 8, c_dim=3)), torch.eye(3)
    with pytest.raises(ValueError, match=r"z must be \[n, 6\], got \[3, 7\]"):
        G.mapping(torch.zeros(3, 7), c)
    with pytest.raises(ValueError, match=r"this model has labels: c must be \[n, 3\], got None"):
        G.mapping(torch.zeros(3, 6))
    with pytest.raises(ValueError, match=r"this model has labels: c must be \[n, 3\], got \[3, 2\]"):
        G.mapping(torch.zeros(3, 6), c[:, :2])
