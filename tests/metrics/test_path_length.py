"""Perceptual path length, with a plain distance in the place of LPIPS: its definition, and each variant's."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.generation import latents_of_seeds
from allaprima.metrics.path_length import VARIANTS, PathLength, face, path_distances, path_length, slerp
from allaprima.models import build
from tests.models.r3gan.small import small_generator as r3gan
from tests.models.stylegan2.small import small_generator


def squared(a: Tensor, b: Tensor) -> Tensor:
    return (a.double() - b.double()).square().mean(dim=(1, 2, 3))


class LinearPainter(torch.nn.Module):
    """An image whose pixels are w, and w is z: then everything is known."""

    def __init__(self) -> None:
        super().__init__()
        self.z_dim = self.w_dim = 64
        self.c_dim, self.num_ws = 0, 1
        self.nothing = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def mapping(self, z: Tensor, c: Tensor | None) -> Tensor:
        assert c is None
        return z[:, None].double()

    def synthesis(self, ws: Tensor, **_how: Any) -> Tensor:
        return ws.view(-1, 1, 8, 8)


def test_a_straight_path_is_as_long_as_its_end_is_far() -> None:
    painter = LinearPainter()
    plain = PathLength(space="w", sampling="full", crop=False)
    got = path_distances(painter, plain, squared, seeds=[3, 4], epsilon=0.5)
    first = latents_of_seeds([3, 4], 64)
    second = torch.stack([torch.randn(64, generator=torch.Generator().manual_seed(seed)) for seed in (3, 4)])
    torch.testing.assert_close(got, (first - second).double().square().mean(dim=1), rtol=1e-4, atol=0)


def test_in_z_a_step_is_one_of_the_angle() -> None:
    got = path_distances(LinearPainter(), VARIANTS["_zend"], lambda a, b: squared(a, b) * a[0].numel(), seeds=[3])
    crop = path_distances(LinearPainter(), PathLength(space="z", sampling="end", crop=False), squared, seeds=[3])
    a, b = latents_of_seeds([3], 64), torch.randn(1, 64, generator=torch.Generator().manual_seed(3))
    angle = math.acos(float(torch.cosine_similarity(a, b)))
    assert float(crop) * 64 == pytest.approx(angle**2, rel=2e-2)  # of float32 differences of 1e-4
    assert 0 < float(got) < angle**2  # a quarter of the pixels


def test_slerp_goes_along_the_sphere() -> None:
    a, b = torch.randn(5, 9), torch.randn(5, 9)
    unit = [x / x.norm(dim=1, keepdim=True) for x in (a, b)]
    torch.testing.assert_close(slerp(a, b, torch.zeros(5, 1)), unit[0])
    torch.testing.assert_close(slerp(a, b, torch.ones(5, 1)), unit[1])
    half = slerp(a, b, torch.full((5, 1), 0.5))
    torch.testing.assert_close(half.norm(dim=1), torch.ones(5))
    torch.testing.assert_close((half * unit[0]).sum(1), (half * unit[1]).sum(1))


def test_a_face_is_in_rows_three_to_seven_and_columns_two_to_six_of_eight() -> None:
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(24), indexing="ij")
    cut = face(torch.stack([rows, columns])[None].float())[0]
    assert (cut[0].min(), cut[0].max()) == (6, 13)
    assert (cut[1].min(), cut[1].max()) == (6, 17)


def test_the_farthest_and_nearest_hundredth_are_dropped() -> None:
    values = torch.arange(1000.0)
    values[0], values[-1] = -1e9, 1e9
    low, high = np.percentile(values.numpy(), [1, 99])
    kept = values[(values >= np.floor(low)) & (values <= np.ceil(high))]
    assert path_length(values) == pytest.approx(float(kept.double().mean()))
    assert path_length(torch.ones(3)) == 1
    with pytest.raises(DataError, match="no distances"):
        path_length(torch.empty(0))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_of_a_generator_with_noise_and_labels(variant: str) -> None:
    G = build(small_generator(16, 24, c_dim=2)).eval()
    c = torch.eye(2)[[0, 1, 1]]
    found = path_distances(G, VARIANTS[variant], squared, seeds=[0, 1, 2], c=c)
    assert found.shape == (3,)
    assert bool((found > 0).all())
    alone = path_distances(G, VARIANTS[variant], squared, seeds=[1], c=c[1:2])
    torch.testing.assert_close(found[1:2], alone, rtol=0.1, atol=0)  # differences of 1e-4 in float32


def test_both_images_of_a_pair_have_the_same_noise() -> None:
    G = build(small_generator(16, 16)).eval()
    for name, parameter in G.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(1.0)
    found = path_distances(G, VARIANTS["2_wend"], squared, seeds=[0, 1])
    assert float(found.max()) < 1e6  # other noise would be 1 / epsilon² = 1e8


def test_a_longer_path_of_twice_the_contrast() -> None:
    painter = LinearPainter()
    plain = PathLength(space="w", sampling="end", crop=False)
    one = path_distances(painter, plain, squared, seeds=[0], epsilon=0.1)
    two = path_distances(painter, plain, lambda a, b: squared(2 * a, 2 * b), seeds=[0], epsilon=0.1)
    torch.testing.assert_close(two, 4 * one)


def test_a_generator_without_noise_and_one_of_a_gray_image_with_alpha() -> None:
    for G in (build(r3gan(16, 16)), build(small_generator(16, 16, img_channels=2))):
        assert path_distances(G.eval(), VARIANTS["2_wend"], squared, seeds=[0]).shape == (1,)
