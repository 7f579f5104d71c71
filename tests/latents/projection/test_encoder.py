"""The encoder: any shape in, styles out."""

from pathlib import Path

import pytest
import torch

from allaprima.checkpoint import write_tensors
from allaprima.errors import LatentError, ModelFileError
from allaprima.images import to_pixels
from allaprima.latents.projection.encoder import guess, new_encoder
from allaprima.latents.projection.encoder_file import read_encoder, write_encoder
from allaprima.latents.projection.encoder_training import EncoderTraining
from allaprima.latents.projection.start import mean_and_deviation
from tests.surgery.small import generator, paint, same_tensors

SHAPES = {
    "skip": (24, 16, 4),
    "stylegan": (16, 16, 1),
    "progan": (16, 16, 3),
    "r3gan": (16, 24, 3),
    "stylegan3": (8, 12, 2),
}


@pytest.mark.parametrize("kind", list(SHAPES))
def test_a_new_encoder_guesses_about_the_mean(kind: str) -> None:
    G = generator(kind, *SHAPES[kind])
    encoder = new_encoder(G)
    ws = guess(encoder, to_pixels(paint(G, 3)), at_once=2)
    mean, deviation = mean_and_deviation(G)
    assert ws.shape == (3, G.num_ws, G.w_dim)
    assert (ws - mean).square().mean().sqrt() < 0.5 * deviation
    assert not torch.equal(ws[0], ws[1])


def test_images_of_one_grid_have_an_encoder_too() -> None:
    G = generator("skip", 6, 5)
    assert guess(new_encoder(G), to_pixels(paint(G, 2))).shape == (2, G.num_ws, G.w_dim)


def test_a_guess_does_not_depend_on_the_other_images() -> None:
    G = generator("skip")
    encoder, pixels = new_encoder(G), to_pixels(paint(G, 3))
    alone = torch.cat([guess(encoder, pixels[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(guess(encoder, pixels), alone, rtol=1e-4, atol=1e-5)


def test_a_seed_decides_and_the_global_generator_is_let_alone() -> None:
    G = generator("skip")
    state = torch.random.get_rng_state()
    first, again, other = (new_encoder(G, seed=seed) for seed in (0, 0, 1))
    assert same_tensors(first, again)
    assert not same_tensors(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    G = generator("skip", 24, 16, 4)
    training = EncoderTraining(G, new_encoder(G), batch=2)
    next(iter(training))
    write_encoder(tmp_path / "e.safetensors", training)
    encoder, moments = read_encoder(tmp_path / "e.safetensors", G)
    assert same_tensors(encoder, training.encoder)
    assert moments is not None
    assert not encoder.training


def test_one_that_has_learned_nothing_comes_back(tmp_path: Path) -> None:
    G = generator("skip")
    write_encoder(tmp_path / "e.safetensors", EncoderTraining(G, new_encoder(G)))
    encoder, moments = read_encoder(tmp_path / "e.safetensors", G)
    assert moments is None
    assert EncoderTraining(G, encoder, moments=moments).done == 0


def test_an_encoder_of_another_model_is_refused(tmp_path: Path) -> None:
    G = generator("skip")
    write_encoder(tmp_path / "e.safetensors", EncoderTraining(G, new_encoder(G)))
    with pytest.raises(LatentError, match="was made for"):
        read_encoder(tmp_path / "e.safetensors", generator("stylegan3"))
    with pytest.raises(LatentError, match="16×16 with 1 channels"):
        read_encoder(tmp_path / "e.safetensors", generator("skip", 16, 16, 1))
    with pytest.raises(LatentError, match="24×16"):
        EncoderTraining(generator("skip", 24, 16), new_encoder(G))


@pytest.mark.parametrize("damage", ["lacks a tensor", "lacks its spec", "is of another kind"])
def test_a_damaged_file_says_so(damage: str, tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "e.safetensors"
    write_encoder(path, EncoderTraining(G, new_encoder(G)))
    from allaprima.checkpoint import read_tensors

    tensors, header = read_tensors(path, kind="encoder", version=1)
    if damage == "lacks a tensor":
        del tensors["encoder.out.weight"]
    elif damage == "lacks its spec":
        del header["spec"]
    else:
        header["kind"] = "model"
    write_tensors(path, tensors, header)
    with pytest.raises(ModelFileError, match=str(path)):
        read_encoder(path, G)
