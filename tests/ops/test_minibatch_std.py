"""Laws of the minibatch standard deviation."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import minibatch_std


def by_definition(x: Tensor, groups: list[list[int]], parts: int) -> Tensor:
    """One map of one number for each group and part of the channels: the mean of the pixels' deviations."""
    maps = torch.zeros(len(x), parts, *x.shape[2:], dtype=x.dtype)
    for group in groups:
        for f, channels in enumerate(x[group].chunk(parts, dim=1)):
            deviations = [
                ((pixel - pixel.mean()).square().mean() + 1e-8).sqrt() for pixel in channels.flatten(start_dim=1).T
            ]
            maps[group, f] = torch.stack(deviations).mean()
    return torch.cat([x, maps], dim=1)


GROUPS = [  # batch, group_size, which images form a group
    (8, 4, [[0, 2, 4, 6], [1, 3, 5, 7]]),
    (6, 4, [[0, 2, 4], [1, 3, 5]]),
    (5, 4, [[0], [1], [2], [3], [4]]),
    (3, 4, [[0, 1, 2]]),
    (6, None, [[0, 1, 2, 3, 4, 5]]),
    (4, 1, [[0], [1], [2], [3]]),
]


@pytest.mark.parametrize("num_channels", [1, 2, 6])
@pytest.mark.parametrize(("count", "group_size", "groups"), GROUPS)
def test_equals_its_definition(count: int, group_size: int | None, groups: list[list[int]], num_channels: int) -> None:
    x = torch.randn(count, 6, 2, 3, dtype=torch.float64)
    y = minibatch_std(x, group_size=group_size, num_channels=num_channels)
    torch.testing.assert_close(y, by_definition(x, groups, num_channels))


def test_order_within_a_group_does_not_matter() -> None:
    x = torch.randn(8, 4, 3, 3)
    exchanged = x[[4, 1, 0, 3, 2, 5, 6, 7]]  # images 0, 2, 4, 6 are one group
    torch.testing.assert_close(minibatch_std(exchanged, group_size=4)[:, 4], minibatch_std(x, group_size=4)[:, 4])


def test_an_image_of_another_group_does_not_matter() -> None:
    x = torch.randn(8, 4, 3, 3)
    other = x.clone()
    other[1] += 9
    before, after = minibatch_std(x, group_size=4)[:, 4], minibatch_std(other, group_size=4)[:, 4]
    assert torch.equal(before[::2], after[::2])
    assert (after[1::2] > before[1::2]).all()


@pytest.mark.parametrize("count", [1, 4])
def test_equal_images_deviate_by_the_square_root_of_epsilon(count: int) -> None:
    x = torch.randn(1, 4, 3, 3).repeat(count, 1, 1, 1)
    maps = minibatch_std(x, group_size=4)[:, 4]
    torch.testing.assert_close(maps, torch.full_like(maps, 1e-4), rtol=0.01, atol=0)


def test_gradient_and_second_gradient() -> None:
    x = torch.randn(4, 2, 2, 1, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: minibatch_std(x, group_size=2), x)
    assert gradgradcheck(lambda x: minibatch_std(x, group_size=2), x)


def test_second_gradient_is_finite_where_images_are_equal() -> None:
    x = torch.zeros(4, 2, 2, 2, requires_grad=True)
    (g,) = torch.autograd.grad(minibatch_std(x, group_size=4).square().sum(), x, create_graph=True)
    assert torch.autograd.grad(g.square().sum(), x)[0].isfinite().all()


def test_epsilon_survives_float16() -> None:
    x = torch.zeros(4, 2, 2, 2, dtype=torch.float16, requires_grad=True)
    minibatch_std(x, group_size=4).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_bfloat16_is_float32_rounded() -> None:
    x = (100 + torch.randn(4, 2, 3, 3)).bfloat16()
    y = minibatch_std(x, group_size=4)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), minibatch_std(x.float(), group_size=4), rtol=2**-8, atol=0)
