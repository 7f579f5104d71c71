"""Laws of drawn noise."""

import pytest
import torch
from torch import Tensor

from allaprima.layers.noise import Generators, draw_noise


def draw(count: int, generators: Generators) -> Tensor:
    return draw_noise(count, 8, 6, generators=generators, device=torch.device("cpu"))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_an_images_noise_is_independent_of_its_batch() -> None:
    together = draw(3, [seeded(5), seeded(6), seeded(7)])
    for i, seed in enumerate((5, 6, 7)):
        assert torch.equal(together[i : i + 1], draw(1, [seeded(seed)]))
    assert torch.equal(together.flip(0), draw(3, [seeded(7), seeded(6), seeded(5)]))


def test_one_generator_serves_a_batch_and_goes_on() -> None:
    generator = seeded(1)
    first, second = draw(2, generator), draw(2, generator)
    assert torch.equal(first, draw(2, seeded(1)))
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_without_a_generator_the_global_one_draws() -> None:
    torch.manual_seed(3)
    first = draw(2, None)
    torch.manual_seed(3)
    assert torch.equal(first, draw(2, None))


def test_drawing_from_a_generator_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    draw(2, seeded(1))
    draw(1, [seeded(1)])
    assert torch.equal(before, torch.get_rng_state())


def test_noise_is_standard_normal() -> None:
    noise = draw_noise(4, 100, 100, generators=seeded(0), device=torch.device("cpu"))
    assert noise.shape == (4, 1, 100, 100)
    assert noise.mean().abs() < 0.02
    assert noise.std().item() == pytest.approx(1, abs=0.02)


def test_generators_must_be_as_many_as_images() -> None:
    with pytest.raises(AssertionError, match="2 generators for 3 images"):
        draw(3, [seeded(0), seeded(1)])
