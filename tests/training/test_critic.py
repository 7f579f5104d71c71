"""Laws of what the discriminator gets to see."""

import math

import pytest
import torch

from allaprima.training.critic import Critic, blurred, scores, strength
from allaprima.training.step import adapt_strength, discriminator_step, train_step
from tests.conftest import assert_near
from tests.training.small import batch_for, small_run
from tests.training.test_step import reals


def seen_by(run: object, images: torch.Tensor, phase: str = "D") -> torch.Tensor:
    shown = []
    run.D.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0]))
    Critic(run, phase)(images, torch.zeros(len(images), 0))
    return shown[-1]


def test_without_augmentation_and_blur_it_sees_images_as_they_are() -> None:
    run = small_run()
    images = reals(run).images
    assert seen_by(run, images) is images


@pytest.mark.parametrize("fields", [{"aug": "fixed", "p": 1.0}, {"aug": "ada", "p": 1.0}, {"aug": "diffaug"}])
def test_augmented_images_differ_from_phase_to_phase_and_step_to_step(fields: dict[str, object]) -> None:
    run = small_run(**fields)
    images = reals(run).images
    first, again = seen_by(run, images), seen_by(run, images)
    assert torch.equal(first, again)
    assert not torch.equal(first, images)
    assert not torch.equal(first, seen_by(run, images, "G"))
    run.step += 1
    assert not torch.equal(first, seen_by(run, images))


def test_the_penalty_is_that_of_images_before_augmentation() -> None:
    run = small_run(aug="fixed", p=1.0, batch=8)
    scalars = train_step(run, *batch_for(run))
    assert torch.isfinite(scalars["Loss/r1_penalty"]).all()
    assert (scalars["Loss/r1_penalty"] > 0).all()


def test_a_blur_keeps_the_mean_and_removes_the_detail() -> None:
    images = torch.zeros(1, 1, 41, 41)
    images[0, 0, 20, 20] = 1
    soft = blurred(images, 3.0)
    assert soft.sum() == pytest.approx(1, abs=1e-5)
    half = soft[0, 0, 20, 23] / soft[0, 0, 20, 20]
    assert half == pytest.approx(0.5, abs=1e-5), "at a distance of σ the kernel has half its height"
    assert torch.equal(blurred(images, 0.3), images), "less than a pixel is none"


def test_a_blurred_critic_sees_little_detail() -> None:
    run = small_run(shape=(1, 16, 16), blur_init_sigma=2.0, blur_fade_kimg=1.0)
    images = reals(run).images
    assert seen_by(run, images).std() < images.std() / 2
    run.images_seen = 1000
    assert seen_by(run, images) is images


def test_a_fixed_strength_follows_its_schedule() -> None:
    run = small_run(aug="fixed", p=0.0, p_end=0.5, decay_kimg=1.0)
    run.images_seen = 500
    assert strength(run) == pytest.approx(0.25)


def test_the_label_heads_logits_are_told_from_the_score() -> None:
    score, classes = scores(torch.arange(8.0).reshape(2, 4))
    assert (score.shape, classes.shape) == ((2, 1), (2, 3))


# The adaptive strength


def test_the_strength_rises_while_reals_are_told_apart_and_falls_otherwise() -> None:
    for sign, rises in ((1.0, True), (0.0, False)):
        run = small_run(aug="ada", p=0.1, ada_interval=1, ada_kimg=1.0)
        run.signs = torch.tensor([sign * 4, 4.0])
        adapt_strength(run, batch=4)
        assert run.strength == pytest.approx(0.1 + (0.004 if rises else -0.004))
        assert run.signs.tolist() == [0, 0]


def test_the_strength_moves_at_its_interval_and_stays_in_its_bounds() -> None:
    run = small_run(aug="ada", ada_interval=4, ada_kimg=0.001, p_max=0.3)
    seen = []
    for _ in range(8):
        run.signs += torch.tensor([0.0, 0.0])
        train_step(run, *batch_for(run))
        run.signs[0] = run.signs[1]  # all reals taken for real
        seen.append(run.strength)
    assert seen[:3] == [0, 0, 0]
    assert all(0 <= p <= 0.3 for p in seen)


def test_signs_of_all_parts_count() -> None:
    run = small_run(aug="ada", batch=8, batch_gpu=2, noise=False)
    scalars: dict[str, torch.Tensor] = {}
    discriminator_step(run, reals(run), scalars)
    assert run.signs.tolist() == [scalars["Loss/signs/real"].sum().item(), 8]


def test_under_a_relativistic_loss_the_sign_is_that_of_the_lead() -> None:
    run = small_run(aug="ada", loss="relativistic", noise=False)
    scalars: dict[str, torch.Tensor] = {}
    discriminator_step(run, reals(run), scalars)
    lead = scalars["Loss/scores/real"] - scalars["Loss/scores/fake"]
    assert run.signs.tolist() == [lead.sign().sum().item(), 4]


def test_pseudo_augmentation_shows_fakes_among_the_reals() -> None:
    run = small_run(aug="apa", p=1.0, batch=4)
    shown = []
    run.D.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0]))
    discriminator_step(run, reals(run), {})
    fake, pseudo = shown
    assert_near(pseudo, fake, 1e-6)
    assert math.isfinite(run.strength)
