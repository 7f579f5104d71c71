"""Laws of the penalty on noise that is no noise."""

import pytest
import torch
from torch import Tensor

from allaprima.latents.projection.noise_regularization import noise_penalty, normalize_noise_


def some(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def slow_penalty(noise: Tensor) -> float:
    """Of one map [h, w], pixel by pixel."""
    total, x = 0.0, noise
    while True:
        h, w = x.shape
        right = sum(float(x[i, j] * x[i, j - 1]) for i in range(h) for j in range(w)) / (h * w)
        down = sum(float(x[i, j] * x[i - 1, j]) for i in range(h) for j in range(w)) / (h * w)
        total += right**2 + down**2
        if min(h, w) <= 8:
            return total
        rows = [[x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean() for j in range(w // 2)] for i in range(h // 2)]
        x = torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 8), (16, 16), (33, 18)])
def test_it_equals_the_definition(height: int, width: int) -> None:
    maps = some(3, 1, height, width)
    torch.testing.assert_close(
        noise_penalty([maps]), torch.tensor([slow_penalty(x) for x in maps[:, 0]], dtype=torch.float64)
    )


def test_the_layers_are_summed_up_and_images_kept_apart() -> None:
    fine, coarse = some(2, 1, 16, 16), some(2, 1, 4, 6)
    both = noise_penalty([fine, coarse])
    torch.testing.assert_close(both, noise_penalty([fine]) + noise_penalty([coarse]))
    torch.testing.assert_close(both[:1], noise_penalty([fine[:1], coarse[:1]]))


def test_its_gradient_equals_finite_differences() -> None:
    assert torch.autograd.gradcheck(lambda x: noise_penalty([x]), some(2, 1, 10, 12).requires_grad_())


def test_a_picture_is_punished_and_noise_is_not() -> None:
    picture = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32).clone()
    noise = torch.randn(1, 1, 32, 32)
    normalize_noise_([picture, noise])
    assert noise_penalty([picture]) > 50 * noise_penalty([noise])


def test_normal_noise_has_no_mean_and_unit_variance() -> None:
    maps = some(3, 1, 16, 12) * 5 + 2
    before = maps.clone()
    normalize_noise_([maps])
    torch.testing.assert_close(maps.mean(dim=(2, 3)), torch.zeros(3, 1, dtype=torch.float64))
    torch.testing.assert_close(maps.square().mean(dim=(2, 3)), torch.ones(3, 1, dtype=torch.float64))
    wanted = (before - before.mean(dim=(2, 3), keepdim=True)) / before.std(dim=(2, 3), keepdim=True, correction=0)
    torch.testing.assert_close(maps, wanted)


def test_a_map_of_one_pixel_stays_finite() -> None:
    maps = torch.ones(1, 1, 1, 1)
    normalize_noise_([maps])
    assert maps.isfinite().all()
