"""Laws of the games."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from allaprima.losses import (
    ADVERSARIAL,
    Adversarial,
    d_dual_contrastive,
    d_hinge,
    d_logistic,
    d_relativistic,
    d_wasserstein,
    g_dual_contrastive,
    g_hinge,
    g_nonsaturating,
    g_relativistic,
    g_saturating,
    g_wasserstein,
)

logits = st.floats(-30, 30)
each_game = pytest.mark.parametrize("game", ADVERSARIAL.values(), ids=ADVERSARIAL)


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@given(logits, logits)
def test_losses_are_logarithms_of_the_sigmoid(real: float, fake: float) -> None:
    assert g_nonsaturating(column(fake)).item() == pytest.approx(-math.log(sigmoid(fake)))
    assert g_saturating(column(fake)).item() == pytest.approx(math.log(sigmoid(-fake)))
    wanted = -math.log(sigmoid(real)) - math.log(sigmoid(-fake))  # 1 - sigmoid(x) is sigmoid(-x)
    assert d_logistic(column(real), column(fake)).item() == pytest.approx(wanted)
    assert d_relativistic(column(real), column(fake)).item() == pytest.approx(-math.log(sigmoid(real - fake)))
    assert g_relativistic(column(fake), column(real)).item() == pytest.approx(-math.log(sigmoid(fake - real)))


def test_known_values() -> None:
    zero, third = column(0), column(math.log(3))
    assert g_nonsaturating(zero).item() == pytest.approx(math.log(2))
    assert g_saturating(zero).item() == pytest.approx(-math.log(2))
    assert d_logistic(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert g_nonsaturating(third).item() == pytest.approx(math.log(4 / 3))
    assert d_logistic(third, -third).item() == pytest.approx(2 * math.log(4 / 3))
    assert d_relativistic(third, zero).item() == g_relativistic(third, zero).item() == pytest.approx(math.log(4 / 3))
    assert (d_wasserstein(column(5), column(2)).item(), g_wasserstein(column(2)).item()) == (-3, -2)
    assert (d_hinge(column(0.25), column(0.5)).item(), g_hinge(column(0.5)).item()) == (2.25, -0.5)
    three = column(0, 0, 0)  # one against three, twice
    torch.testing.assert_close(d_dual_contrastive(three, three), torch.full((3, 1), 2 * math.log(4)).double())


@each_game
def test_it_is_finite_where_logits_are_large_and_of_the_shape_of_the_batch(game: Adversarial) -> None:
    for real, fake in itertools.product((column(1000, -1000), column(3, -1)), repeat=2):
        for loss in (game.discriminator(real, fake), game.generator(fake, real)):
            assert loss.isfinite().all()
            assert loss.shape == (2, 1)


@each_game
def test_the_discriminator_wants_real_up_and_fake_down_and_the_generator_fake_up(game: Adversarial) -> None:
    real, fake = column(0.3, -0.2).requires_grad_(), column(-0.7, 0.1).requires_grad_()
    real_gradient, fake_gradient = torch.autograd.grad(game.discriminator(real, fake).sum(), (real, fake))
    (generator_gradient,) = torch.autograd.grad(game.generator(fake, real).sum(), fake)
    assert real_gradient.max() < 0 < fake_gradient.min()
    assert generator_gradient.max() < 0


@each_game
def test_only_paired_generators_look_at_real_images(game: Adversarial) -> None:
    real, fake = column(0.3, -0.2), column(-0.7, 0.1)
    if game.paired:
        assert not torch.equal(game.generator(fake, real), game.generator(fake, real + column(1, 0)))
        with pytest.raises(ValueError, match="real_logits must be given"):
            game.generator(fake, None)
    else:
        assert torch.equal(game.generator(fake, real), game.generator(fake, None))


@pytest.mark.parametrize("name", sorted(ADVERSARIAL.keys() - {"dual-contrastive"}))
def test_each_pair_has_a_loss_of_its_own(name: str) -> None:
    game, real, fake = ADVERSARIAL[name], column(-1, 0, 2), column(3, -2, 1)
    d, g = game.discriminator(real, fake), game.generator(fake, real)
    for part in (slice(i, i + 1) for i in range(3)):
        assert torch.equal(d[part], game.discriminator(real[part], fake[part]))
        assert torch.equal(g[part], game.generator(fake[part], real[part]))


@pytest.mark.parametrize("name", ["saturating", "wasserstein", "dual-contrastive"])
def test_zero_sum_games(name: str) -> None:
    """What the generator gains the discriminator loses: their gradients by the generated images' logits cancel."""
    game, real, fake = ADVERSARIAL[name], column(-1, 0, 2), column(3, -2, 1).requires_grad_()
    total = game.discriminator(real, fake).sum() + game.generator(fake, real).sum()
    (gradient,) = torch.autograd.grad(total, fake)
    torch.testing.assert_close(gradient, torch.zeros(3, 1).double())


