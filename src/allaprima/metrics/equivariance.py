"""Equivariance to shifts and turns: Karras et al. (2021), equation 10 and appendix E.3.

A generator is asked for the same image twice, upright and moved; the upright one is moved by `reference_motion`; what
they differ in is given as a ratio of peak signal to noise. Higher is better.

Axes: n image, c label, h w rows and columns.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.generation import latents_of_seeds
from allaprima.metrics.intervals import Interval, bootstrap
from allaprima.metrics.reference_motion import Seen, as_if_turned, shifted, shifted_by_pixels, turned
from allaprima.models import noise_maps, paint_with_noise

Motion = Literal["eqt_int", "eqt_frac", "eqr"]
LARGEST_SHIFT = 1 / 8  # of the longer side
LARGEST_TURN = math.pi
PEAK = 2.0  # from -1 to 1


class Errors(NamedTuple):
    """Of each image: squared differences added up, and how many pixels' channels they are of."""

    squares: Tensor
    counts: Tensor


@torch.no_grad()
def motion_errors(G: Any, motion: Motion, *, seeds: Sequence[int], c: Float[Tensor, "n c"] | None = None) -> Errors:
    """Paint each seed's image upright and moved by its own shift or turn, and compare them.

    Both have the same noise. Shifts are up to an eighth of the longer side along each axis, turns any.

    Raises:
        ConfigError: The generator cannot move its images.
    """
    require_motion(G)
    errors = [_error(G, motion, seed, None if c is None else c[i : i + 1]) for i, seed in enumerate(seeds)]
    squares, counts = zip(*errors, strict=True)
    return Errors(torch.tensor(squares, dtype=torch.float64), torch.tensor(counts, dtype=torch.float64))


def decibels(errors: Errors) -> float:
    """20 log10(peak) − 10 log10(mean squared error): equation 10."""
    return 20 * math.log10(PEAK) - 10 * math.log10(max(float(errors.squares.sum() / errors.counts.sum()), 1e-30))


def interval(errors: Errors, *, seed: int = 0) -> Interval:
    """95 %, by bootstrap over images."""
    rows = torch.arange(len(errors.squares))
    return bootstrap(rows, lambda some: decibels(Errors(errors.squares[some], errors.counts[some])), seed=seed)


@contextmanager
def moved(G: Any, matrix: Float[Tensor, "3 3"]) -> Iterator[None]:
    """Let ``G`` paint moved images: ``matrix`` is the inverse of what happens to them."""
    transform = G.synthesis.input.transform
    before = transform.clone()
    transform.copy_(matrix)
    try:
        yield
    finally:
        transform.copy_(before)


def require_motion(G: Any) -> None:
    """Raise `ConfigError` for a generator that cannot move its images."""
    if not hasattr(getattr(getattr(G, "synthesis", None), "input", None), "transform"):
        raise ConfigError("only StyleGAN3 generators move what they paint: others have no equivariance to measure")


def _error(G: Any, motion: Motion, seed: int, c: Tensor | None) -> tuple[float, float]:
    device = next(G.parameters()).device
    random = torch.Generator().manual_seed(seed)
    ws = G.mapping(latents_of_seeds([seed], G.z_dim).to(device), None if c is None else c.to(device))
    noise = {name: torch.randn(own.shape, generator=random).to(device) for name, own in noise_maps(G).items()}
    draws = torch.rand(2, generator=random, dtype=torch.float64) * 2 - 1

    def paint(matrix: Tensor) -> Tensor:
        with moved(G, matrix.to(device)):
            return paint_with_noise(G, ws, noise, force_fp32=True)

    upright = paint(torch.eye(3))
    matrix, wanted, seen = _motion(motion, draws, upright)
    image = paint(matrix)
    own = as_if_turned(image, float(draws[0]) * LARGEST_TURN) if seen else Seen(image, torch.ones_like(image[:, :1]))
    mask = wanted.mask * own.mask
    squares = ((wanted.images - own.images).double().square() * mask).sum()
    return float(squares), float(mask.double().sum() * image.shape[1])


def _motion(motion: Motion, draws: Tensor, upright: Tensor) -> tuple[Tensor, Seen, bool]:
    """The inverse matrix, the upright image moved, and whether the generator's own must be freed of some bands."""
    matrix = torch.eye(3)
    if motion == "eqr":
        angle = float(draws[0]) * LARGEST_TURN
        cos, sin = math.cos(angle), math.sin(angle)
        matrix[:2, :2] = torch.tensor([[cos, sin], [-sin, cos]])
        return matrix, turned(upright, angle), True
    side = max(upright.shape[2:])
    right, down = (draws * LARGEST_SHIFT * side).tolist()
    if motion == "eqt_int":
        right, down = round(right), round(down)
        reference = shifted_by_pixels(upright, down, right)
    else:
        reference = shifted(upright, down, right)
    matrix[:2, 2] = -torch.tensor([right / side, down / side])
    return matrix, reference, False
