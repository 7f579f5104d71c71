"""Features of the real images: computed once for each data set and detector, and kept on the disk.

Kept are the moments, and the features themselves where a metric needs them, in
``$ALLAPRIMA_HOME/metrics/reals-HASH.safetensors``. The hash is of the images' names, sizes and checksums, of which of
them were taken, and of the detector's weights and resize filter.

Axes: n image, c channel, h w rows and columns, d feature.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.data import ImageDataset
from allaprima.errors import ModelFileError, OutputError
from allaprima.files import make_directory
from allaprima.metrics.detector import Detector
from allaprima.metrics.fakes import batches
from allaprima.metrics.moments import Moments
from allaprima.metrics.own_detector import folder
from allaprima.metrics.progress import Progress
from allaprima.processes import ALONE, Processes

KIND, FORMAT_VERSION = "real features", 1
AT_ONCE = 64
MOST_FEATURES = 200_000
"""Rows of features that are kept. The original's precision and recall take so many reals; its KID a million, of which
its subsets see a tenth."""

MOST_KEPT_BYTES = 2 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RealFeatures:
    """What is known of the reals.

    Attributes:
        moments: Of all of them.
        features: Of the first `MOST_FEATURES`; None unless they were asked for.
        count: Reals.
        seconds: It took to read them and compute this; 0 if it was known.
    """

    moments: Moments
    features: Tensor | None
    count: int
    seconds: float


def choose(data: ImageDataset, count: int | None) -> range:
    """Which items are the reals: all images unmirrored (None), or the first ``count`` items, mirrored ones too."""
    return range(len(data.names)) if count is None else range(min(count, len(data)))


def batches_of(data: ImageDataset, items: range) -> Iterator[UInt8[Tensor, "n c h w"]]:
    """Decode them, in order."""
    for part in batches(len(items), AT_ONCE):
        yield decode(data, items[part.start : part.stop])


def decode(data: ImageDataset, items: range) -> UInt8[Tensor, "n c h w"]:
    """Pixels of these."""
    return torch.stack([data[item][0] for item in items])


def real_features(
    data: ImageDataset,
    detector: Detector,
    *,
    count: int | None = None,
    keep: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
    processes: Processes = ALONE,
) -> RealFeatures | None:
    """Moments of the reals' features, and the features; None in processes that are not the first.

    Args:
        data: The images.
        detector: Whose features.
        count: See `choose`.
        keep: Give the features, too.
        cache: Where it is kept; None: `folder` of `allaprima.metrics.own_detector`.
        progress: Called while images are read.
        processes: That share the work.
    """
    items = choose(data, count)
    flips = None if count is None else data.flips
    path = (cache or folder()) / f"reals-{_key(data, detector, len(items), flips)}.safetensors"
    known = _known(path, keep=keep) if processes.is_first else None
    if processes.of_first(lambda: known is not None):
        return known
    begun = time.perf_counter()
    parts = batches(len(items), AT_ONCE)
    own: Moments | None = None

    def look(part: int) -> tuple[int, Tensor | None]:
        nonlocal own
        features = detector.features(decode(data, items[parts[part].start : parts[part].stop]))
        own = own or Moments(features.shape[1])
        own.add(features)
        return len(features), features if keep else None

    rows, done = [], 0
    for count_of_part, features in processes.shared(len(parts), look):
        if features is not None and done < MOST_FEATURES:
            rows.append(features[: MOST_FEATURES - done])
        done += count_of_part
        if progress is not None:
            progress("looking at reals", done, len(items))
    sums = [found for found in processes.gathered(lambda: own) if found is not None]  # more processes than parts: none
    if not processes.is_first:
        return None
    kept = torch.cat(rows) if keep else None
    moments = Moments.total(sums)
    _keep(path, moments, kept)
    return RealFeatures(moments=moments, features=kept, count=done, seconds=time.perf_counter() - begun)


def _key(data: ImageDataset, detector: Detector, count: int, flips: list[tuple[bool, bool]] | None) -> str:
    facts = [data.fingerprint(), flips, count, detector.sha256, detector.resize, FORMAT_VERSION]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _known(path: Path, *, keep: bool) -> RealFeatures | None:
    if not path.is_file():
        return None
    try:
        tensors = read_tensors(path, kind=KIND, version=FORMAT_VERSION)[0]
        count, total, outer = tensors["count"], tensors["sum"], tensors["outer"]
    except (ModelFileError, KeyError):  # damaged: it will be computed again
        return None
    if keep and "features" not in tensors:
        return None
    features = tensors["features"] if keep else None
    return RealFeatures(moments=Moments.of(int(count), total, outer), features=features, count=int(count), seconds=0.0)


def _keep(path: Path, moments: Moments, features: Tensor | None) -> None:
    tensors = {"count": torch.tensor(moments.count), "sum": moments.sum, "outer": moments.outer}
    if features is not None and features.nbytes <= MOST_KEPT_BYTES:
        tensors["features"] = features
    with suppress(OutputError):  # a cache that is read-only
        make_directory(path.parent)
        write_tensors(path, tensors, {"kind": KIND, "format_version": FORMAT_VERSION})
