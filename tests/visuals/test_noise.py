"""What noise does: deviations of a model for which they are known, and films."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from allaprima.models import noise_maps, paint_with_noise
from allaprima.visuals.noise import draw_maps, noise_deviation, noise_frames, noise_path, noise_section
from tests.visuals.subjects import SHAPES, model, subject


def test_deviation_is_that_of_the_images_of_as_many_draws() -> None:
    one = subject("skip", 16, 24, 4)
    ws = one.ws()
    generator = torch.Generator().manual_seed(5)
    layers = list(noise_maps(one.G))
    images = [127.5 * paint_with_noise(one.G, ws, draw_maps(one.G, layers, generator)).double() for _ in range(6)]
    wanted = torch.stack(images).var(dim=0).mean(dim=1).sqrt()
    assert_close(noise_deviation(one.G, ws, draws=6, seed=5).double(), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["skip", "stylegan", "lucidrains"])
def test_noise_of_the_last_layer_alone_deviates_as_its_strength_says(kind: str) -> None:
    one = subject(kind)
    layer = list(noise_maps(one.G))[-1]
    ws = one.ws()
    alone = noise_deviation(one.G, ws, [layer], draws=8)
    for name, parameter in one.G.named_parameters():
        if name.endswith("noise_strength"):
            parameter.zero_()
    assert alone.mean() > 0.1
    assert_close(noise_deviation(one.G, ws, draws=4), torch.zeros_like(alone), rtol=0, atol=1e-3)


def test_layers_that_are_not_drawn_keep_their_noise() -> None:
    one = subject("skip")
    assert_close(noise_deviation(one.G, one.ws(), [], draws=3), torch.zeros(2, 16, 16), rtol=0, atol=1e-3)


def test_the_way_is_closed_and_keeps_the_variance() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = ({"x": torch.randn(100, 100, generator=generator)} for _ in range(2))
    assert_close(noise_path(a, b, 0.0), a)
    assert_close(noise_path(a, b, 0.25), b)
    assert_close(noise_path(a, b, 1.0), a)
    assert noise_path(a, b, 0.1)["x"].std().item() == pytest.approx(1, abs=0.03)
    uniform = {"x": torch.rand(100, 100, generator=generator)}
    mixed = noise_path(uniform, {"x": torch.rand(100, 100, generator=generator)}, 0.1, centre=0.5)["x"]
    assert mixed.mean().item() == pytest.approx(0.5, abs=0.02)
    assert mixed.std().item() == pytest.approx(math.sqrt(1 / 12), abs=0.01)


@pytest.mark.parametrize(("kind", "shape"), [*(("skip", s) for s in SHAPES), ("stylegan", (24, 16, 1))])
def test_a_film_for_each_layer_whose_noise_one_sees(kind: str, shape: tuple[int, int, int]) -> None:
    one = subject(kind, *shape)
    section = noise_section(one, draws=3)
    layers = list(noise_maps(one.G))
    table = {row[0]: float(row[2]) for row in section.table[1:]}
    assert list(table) == ["all layers", *layers]
    films = [picture for picture in section.pictures if picture.film is not None]
    seen = [layer for layer in layers if table[layer] >= 0.5]
    assert [film.name for film in films][1:] == [f"noise-film-{layer.replace('.', '-')}" for layer in seen]
    assert section.pictures[0].name == "noise-deviation"


def test_frames_loop_and_are_of_one_size() -> None:
    one = subject("skip", 16, 24, 4)
    layers = list(noise_maps(one.G))
    frames = list(noise_frames(one.G, one.ws(), layers, "noise", frames=4))
    assert len(frames) == 4
    assert len({frame.shape for frame in frames}) == 1
    assert not np.array_equal(frames[0], frames[1])


def test_the_one_map_of_lucidrains_is_called_all_layers() -> None:
    section = noise_section(subject("lucidrains"), draws=3)
    assert [row[0] for row in section.table[1:]] == ["all layers", "all layers"]
    assert [picture.name for picture in section.pictures] == ["noise-deviation", "noise-film-all-layers"]


def test_a_generator_that_ignores_its_noise_gets_numbers_and_no_film() -> None:
    one = subject("skip")
    for name, parameter in one.G.named_parameters():
        if name.endswith("noise_strength"):
            parameter.fill_(1e-6)
    section = noise_section(one, draws=3)
    assert "learned to do without it" in section.text[1]
    assert "of 255 levels on average" in section.text[1]
    assert [picture.name for picture in section.pictures] == ["noise-deviation"]


@pytest.mark.parametrize("kind", ["progan", "r3gan", "stylegan3"])
def test_a_generator_without_noise_says_so(kind: str) -> None:
    section = noise_section(subject(kind))
    assert not section.pictures
    assert "adds no noise" in section.text[0]
    assert not noise_maps(model(kind))
