"""Random and fixed draws."""

import math

import pytest
import torch

from allaprima.augment import Draws, FixedDraws, OwnDraws, RandomDraws


def random_draws() -> RandomDraws:
    return RandomDraws(torch.Generator().manual_seed(0))


@pytest.mark.parametrize("chance", [0.0, 0.2, 1.0, 3.0])
def test_gates_open_as_often_as_they_should(chance: float) -> None:
    assert abs(random_draws().gate(20000, chance).float().mean() - min(chance, 1)) < 0.01


def own_draws(places: range = range(20000)) -> OwnDraws:
    return OwnDraws([torch.Generator().manual_seed(place) for place in places])


@pytest.mark.parametrize("draws", [random_draws(), own_draws()])
def test_random_draws_have_their_distributions(draws: Draws) -> None:
    uniform, normal, half = draws.uniform(20000), draws.normal(20000), draws.half_normal(20000)
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.01
    assert abs(normal.mean()) < 0.02
    assert abs(normal.std() - 1) < 0.02
    assert half.min() >= 0
    assert abs(half.square().mean() - 1) < 0.03


@pytest.mark.parametrize("draws", [random_draws(), own_draws(range(2)), FixedDraws(0.3)])
def test_all_draws_lie_on_one_device(draws: Draws) -> None:
    values = [draws.gate(2, 1.0), draws.uniform(2), draws.normal(2), draws.half_normal(2)]
    assert {value.device for value in values} == {draws.device}


def test_fixed_draws_are_fixed() -> None:
    draws = FixedDraws(0.8)
    assert draws.gate(3, 0.001).all()
    assert draws.uniform(2).tolist() == pytest.approx([0.8, 0.8])
    assert draws.uniform(1, again=True).tolist() == [0.5]
    assert math.erf(draws.normal(1).item()) == pytest.approx(0.6)
    assert math.erf(draws.half_normal(1).item()) == pytest.approx(0.8)
    assert torch.equal(draws.white_noise(torch.Size((4,))), draws.white_noise(torch.Size((4,))))


def test_an_image_draws_the_same_whoever_is_beside_it() -> None:
    def numbers(draws: Draws, count: int) -> torch.Tensor:
        found = [draws.uniform(count) for _ in range(70)] + [draws.normal(count) for _ in range(70)]
        noise = draws.white_noise(torch.Size((count, 2, 3))).flatten(1)
        return torch.cat([torch.stack(found, dim=1), noise, draws.gate(count, 0.5)[:, None]], dim=1)

    together = numbers(own_draws(range(5)), 5)
    assert torch.equal(together[2:3], numbers(own_draws(range(2, 3)), 1))
    assert len(together.unique()) > 5 * 140
