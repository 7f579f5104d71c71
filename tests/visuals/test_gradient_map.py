"""A gradient map is what happens to the score when a pixel changes."""

import pytest
import torch
from torch import Tensor, nn

from allaprima.layers import MinibatchStd
from allaprima.models.judging import in_company, judge
from allaprima.visuals.gradient_map import gradient_maps, smoothed
from tests.surgery.small import discriminator, some_images


class TinyDiscriminator(nn.Module):
    """In float64, which the real ones leave before their last layers."""

    def __init__(self, channels: int, *, grouped: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.c_dim = 0
        self.conv = nn.Conv2d(channels, 4, 3, padding=1)
        self.mbstd = MinibatchStd(group_size=3, num_channels=1) if grouped else nn.Identity()
        self.out = nn.Linear((4 + grouped) * 6 * 8, 1)
        self.double()

    def forward(self, image: Tensor, c: Tensor | None) -> Tensor:
        y: Tensor = self.out(self.mbstd(torch.tanh(self.conv(image))).flatten(1))
        return y


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_is_the_quotient_of_differences(channels: int, grouped: bool) -> None:
    D = TinyDiscriminator(channels, grouped=grouped)
    images = some_images(6, 8, channels, count=4).double()
    images, company = images[:2], images[2:]
    found, wanted, step = gradient_maps(D, images, company=company), torch.zeros(2, 6, 8).double(), 1e-6
    with torch.no_grad(), in_company(D, company):
        for index in range(channels * 6 * 8):
            nudge = torch.zeros(channels * 6 * 8).double()
            nudge[index] = step
            nudge = nudge.view(channels, 6, 8)
            slope = (judge(D, images + nudge) - judge(D, images - nudge)) / (2 * step)
            wanted[:, index // 8 % 6, index % 8] += slope.abs()
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["skip", "resnet", "stylegan", "progan", "r3gan"])
def test_a_map_is_of_its_image_alone(kind: str) -> None:
    D = discriminator(kind)
    images = some_images(16, 16, count=5)
    images, company = images[:2], images[2:]
    both = gradient_maps(D, images, company=company)
    assert both.shape == (2, 16, 16)
    torch.testing.assert_close(gradient_maps(D, images[1:], company=company), both[1:])
    assert all(parameter.grad is None for parameter in D.parameters())


def test_labels_reach_the_score() -> None:
    D = discriminator("stylegan", c_dim=2)
    images, company = some_images(16, 16), some_images(16, 16, count=3)
    a, b = (gradient_maps(D, images, torch.eye(2)[[k, k]], company=company) for k in (0, 1))
    assert not torch.allclose(a, b)
    with in_company(D, company):
        assert judge(D, images, torch.eye(2)).shape == (2,)


def test_smoothing_keeps_a_constant_and_spreads_a_point() -> None:
    torch.testing.assert_close(smoothed(torch.full((1, 6, 5), 3.0)), torch.full((1, 6, 5), 3.0))
    point = torch.zeros(1, 9, 9)
    point[0, 4, 4] = 1
    spread = smoothed(point)
    assert spread.sum().item() == pytest.approx(1)
    assert torch.equal(spread[0], spread[0].T)
    assert spread[0, 4, 4] == spread.max()
