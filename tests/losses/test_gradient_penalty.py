"""Laws of R1."""

import torch
from torch import Tensor, nn

from allaprima.losses import r1_penalty
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
