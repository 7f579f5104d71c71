"""Paths pass where they must, close if they are closed, are smooth, and keep to the distribution of latents."""

import pytest
import torch
from torch import Tensor

from allaprima.latents.paths import (
    along_legs,
    circle,
    circulant,
    eased,
    legs,
    moments,
    random_walks,
    spline,
    to_and_fro,
)
from allaprima.ops import slerp

each_count = pytest.mark.parametrize("count", [1, 2, 3, 4, 7])


def keys_of(count: int, *size: int) -> Tensor:
    return torch.randn(count, *(size or (5,)), dtype=torch.float64)


# Time.


def test_a_closed_film_stops_short_of_its_beginning() -> None:
    assert moments(4, closed=True).tolist() == [0, 0.25, 0.5, 0.75]
    assert moments(5, closed=False).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert moments(1, closed=False).tolist() == [0]


def test_legs_take_the_same_time_each() -> None:
    leg, share = legs(3, torch.tensor([0, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64), closed=False)
    assert leg.tolist() == [0, 0, 1, 1, 1]
    assert share.tolist() == [0, 0.5, 0, 0.5, 1]
    leg, share = legs(4, moments(8, closed=True), closed=True)
    assert leg.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert share.tolist() == [0, 0.5] * 4
    assert [part.tolist() for part in legs(1, moments(3, closed=False), closed=False)] == [[0] * 3, [0] * 3]


def test_to_and_fro_and_eased() -> None:
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    assert to_and_fro(t)[[0, 50, 100]].tolist() == pytest.approx([0, 1, 0])
    torch.testing.assert_close(to_and_fro(t), to_and_fro(1 - t))
    assert eased(t)[[0, 50, 100]].tolist() == pytest.approx([0, 0.5, 1])
    assert (eased(t).diff() > 0).all()
    for path in (to_and_fro(t), eased(t)):
        assert abs(path[1] - path[0]) < 0.002, "it starts with a jerk"


# From key to key.


@pytest.mark.parametrize("closed", [True, False])
@each_count
def test_legs_pass_through_the_keys_and_go_straight(count: int, closed: bool) -> None:
    keys = keys_of(count, 3, 5)
    at_keys = torch.arange(count, dtype=torch.float64) / max(count if closed else count - 1, 1)
    torch.testing.assert_close(along_legs(keys, at_keys, closed=closed), keys)
    if count > 1:
        half = 0.5 / (count if closed else count - 1)
        torch.testing.assert_close(along_legs(keys, at_keys[:1] + half, closed=closed)[0], (keys[0] + keys[1]) / 2)
    end = along_legs(keys, torch.ones(1, dtype=torch.float64), closed=closed)[0]
    torch.testing.assert_close(end, keys[0] if closed else keys[-1])


def test_legs_may_be_arcs() -> None:
    keys = torch.nn.functional.normalize(keys_of(4), dim=1)
    points = along_legs(keys, moments(31, closed=False), closed=False, between=slerp)
    torch.testing.assert_close(points.norm(dim=1), torch.ones(31, dtype=torch.float64))


# The spline.


@each_count
def test_the_spline_passes_through_its_keys(count: int) -> None:
    keys = keys_of(count, 3, 2)
    torch.testing.assert_close(spline(keys, moments(count, closed=True)), keys)
    assert spline(keys.float(), moments(6, closed=True)).dtype == torch.float32


@each_count
def test_the_spline_closes_and_its_second_derivative_is_continuous(count: int) -> None:
    """One-sided differences on both sides of each key; on each side it is a cubic, whose differences are exact."""
    keys, h = keys_of(count), 1e-3
    for key in range(count):
        at = key / count
        ahead = spline(keys, (at + h * torch.arange(4, dtype=torch.float64)) % 1)
        behind = spline(keys, (at - h * torch.arange(4, dtype=torch.float64)) % 1)
        torch.testing.assert_close(ahead[0], behind[0], atol=1e-9, rtol=0)
        first_ahead = (-11 * ahead[0] + 18 * ahead[1] - 9 * ahead[2] + 2 * ahead[3]) / (6 * h)
        first_behind = -(-11 * behind[0] + 18 * behind[1] - 9 * behind[2] + 2 * behind[3]) / (6 * h)
        torch.testing.assert_close(first_ahead, first_behind, atol=1e-7, rtol=1e-7)
        second_ahead = (2 * ahead[0] - 5 * ahead[1] + 4 * ahead[2] - ahead[3]) / h**2
        second_behind = (2 * behind[0] - 5 * behind[1] + 4 * behind[2] - behind[3]) / h**2
        torch.testing.assert_close(second_ahead, second_behind, atol=1e-5, rtol=1e-5)


def test_between_keys_the_spline_is_a_cubic() -> None:
    points = spline(keys_of(4), torch.linspace(0.26, 0.49, 20, dtype=torch.float64))
    fourth = points.diff(n=4, dim=0)
    assert fourth.abs().max() < 1e-9
    assert points.diff(n=2, dim=0).abs().max() > 1e-4


def test_the_spline_knows_no_first_key() -> None:
    keys, t = keys_of(5), moments(40, closed=True)
    torch.testing.assert_close(spline(keys.roll(-1, dims=0), t), spline(keys, t).roll(-8, dims=0))
    torch.testing.assert_close(spline(keys.flip(0), t), spline(keys, -(t + 0.2) % 1))


def test_a_spline_around_a_circle_is_nearly_one() -> None:
    angle = 2 * torch.pi * moments(12, closed=True)
    points = spline(torch.stack([angle.cos(), angle.sin()], dim=1), moments(120, closed=True))
    assert (points.norm(dim=1) - 1).abs().max() < 2e-3


# Circles.


def test_a_circle_passes_both_keys_and_their_opposites() -> None:
    a, b, centre = keys_of(3, 2, 5)
    points = circle(a, b, torch.tensor([0, 0.25, 0.5, 0.75, 1]), centre=centre)
    torch.testing.assert_close(points, torch.stack([a, b, 2 * centre - a, 2 * centre - b, a]), atol=1e-6, rtol=1e-6)


def test_on_a_circle_through_normal_latents_all_are_normal() -> None:
    a, b = torch.randn(2, 20_000, generator=torch.Generator().manual_seed(0))
    points = circle(a, b, moments(16, closed=True))
    assert (points.std(dim=1) - 1).abs().max() < 0.02
    assert points.mean(dim=1).abs().max() < 0.02


# Random walks.


@pytest.mark.parametrize("sigma", [0.3, 3, 30, 500])
def test_a_random_walk_is_standard_normal_at_every_frame(sigma: float) -> None:
    walk = random_walks([4], 60, 20_000, sigma=sigma)
    assert walk.shape == (60, 1, 20_000)
    assert walk.dtype == torch.float32
    assert (walk.std(dim=(1, 2)) - 1).abs().max() < 0.03
    assert walk.mean(dim=(1, 2)).abs().max() < 0.03


def test_it_is_smooth_and_closed() -> None:
    walk = random_walks([4], 120, 64, sigma=8)
    steps = (walk.roll(-1, dims=0) - walk).norm(dim=(1, 2))
    assert steps.max() < 0.25 * walk.norm(dim=(1, 2)).min()
    assert steps[-1] < 2 * steps.mean(), "its end does not meet its beginning"
    slower = random_walks([4], 120, 64, sigma=16)
    assert (slower.roll(-1, dims=0) - slower).norm() < 0.6 * (walk.roll(-1, dims=0) - walk).norm()


def test_a_walk_depends_on_its_own_seed_alone() -> None:
    together = random_walks([7, 8, 9], 10, 4, sigma=2)
    torch.testing.assert_close(together[:, 1:2], random_walks([8], 10, 4, sigma=2))
    assert not torch.allclose(together[:, 0], together[:, 1])


def test_convolution_goes_around() -> None:
    kernel, signal = torch.randn(7, dtype=torch.float64), torch.randn(7, 2, 3, dtype=torch.float64)
    slow = torch.stack([sum(kernel[(f - g) % 7] * signal[g] for g in range(7)) for f in range(7)])  # type: ignore[arg-type, misc]
    torch.testing.assert_close(circulant(kernel, signal), slow)
