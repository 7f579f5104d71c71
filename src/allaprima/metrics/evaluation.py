"""A generator, measured: metrics by their names, all from the same fakes.

Fakes are painted once, batch by batch, and shown to every detector that some metric needs; reals are looked at once for
each data set and detector, ever (`allaprima.metrics.reals`). What is kept in memory are features, not images, but for
the sliced Wasserstein distance.

Axes: n image, c label component, h w rows and columns.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor

from allaprima.checkpoint.perceptual import fetch_lpips, find_lpips
from allaprima.data import ImageDataset
from allaprima.errors import ConfigError, DownloadError
from allaprima.metrics import equivariance
from allaprima.metrics.detector import Detector, published_detector
from allaprima.metrics.fakes import batch_size_for, batches, drawn_labels, paint
from allaprima.metrics.feature_metrics import Found, from_features, needs_all_features, needs_reals
from allaprima.metrics.image_metrics import Watcher, watcher_of
from allaprima.metrics.intervals import bootstrap
from allaprima.metrics.names import Metric, parse_metric
from allaprima.metrics.own_detector import own_detector
from allaprima.metrics.path_length import VARIANTS, path_distances, path_length
from allaprima.metrics.progress import Progress, silent
from allaprima.metrics.reals import RealFeatures, real_features
from allaprima.metrics.result import Result
from allaprima.ops.kept_kernels import KeptKernels
from allaprima.processes import ALONE, Processes

OF_IMAGES = ("swd", "ms_ssim", "spectra")
OF_THE_GENERATOR = ("path_length", "equivariance")  # paint pairs of their own
FEWEST = {"inception_score": 10, "precision_recall": 4}
"""Fakes that a metric needs: splits of at least one, and neighbours."""

SMALLEST_SIDE = {"ms_ssim": 16}

LPIPS_TITLE, LPIPS_RESIZE = "LPIPS 0.1, VGG-16", "averaged over areas to 256 if larger"


def evaluate(
    names: Sequence[str],
    G: Any,
    data: ImageDataset,
    *,
    seed: int = 0,
    batch_size: int | None = None,
    weights: Path | None = None,
    may_fetch: bool = False,
    cache: Path | None = None,
    detectors: Mapping[str, Detector] | None = None,
    perceptual: Any = None,
    progress: Progress | None = None,
    processes: Processes = ALONE,
) -> Iterator[Result]:
    """Compute metrics by name, one result after another; what cannot be computed is said before anything is painted.

    Args:
        names: See `allaprima.metrics.names`.
        G: The generator.
        data: Real images of the same shape, opened with labels if the generator has some.
        seed: Fake i has the seed ``seed + i``.
        batch_size: Images painted at once; None: what a modest memory holds.
        weights: A directory with files of weights, where they are looked for first.
        may_fetch: Fetch files of weights that are not on this machine.
        cache: Where own features and statistics of reals are kept; None: ``$ALLAPRIMA_HOME/metrics``.
        detectors: Instead of those of these names.
        perceptual: Instead of LPIPS.
        progress: Called with what is being done, how much of it is done, and of how much.
        processes: That share the work. The first one gets the results; the others get none, but must iterate, too.

    Raises:
        ConfigError: There is no such metric, or it does not fit the generator or the data.
        DownloadError: A file of weights is not here, or cannot be fetched.
        DataError: An image cannot be read.
    """
    metrics = [parse_metric(name) for name in names]
    _require_fit(metrics, G, data)
    run = _Evaluation(
        G=G,
        data=data,
        seed=seed,
        batch_size=batch_size or batch_size_for(G),
        cache=cache,
        progress=progress or silent,
        metrics=[metric for metric in metrics if metric.kind not in OF_THE_GENERATOR],
        labels=drawn_labels(G, data, max((metric.count for metric in metrics), default=0), seed),
        processes=processes,
    )
    device = next(G.parameters()).device
    for name in sorted({metric.detector for metric in run.metrics if metric.detector}):
        if detectors is not None and name in detectors:
            run.detectors[name] = detectors[name]
        elif name == "own":
            run.detectors[name] = own_detector(data, cache=cache, progress=progress, processes=processes)
        else:
            published = partial(published_detector, name, weights, may_fetch=may_fetch, device=device)
            run.detectors[name] = processes.first_before_others(published)
    if any(metric.kind == "path_length" for metric in metrics):
        lpips = perceptual or processes.first_before_others(partial(_lpips, weights, may_fetch))
        run.perceptual = lpips.to(device)
    results = (run.result(metric) for metric in metrics)
    return (result for result in results if result is not None)


def _require_fit(metrics: Sequence[Metric], G: Any, data: ImageDataset) -> None:
    shape = (G.img_channels, G.img_height, G.img_width)
    if any(metric.kind not in OF_THE_GENERATOR for metric in metrics) and shape != data.image_shape:
        raise ConfigError(f"the model paints {list(shape)}, but {data.path} holds {list(data.image_shape)}")
    for metric in metrics:
        if metric.kind == "equivariance":
            equivariance.require_motion(G)
        if metric.count < (fewest := FEWEST.get(metric.kind, 2)):
            raise ConfigError(f"{metric.name} is about {metric.count} images: it must be at least {fewest}")
        if min(shape[1:]) < (side := SMALLEST_SIDE.get(metric.kind, 1)):
            raise ConfigError(f"{metric.name} takes images of {side} pixels at least, not {shape[1]}×{shape[2]}")
        assert metric.kind != "equivariance" or metric.variant in get_args(equivariance.Motion)


def _lpips(directory: Path | None, may_fetch: bool) -> Any:
    network = fetch_lpips(directory) if may_fetch else find_lpips(directory)
    if network is None:
        raise DownloadError(
            "the weights of LPIPS are not on this machine: they can be fetched, or their files "
            "vgg16-397923af.pth and vgg.pth put into a directory that is named"
        )
    return network


@dataclass(kw_only=True)
class _Evaluation:
    G: Any
    data: ImageDataset
    seed: int
    batch_size: int
    cache: Path | None
    progress: Progress
    metrics: list[Metric]
    labels: Tensor | None
    processes: Processes
    perceptual: Any = None
    detectors: dict[str, Detector] = field(default_factory=dict)
    features: dict[str, Tensor] = field(default_factory=dict)
    watchers: dict[str, Watcher] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    kept_kernels: KeptKernels = field(default_factory=KeptKernels)
    painted: int = 0

    def result(self, metric: Metric) -> Result | None:
        """None in processes that are not the first: those only take part in what is shared."""
        if metric.kind in OF_THE_GENERATOR:
            return self._of_generator(metric)
        if not self.painted:
            self._paint()
        real = self._reals(metric) if metric.detector and needs_reals(metric) else None
        if not self.processes.is_first:
            return None
        begun = time.perf_counter()
        if metric.detector is None:
            found = self.watchers[metric.name].found(self.progress)
        else:
            fake, device = self.features[metric.detector][: metric.count], next(self.G.parameters()).device
            found = from_features(metric, self.detectors[metric.detector], fake, real, seed=self.seed, device=device)
        computing = time.perf_counter() - begun
        return self._result(metric, found, reals=0.0 if real is None else real.seconds, computing=computing)

    def _paint(self) -> None:
        """All fakes that any metric needs, seen by all that must see them."""
        total = max(metric.count for metric in self.metrics)
        wanted = {metric.name: metric for metric in self.metrics if metric.kind in OF_IMAGES}
        if self.processes.is_first:
            self.watchers = {name: watcher_of(metric, self.data, seed=self.seed) for name, metric in wanted.items()}
        parts = batches(total, self.batch_size)
        for seen in self.processes.shared(len(parts), lambda part: self._see(parts[part])):
            for name, features in seen.features.items():
                self._keep(name, features)
            for name, watcher in self.watchers.items():
                if seen.pixels is not None and self.painted < wanted[name].count:
                    watcher.add(seen.pixels[: wanted[name].count - self.painted])
            self.painted += seen.images
            self.progress("painting", self.painted, total)
        self.painted = total

    def _see(self, rows: range) -> "_Seen":
        """Paint a batch, and show it to all detectors that want it; pixels are kept as far as a watcher wants them."""
        with self._timed("painting"), self.kept_kernels:
            pixels = paint(self.G, self.labels, rows, seed=self.seed)
        features = {}
        for name, detector in self.detectors.items():
            some = pixels[: max(0, self._needed(name) - rows.start)]
            if len(some):
                with self._timed(name):
                    features[name] = detector.features(some)
        watched = max((metric.count for metric in self.metrics if metric.kind in OF_IMAGES), default=0)
        return _Seen(len(pixels), pixels if rows.start < watched else None, features)

    def _needed(self, detector: str) -> int:
        return max(metric.count for metric in self.metrics if metric.detector == detector)

    def _keep(self, name: str, features: Tensor) -> None:
        if name not in self.features:  # filled part by part, as putting parts together needs them twice
            self.features[name] = features.new_empty(self._needed(name), features.shape[1])
        self.features[name][self.painted :][: len(features)] = features

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - begun

    def _reals(self, metric: Metric) -> RealFeatures | None:
        assert metric.detector is not None
        same = [other for other in self.metrics if other.detector == metric.detector and other.full == metric.full]
        return real_features(
            self.data,
            self.detectors[metric.detector],
            count=None if metric.full else metric.count,
            keep=any(needs_all_features(other) for other in same if metric.full or other.count == metric.count),
            cache=self.cache,
            progress=self.progress,
            processes=self.processes,
        )

    def _result(self, metric: Metric, found: Found, *, reals: float = 0.0, computing: float) -> Result:
        detector = self.detectors[metric.detector] if metric.detector else None
        seconds = {"painting": self.seconds["painting"], "reals": reals, "computing": computing}
        speed = {"painting": self.painted / max(self.seconds["painting"], 1e-9)}
        if metric.detector:
            seconds["features"] = self.seconds[metric.detector]
            speed["features"] = len(self.features[metric.detector]) / max(seconds["features"], 1e-9)
        notes = () if detector is None else detector.notes(self.data.num_channels)
        return Result(
            name=metric.name,
            values=found.values,
            intervals=found.intervals,
            detector=detector.title if detector else None,
            detector_sha256=detector.sha256 if detector else None,
            resize=detector.resize if detector else None,
            reals=found.reals,
            fakes=metric.count,
            seed=self.seed,
            seconds=seconds,
            images_per_second=speed,
            notes=(*notes, *found.notes),
            pairs=tuple((self.seed + fake, self.data.names[real], far) for fake, real, far in found.pairs),
        )

    def _of_generator(self, metric: Metric) -> Result | None:
        """Path length or equivariance: paints two images for each of its seeds."""
        begun = time.perf_counter()
        is_path = metric.kind == "path_length"
        parts = self._in_parts(metric, self._path_distances if is_path else self._motion_errors)
        if not self.processes.is_first:
            return None
        found = self._path_length(parts) if is_path else self._decibels(parts)
        spent = time.perf_counter() - begun
        return Result(
            name=metric.name,
            values=found.values,
            intervals=found.intervals,
            detector=LPIPS_TITLE if is_path else None,
            resize=LPIPS_RESIZE if is_path else None,
            fakes=metric.count,
            seed=self.seed,
            seconds={"painting": spent, "computing": 0.0},
            images_per_second={"painting": 2 * metric.count / max(spent, 1e-9)},
            notes=("two images of each seed",),
        )

    def _in_parts(self, metric: Metric, measure: Callable[[Metric, range, Tensor | None], Any]) -> list[Any]:
        def part_of(part: int) -> Any:
            rows = parts[part]
            own = None if self.labels is None else self.labels[rows.start : rows.stop]
            return measure(metric, range(self.seed + rows.start, self.seed + rows.stop), own)

        parts, found = batches(metric.count, self.batch_size), []
        for rows, one in zip(parts, self.processes.shared(len(parts), part_of), strict=self.processes.is_first):
            found.append(one)
            self.progress(f"painting pairs for {metric.name}", rows.stop, metric.count)
        return found

    def _path_distances(self, metric: Metric, seeds: range, c: Tensor | None) -> Tensor:
        return path_distances(self.G, VARIANTS[metric.variant], self.perceptual, seeds=seeds, c=c).cpu()

    def _path_length(self, parts: list[Tensor]) -> Found:
        distances = torch.cat(parts)
        return Found(
            values={"path_length": path_length(distances)},
            intervals={"path_length": bootstrap(distances, path_length, seed=self.seed)},
        )

    def _motion_errors(self, metric: Metric, seeds: range, c: Tensor | None) -> equivariance.Errors:
        motion: Any = metric.variant
        return equivariance.motion_errors(self.G, motion, seeds=seeds, c=c)

    def _decibels(self, parts: list[equivariance.Errors]) -> Found:
        errors = equivariance.Errors(*(torch.cat(column) for column in zip(*parts, strict=True)))
        return Found(
            values={"decibels": equivariance.decibels(errors)},
            intervals={"decibels": equivariance.interval(errors, seed=self.seed)},
        )


class _Seen(NamedTuple):
    """What a batch of fakes has shown: how many they were, themselves if a watcher wants them, features by detector."""

    images: int
    pixels: Tensor | None
    features: dict[str, Tensor]
