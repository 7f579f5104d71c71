"""Laws of R1, which is R2 at generated images, of the penalty of WGAN-GP, and of the drift."""

import pytest
import torch
from torch import Tensor, nn

from allaprima.losses import drift_penalty, r1_penalty, wgan_gp_penalty
from tests.conftest import assert_near, read_reference
from tests.models.stylegan2.small import reference_discriminator


def pictures(count: int = 3) -> Tensor:
    return torch.randn(count, 2, 4, 5, dtype=torch.float64, requires_grad=True)


def test_of_a_linear_critic_it_is_the_squared_norm_of_its_weights() -> None:
    images, a = pictures(), torch.randn(2, 4, 5, dtype=torch.float64)
    logits = (images * a).sum(dim=(1, 2, 3))[:, None] + 7
    torch.testing.assert_close(r1_penalty(logits, images), a.square().sum().expand(3))


def test_of_a_quadratic_critic_it_is_four_times_the_squared_norm_of_the_image() -> None:
    images = pictures()
    logits = images.square().sum(dim=(1, 2, 3))[:, None]
    torch.testing.assert_close(r1_penalty(logits, images), 4 * images.square().sum(dim=(1, 2, 3)))


def test_it_scales_with_the_square_of_the_critic() -> None:
    images, a = pictures(), torch.randn(2, 4, 5, dtype=torch.float64)
    once = r1_penalty((images * a).sin().sum(dim=(1, 2, 3))[:, None], images)
    thrice = r1_penalty(3 * (images * a).sin().sum(dim=(1, 2, 3))[:, None], images)
    torch.testing.assert_close(thrice, 9 * once)


def test_a_critic_that_does_not_care_has_none() -> None:
    images = pictures()
    assert r1_penalty(0 * images.sum(dim=(1, 2, 3))[:, None], images).tolist() == [0, 0, 0]


def test_its_gradient_by_the_weights_equals_finite_differences() -> None:
    critic = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Softplus(), nn.Flatten(), nn.Linear(18, 1)).double()
    names = [name for name, _ in critic.named_parameters()]
    images = pictures(2)

    def penalty(*parameters: Tensor) -> Tensor:
        weights = dict(zip(names, parameters, strict=True))
        return r1_penalty(torch.func.functional_call(critic, weights, (images,)), images)

    assert torch.autograd.gradcheck(penalty, tuple(critic.parameters()))


def test_equals_the_reference_with_its_second_order_gradients() -> None:
    reference = read_reference("stylegan2_discriminator_resnet_3ch_labels")
    D, t = reference_discriminator(reference), reference.tensors
    images = t["images"].requires_grad_()
    r1 = r1_penalty(D(images, t["c"]), images)
    assert_near(r1, t["r1_penalty"], 1e-4)
    (r1 / 2).mean().backward()
    for name, wanted in reference.part("grad_of_half_mean_r1.").items():
        got = D.get_parameter(name).grad
        assert got is not None, name
        assert_near(got, wanted, 1e-3)


def batches(count: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Real images, generated ones, and places between them."""
    reals, fakes = pictures(count), pictures(count)
    return reals, fakes, torch.rand(count, dtype=torch.float64)


def smooth_critic() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.Softplus(), nn.Flatten(), nn.Linear(18, 1)).double()


@pytest.mark.parametrize("target", [1.0, 750.0])
def test_wgan_gp_of_a_linear_critic_is_the_relative_distance_of_its_norm_from_the_target(target: float) -> None:
    a = torch.randn(2, 4, 5, dtype=torch.float64)
    got = wgan_gp_penalty(lambda x: (x * a).sum(dim=(1, 2, 3))[:, None] + 7, *batches(), target)
    torch.testing.assert_close(got, ((a.norm() - target) ** 2 / target**2).expand(3))
    unit = a / a.norm() * target
    at_rest = wgan_gp_penalty(lambda x: (x * unit).sum(dim=(1, 2, 3))[:, None], *batches(), target)
    torch.testing.assert_close(at_rest, torch.zeros(3).double())


def test_wgan_gp_looks_between_each_real_image_and_its_partner() -> None:
    reals, fakes, mix = batches()
    seen: list[Tensor] = []

    def critic(x: Tensor) -> Tensor:
        seen.append(x)
        return (x.square().sum(dim=(1, 2, 3)) / 2)[:, None]  # its gradient is the image

    got = wgan_gp_penalty(critic, reals, fakes, mix)
    places = mix[:, None, None, None]
    between = reals * (1 - places) + fakes * places
    torch.testing.assert_close(seen[0], between)
    torch.testing.assert_close(got, (between.flatten(1).norm(dim=1) - 1).square())
    wgan_gp_penalty(critic, reals, fakes, torch.tensor([0.0, 0.0, 1.0]).double())
    torch.testing.assert_close(seen[1], torch.cat([reals[:2], fakes[2:]]))


def test_wgan_gp_equals_a_loop_over_the_images() -> None:
    critic, (reals, fakes, mix) = smooth_critic(), batches()
    parts = [slice(i, i + 1) for i in range(3)]
    alone = torch.cat([wgan_gp_penalty(critic, reals[p], fakes[p], mix[p]) for p in parts])
    torch.testing.assert_close(wgan_gp_penalty(critic, reals, fakes, mix), alone)


def test_the_gradient_of_wgan_gp_by_the_weights_equals_finite_differences() -> None:
    critic, (reals, fakes, mix) = smooth_critic(), batches(2)
    names = [name for name, _ in critic.named_parameters()]

    def penalty(*parameters: Tensor) -> Tensor:
        weights = dict(zip(names, parameters, strict=True))
        return wgan_gp_penalty(lambda x: torch.func.functional_call(critic, weights, (x,)), reals, fakes, mix, 0.5)

    assert torch.autograd.gradcheck(penalty, tuple(critic.parameters()))


def test_wgan_gp_sends_nothing_back_to_the_images() -> None:
    critic, (reals, fakes, mix) = smooth_critic(), batches()
    inputs = (reals, fakes, critic[0].weight)
    gradients = torch.autograd.grad(wgan_gp_penalty(critic, reals, fakes, mix).sum(), inputs, allow_unused=True)
    assert [gradient is None for gradient in gradients] == [True, True, False]


def test_a_critic_without_any_slope_is_one_away_and_its_weights_stay_finite() -> None:
    weight = torch.zeros(2, 4, 5, dtype=torch.float64, requires_grad=True)
    penalty = wgan_gp_penalty(lambda x: (x * weight).sum(dim=(1, 2, 3))[:, None], *batches())
    assert penalty.tolist() == [1, 1, 1]
    (gradient,) = torch.autograd.grad(penalty.sum(), weight)
    assert gradient.isfinite().all()


def test_the_drift_is_the_square_of_the_logits() -> None:
    x = torch.tensor([[3.0], [-2.0], [0.0]], requires_grad=True)
    drift = drift_penalty(x)
    assert drift.tolist() == [[9], [4], [0]]
    assert torch.autograd.grad(drift.sum(), x)[0].tolist() == [[6], [-4], [0]]
