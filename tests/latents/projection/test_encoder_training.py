"""Teaching an encoder: it learns, it can be interrupted, its lessons depend on their number alone."""

from pathlib import Path

import pytest
import torch

from allaprima.images import to_pixels
from allaprima.latents.projection.distance import PyramidDistance
from allaprima.latents.projection.encoder import guess, new_encoder
from allaprima.latents.projection.encoder_file import read_encoder, write_encoder
from allaprima.latents.projection.encoder_training import EncoderTraining
from allaprima.latents.projection.start import mean_and_deviation
from tests.surgery.small import generator, same_tensors


def teach(training: EncoderTraining, steps: int) -> EncoderTraining:
    for _ in zip(range(steps), training, strict=False):
        pass
    return training


@pytest.mark.parametrize(("kind", "channels"), [("skip", 4), ("progan", 3)])
def test_on_images_that_it_has_not_seen_it_is_better_than_the_mean(kind: str, channels: int) -> None:
    G = generator(kind, 8, 8, channels)
    training = teach(EncoderTraining(G, new_encoder(G), batch=8), 40)
    ws = G.mapping(torch.randn(64, G.z_dim, generator=torch.Generator().manual_seed(99)), None)
    images = G.synthesis(ws, noise_mode="const")
    mean, _ = mean_and_deviation(G)
    measure = PyramidDistance().to(images)
    with torch.no_grad():
        guessed = training.encoder(images)
        by_guess = measure(G.synthesis(guessed, noise_mode="const")).mean()
        by_mean = measure(G.synthesis(mean.expand(64, -1, -1), noise_mode="const")).mean()
    assert by_guess < 0.9 * by_mean
    assert guess(training.encoder, to_pixels(images)).isfinite().all()


def test_to_stop_and_to_go_on_changes_nothing(tmp_path: Path) -> None:
    G = generator("skip")
    whole = teach(EncoderTraining(G, new_encoder(G), batch=4), 6)
    first = teach(EncoderTraining(G, new_encoder(G), batch=4), 3)
    write_encoder(tmp_path / "e.safetensors", first)
    encoder, moments = read_encoder(tmp_path / "e.safetensors", G)
    second = EncoderTraining(G, encoder, moments=moments, batch=4)
    assert second.done == 3
    teach(second, 3)
    assert (whole.done, second.done) == (6, 6)
    assert same_tensors(whole.encoder, second.encoder)


def test_the_generator_is_not_changed() -> None:
    G, untouched = generator("skip"), generator("skip")
    teach(EncoderTraining(G, new_encoder(G), batch=2), 2)
    assert same_tensors(G, untouched)


def test_half_of_the_styles_are_mixed() -> None:
    G = generator("skip", 32, 32)
    ws = EncoderTraining(G, new_encoder(G), batch=400).styles(7)
    same = ws.eq(ws[:, :1]).all(dim=2)
    is_mixed = ~same.all(dim=1)
    assert 0.4 < is_mixed.float().mean() < 0.6
    switches = (ws[:, 1:] != ws[:, :-1]).any(dim=2).sum(dim=1)
    assert switches.max() == 1


def test_one_style_is_never_mixed() -> None:
    G = generator("progan")
    assert EncoderTraining(G, new_encoder(G), batch=5).styles(0).shape == (5, 1, G.w_dim)


def test_styles_depend_on_the_step_and_the_seed_alone() -> None:
    G = generator("skip")
    a, b = (EncoderTraining(G, new_encoder(G), seed=seed) for seed in (0, 1))
    assert torch.equal(a.styles(3), a.styles(3))
    assert not torch.equal(a.styles(3), a.styles(4))
    assert not torch.equal(a.styles(3), b.styles(3))


def test_all_classes_are_taught_or_the_one_that_is_asked_for() -> None:
    G = generator("skip", c_dim=2)
    lesson = next(iter(EncoderTraining(G, new_encoder(G), batch=4)))
    assert lesson.latent == lesson.latent
    one = EncoderTraining(G, new_encoder(G), batch=4, class_index=1)
    every = EncoderTraining(G, new_encoder(G), batch=4)
    assert not torch.equal(one.styles(0), every.styles(0))


def test_without_the_images_nothing_is_painted_of_the_guess() -> None:
    G = generator("skip")
    lesson = next(iter(EncoderTraining(G, new_encoder(G), batch=2, image_weight=0.0)))
    assert lesson.distance == 0
    assert lesson.latent > 0
