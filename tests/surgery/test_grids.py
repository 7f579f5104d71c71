"""Laws of grids: what is constant stays, what reads a grid reads the same on another."""

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange

from allaprima.surgery import with_size
from allaprima.surgery.grids import interpolation, resample, resample_reader, tile
from tests.conftest import assert_near
from tests.surgery.small import discriminator

PAIRS = [(4, 4), (4, 3), (4, 8), (5, 7), (7, 2), (1, 3)]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_rows_have_the_sum_1_and_the_same_size_is_the_identity(old: int, new: int) -> None:
    matrix = interpolation(old, new)
    assert matrix.shape == (new, old)
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(new, dtype=torch.float64))
    if old == new:
        assert torch.equal(matrix, torch.eye(old, dtype=torch.float64))


def test_it_is_bilinear_interpolation() -> None:
    x = torch.randn(2, 4, 6)
    wanted = F.interpolate(x[None], size=(8, 5), mode="bilinear", antialias=True)[0]
    torch.testing.assert_close(resample(x, (8, 5)), wanted)


def test_a_reader_reads_what_it_read() -> None:
    weights, x = torch.randn(4, 6), torch.randn(8, 5)
    sums = (resample_reader(weights, (8, 5)) * x).sum(), (weights * resample(x, (4, 6))).sum()
    torch.testing.assert_close(*sums)


def test_noise_is_tiled() -> None:
    noise = torch.randn(4, 4)
    tiled = tile(noise, (6, 3))
    assert torch.equal(tiled[:4], noise[:, :3])
    assert torch.equal(tiled[4:], noise[:2, :3])


@pytest.mark.parametrize(
    ("kind", "fields"), [("resnet", {}), ("stylegan", {}), ("progan", {}), ("progan", {"equalized": False})]
)
def test_the_linear_layer_of_a_discriminator_reads_the_grid_interpolated_back(
    kind: str, fields: dict[str, bool]
) -> None:
    D = discriminator(kind, **fields)
    E = with_size(D, 16, 20)
    assert E.spec.geometry.base == (4, 5)
    x = torch.randn(2, 8, 4, 5)
    wanted = D.b4.fc(rearrange(resample(x, (4, 4)), "n c h w -> n (c h w)"))
    assert_near(E.b4.fc(rearrange(x, "n c h w -> n (c h w)")), wanted, 1e-5)


def test_the_basis_of_an_r3gan_discriminator_reads_the_grid_interpolated_back() -> None:
    D = discriminator("r3gan")
    E = with_size(D, 16, 20)
    x = torch.randn(2, 8, 4, 5)
    assert_near(E.MainLayers[-1].Layers[-1](x), D.MainLayers[-1].Layers[-1](resample(x, (4, 4))), 1e-5)