@pytest.mark.parametrize("name", ["nonsaturating", "hinge", "relativistic"])
def test_games_that_are_not_zero_sum(name: str) -> None:
    game, real, fake = ADVERSARIAL[name], column(-1, 0, 2), column(3, -2, 1).requires_grad_()
    total = game.discriminator(real, fake).sum() + game.generator(fake, real).sum()
    assert torch.autograd.grad(total, fake)[0].abs().max() > 0.1


@pytest.mark.parametrize("name", ["relativistic", "dual-contrastive", "wasserstein"])
@given(shift=logits)
def test_only_differences_between_logits_matter(name: str, shift: float) -> None:
    game, real, fake = ADVERSARIAL[name], column(-1, 0, 2), column(3, -2, 1)
    torch.testing.assert_close(game.discriminator(real + shift, fake + shift), game.discriminator(real, fake))
    if game.paired:
        torch.testing.assert_close(game.generator(fake + shift, real + shift), game.generator(fake, real))


@pytest.mark.parametrize("name", ["nonsaturating", "relativistic"])
def test_the_two_losses_are_each_others_mirror_image(name: str) -> None:
    game, real, fake = ADVERSARIAL[name], column(-1, 0, 2), column(3, -2, 1)
    if game.paired:
        torch.testing.assert_close(game.generator(real, fake), game.discriminator(real, fake))
    else:
        both = game.generator(real, None) + game.generator(-fake, None)
        torch.testing.assert_close(both, game.discriminator(real, fake))


def test_relativistic_losses_pair_by_position() -> None:
    real, fake = column(-1, 0, 2), column(3, -2, 1)
    order = [2, 0, 1]
    assert not torch.allclose(d_relativistic(real, fake[order]).mean(), d_relativistic(real, fake).mean())
    assert torch.equal(d_relativistic(real[order], fake[order]), d_relativistic(real, fake)[order])


def test_where_the_discriminator_is_sure_only_the_nonsaturating_generator_learns() -> None:
    fake = column(-20).requires_grad_()
    (saturated,) = torch.autograd.grad(g_saturating(fake).sum(), fake)
    (alive,) = torch.autograd.grad(g_nonsaturating(fake).sum(), fake)
    assert abs(saturated.item()) < 1e-8
    assert alive.item() == pytest.approx(-1)


def test_wasserstein_losses_are_linear() -> None:
    real, fake, more, less = column(1, 2), column(-3, 5), column(0.5, -1), column(7, 0)
    both = d_wasserstein(real + 2 * more, fake + 2 * less)
    torch.testing.assert_close(both, d_wasserstein(real, fake) + 2 * d_wasserstein(more, less))
    torch.testing.assert_close(g_wasserstein(fake + 2 * less), g_wasserstein(fake) + 2 * g_wasserstein(less))


def test_the_hinge_is_flat_beyond_the_margin_and_the_generators_has_none() -> None:
    real, fake = column(1.5, 40).requires_grad_(), column(-1.5, -40).requires_grad_()
    loss = d_hinge(real, fake)
    assert loss.tolist() == [[0], [0]]
    assert not torch.stack(torch.autograd.grad(loss.sum(), (real, fake))).any()
    assert d_hinge(column(0), column(-40)).item() == d_hinge(column(40), column(0)).item() == 1
    assert torch.autograd.grad(g_hinge(fake).sum(), fake)[0].tolist() == [[-1], [-1]]


def test_the_dual_contrastive_loss_is_that_of_the_paper() -> None:
    real, fake = [-1.0, 0.0, 2.0], [3.0, -2.0, 1.0]
    wanted = []
    for x, y in zip(real, fake, strict=True):
        pick_real = math.exp(x) / (math.exp(x) + sum(math.exp(f) for f in fake))
        pick_fake = math.exp(-y) / (math.exp(-y) + sum(math.exp(-r) for r in real))
        wanted.append(-math.log(pick_real) - math.log(pick_fake))
    torch.testing.assert_close(d_dual_contrastive(column(*real), column(*fake)), column(*wanted))
    torch.testing.assert_close(g_dual_contrastive(column(*fake), column(*real)), -column(*wanted))


def test_against_one_image_dual_contrast_is_the_relativistic_loss_twice() -> None:
    real, fake = column(0.7), column(-0.2)
    torch.testing.assert_close(d_dual_contrastive(real, fake), 2 * d_relativistic(real, fake))


def test_dual_contrast_does_not_depend_on_the_order_of_the_others() -> None:
    real, fake, order = column(-1, 0, 2), column(3, -2, 1), [2, 0, 1]
    torch.testing.assert_close(d_dual_contrastive(real, fake[order]).sum(), d_dual_contrastive(real, fake).sum())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_logits_stay_finite_and_linear(dtype: torch.dtype) -> None:
    x = torch.tensor([[1000.0], [-1000.0]], dtype=dtype, requires_grad=True)
    loss = g_nonsaturating(x)
    assert loss.tolist() == [[0], [1000]]
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    assert gradient.tolist() == [[0], [-1]]
    assert d_logistic(x, x).tolist() == [[1000], [1000]]
