"""Metrics that look at images themselves: each gathers what it needs as fakes pass by, and then says its numbers.

Axes: n image, c channel, h w rows and columns.
"""

import math
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import UInt8
from torch import Tensor

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError
from allaprima.images import composite
from allaprima.metrics.feature_metrics import Found
from allaprima.metrics.intervals import Interval, of_mean, student
from allaprima.metrics.ms_ssim import ms_ssim
from allaprima.metrics.names import Metric
from allaprima.metrics.power_spectrum import PowerSpectrum, difference
from allaprima.metrics.progress import Progress, silent
from allaprima.metrics.reals import batches_of, choose
from allaprima.metrics.sliced_wasserstein import sliced_wasserstein
from allaprima.metrics.subset import random_subset

MOST_BYTES = 4 << 30
"""Of images of each set that the sliced Wasserstein distance keeps."""

COMPARING = "comparing patches"
PARTS = 8  # from whose distances the interval of a whole is computed
FEWEST_IN_PART = 16


@runtime_checkable
class Watcher(Protocol):
    """Sees the fakes of a metric, batch by batch, and then says what it found."""

    def add(self, pixels: UInt8[Tensor, "n c h w"]) -> None:
        """Look at these."""

    def found(self, progress: Progress) -> Found:
        """What they are like; says how far it is where that takes long."""


def watcher_of(metric: Metric, data: ImageDataset, *, seed: int) -> Watcher:
    """The one that computes ``metric``. Raises `ConfigError` if it is none of images."""
    match metric.kind:
        case "swd":
            return SlicedWassersteinWatcher(data, metric.count, seed)
        case "ms_ssim":
            return SimilarityWatcher(data, metric.count)
        case "spectra":
            return SpectrumWatcher(data, metric.count)
    raise ConfigError(f"{metric.name} is not about images alone")


class SlicedWassersteinWatcher:
    """Keeps the fakes, and compares them with as many reals; alpha is multiplied in."""

    def __init__(self, data: ImageDataset, count: int, seed: int) -> None:
        self.data, self.seed = data, seed
        self.most = min(count, max(2, MOST_BYTES // math.prod(data.image_shape)))
        self.kept: list[Tensor] = []
        self.seen = 0

    def add(self, pixels: UInt8[Tensor, "n c h w"]) -> None:
        """See `Watcher`."""
        if self.seen < self.most:
            self.kept.append(pixels[: self.most - self.seen])
        self.seen += len(pixels)

    def found(self, progress: Progress = silent) -> Found:
        """See `Watcher`. Values are the mean over all levels, and each level by its longer side."""
        progress(COMPARING, 0, 2 * PARTS)
        fake = torch.cat(self.kept)
        generator = torch.Generator().manual_seed(self.seed)
        real = random_subset(batches_of(self.data, choose(self.data, None)), len(fake), generator)
        count = min(len(real), len(fake))
        whole = sliced_wasserstein(real, fake, seed=self.seed, max_images=count)
        progress(COMPARING, PARTS, 2 * PARTS)  # the parts take as long again
        levels = {f"level_{side}": value for side, value in whole.by_level.items()}
        notes = [f"normalised each set by itself, {count:,} images of each"]
        if count < self.seen:
            notes.append(f"only {count:,} of {self.seen:,} fakes")
        interval = self._interval(real[:count], fake[:count], whole.mean, progress)
        intervals = {"mean": interval} if interval else {}
        return Found(values={"mean": whole.mean, **levels}, intervals=intervals, reals=count, notes=tuple(notes))

    def _interval(self, real: Tensor, fake: Tensor, mean: float, progress: Progress) -> Interval | None:
        """From the spread over parts of both sets: a part of an eighth spreads √8 as widely."""
        size = len(fake) // PARTS
        if size < FEWEST_IN_PART:
            return None
        means = []
        for a, b in zip(torch.split(real, size)[:PARTS], torch.split(fake, size)[:PARTS], strict=True):
            means.append(sliced_wasserstein(a, b, seed=self.seed, max_images=size).mean)
            progress(COMPARING, PARTS + len(means), 2 * PARTS)
        half = student(PARTS - 1) * float(torch.tensor(means).std()) / PARTS**0.5
        return max(0.0, mean - half), mean + half


class SimilarityWatcher:
    """Compares fakes two by two; and reals likewise, for what variety there should be."""

    def __init__(self, data: ImageDataset, count: int) -> None:
        self.data, self.count = data, count
        self.similar: list[Tensor] = []
        self.odd: Tensor | None = None

    def add(self, pixels: UInt8[Tensor, "n c h w"]) -> None:
        """See `Watcher`."""
        rows = pixels if self.odd is None else torch.cat([self.odd, pixels])
        even = len(rows) // 2 * 2
        self.odd = rows[even:] if even < len(rows) else None
        if even:
            self.similar.append(_likeness(rows[:even]))

    def found(self, progress: Progress = silent) -> Found:
        """See `Watcher`."""
        values = torch.cat(self.similar)
        order = torch.randperm(len(self.data.names), generator=torch.Generator().manual_seed(0))[: self.count].tolist()
        order = order[: len(order) // 2 * 2]
        real = [
            _likeness(torch.stack([self.data[item][0] for item in order[at : at + 64]]))
            for at in range(0, len(order), 64)
        ]
        found = {"similarity": float(values.mean())}
        if real:
            found["similarity_of_reals"] = float(torch.cat(real).mean())
        return Found(values=found, intervals={"similarity": of_mean(values)}, reals=len(order))


def _likeness(pixels: Tensor) -> Tensor:
    colours = composite(pixels).float()
    return ms_ssim(colours[0::2], colours[1::2]).cpu()


class SpectrumWatcher:
    """Adds up power spectra of fakes, whitened as the reals, and of as many reals."""

    def __init__(self, data: ImageDataset, count: int) -> None:
        self.data = data
        self.items = choose(data, None)[:count]
        mean, deviation = _brightness(data, self.items)
        self.fakes, self.reals = PowerSpectrum(mean, deviation), PowerSpectrum(mean, deviation)

    def add(self, pixels: UInt8[Tensor, "n c h w"]) -> None:
        """See `Watcher`."""
        self.fakes.add(composite(pixels))

    def found(self, progress: Progress = silent) -> Found:
        """See `Watcher`."""
        for pixels in batches_of(self.data, self.items):
            self.reals.add(composite(pixels))
        return Found(values={"decibels": difference(self.reals, self.fakes)}, reals=len(self.items))


def _brightness(data: ImageDataset, items: range) -> tuple[float, float]:
    """Mean and standard deviation of all numbers of all images."""
    count, total, squares = 0, 0.0, 0.0
    for pixels in batches_of(data, items):
        x = composite(pixels).double()
        count, total, squares = count + x.numel(), total + float(x.sum()), squares + float(x.square().sum())
    mean = total / count
    return mean, max(0.0, squares / count - mean**2) ** 0.5
