"""The dataset doctor: what a dataset holds, before anyone trains on it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from allaprima.data.advice import Advice, advise
from allaprima.data.convert import Progress, Skipped
from allaprima.data.diversity import diversity
from allaprima.data.duplicates import exact_groups, near_groups
from allaprima.data.examination import Examination, examine
from allaprima.data.sources.item import Source
from allaprima.errors import DataError

T = TypeVar("T")

TRAINABLE = ("folder", "ZIP archive")
"""Kinds of sources that training reads as they are."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a dataset holds.

    Attributes:
        path: Where it is.
        kind: What it is, in words.
        num_images: Images that can be read.
        broken: Those that cannot, and why.
        sizes: Images by (height, width), commonest first.
        modes: By mode once decoded: L, LA, RGB, RGBA.
        file_modes: By mode in the file: "P", "I;16", "CMYK", …; empty for frames.
        rotated: Images whose EXIF says that they lie on their side or are flipped; they are turned when read.
        alpha: By use of alpha: "none", "unused", "cut out", "soft".
        colourless: RGB images whose three colours are the same.
        labels: Images by class number or name; vectors count as "vector"; empty without labels.
        unlabelled: Images without a label.
        exact: Names of images with the same pixels, grouped.
        near: Names of images that look alike, grouped; exact duplicates count once.
        diversity: How alone an image is, 0 to 1 (see :mod:`allaprima.data.diversity`).
        advice: A proposed training.
    """

    path: Path
    kind: str
    num_images: int
    broken: list[Skipped]
    sizes: dict[tuple[int, int], int]
    modes: dict[str, int]
    file_modes: dict[str, int]
    rotated: int
    alpha: dict[str, int]
    colourless: int
    labels: dict[str, int]
    unlabelled: int
    exact: list[list[str]]
    near: list[list[str]]
    diversity: float
    advice: Advice

    @property
    def is_ready(self) -> bool:
        """Whether it can be trained on as it is: one size, one mode, nothing broken, labels for all or none."""
        alike = self.kind in TRAINABLE and len(self.sizes) == 1 and len(self.modes) == 1
        return alike and not self.broken and self.unlabelled in (0, self.num_images)


def inspect(source: Source, progress: Progress | None = None) -> Report:
    """Look at every image of a source once.

    Raises:
        DataError: Not one image can be read.
    """
    seen: list[Examination] = []
    broken: list[Skipped] = []
    for done, item in enumerate(source, start=1):
        try:
            seen.append(examine(item))
        except DataError as error:
            broken.append(Skipped(item.name, str(error)))
        if progress is not None:
            progress(done, source.count)
    if not seen:
        raise DataError(f"not one image of {source.path} can be read ({len(broken)} are broken)")
    return _report(source, seen, broken)


def _report(source: Source, seen: list[Examination], broken: list[Skipped]) -> Report:
    exact = exact_groups([one.digest for one in seen])
    copies = {i for group in exact for i in group[1:]}
    different = [one for i, one in enumerate(seen) if i not in copies]
    thumbnails = torch.from_numpy(np.stack([one.thumbnail for one in different]))
    near = near_groups(thumbnails)
    alone = diversity(thumbnails)
    sizes = _counted(seen, lambda one: (one.height, one.width))
    labels = _label_counts(seen, source.class_names)
    height, width = next(iter(sizes))
    return Report(
        path=Path(source.path),
        kind=source.kind,
        num_images=len(seen),
        broken=broken,
        sizes=sizes,
        modes=_counted(seen, lambda one: one.mode),
        file_modes=dict(Counter(one.header.mode for one in seen if one.header is not None).most_common()),
        rotated=sum(one.header is not None and one.header.orientation > 1 for one in seen),
        alpha=_counted(seen, lambda one: str(one.alpha)),
        colourless=sum(one.colourless for one in seen),
        labels=labels,
        unlabelled=sum(one.label is None for one in seen),
        exact=[[seen[i].name for i in group] for group in exact],
        near=[[different[i].name for i in group] for group in near],
        diversity=alone,
        advice=advise(len(different), height, width, len(labels), alone),
    )


def _counted(seen: list[Examination], key: Callable[[Examination], T]) -> dict[T, int]:
    return dict(Counter(key(one) for one in seen).most_common())


def _label_counts(seen: list[Examination], class_names: list[str] | None) -> dict[str, int]:
    """Count images by class, in the order of the class numbers."""
    vectors = sum(isinstance(one.label, list) for one in seen)
    numbers = Counter(one.label for one in seen if isinstance(one.label, int))
    counts = {"vector": vectors} if vectors else {}
    for number, count in sorted(numbers.items()):
        named = class_names is not None and number < len(class_names)
        counts[class_names[number] if class_names is not None and named else str(number)] = count
    return counts
