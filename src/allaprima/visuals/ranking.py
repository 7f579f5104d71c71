"""The images of a whole data set in the order of a discriminator's scores: the first look least like fakes.

A discriminator that plays well says how many times more often an image turns up among the real ones than among the
fakes (Goodfellow et al. 2014, proposition 1: its logit is the logarithm of that). So the highest scores belong to what
the generator does not paint, which is where the rare and the odd images of a data set are, and the lowest to what it
paints more often than it should.

Axes: n image, k class or image of the company, c channel, h w rows and columns, d label component.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError, DataError
from allaprima.files import write_text
from allaprima.images import to_network
from allaprima.models.judging import as_seen, company_size, in_company, judge

PIXELS_AT_ONCE = 16 * 128 * 128
MOST_CLASSES = 100  # for which an image is judged once for each

Pixels = UInt8[Tensor, "n c h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Images by score.

    Attributes:
        names: Of all images, in the order in which they came.
        scores: Of each, higher for what looks real.
        order: Numbers of the images, from the highest score to the lowest; equal scores in the order of coming.
        classes: Class of each image; None without labels that are classes.
        class_scores: Score that each image would have under every class, or the logit of its being of that class from a
            network that tells classes (Progressive GAN); None without such labels.
    """

    names: tuple[str, ...]
    scores: Float[Tensor, " n"]
    order: Int64[Tensor, " n"]
    classes: Int64[Tensor, " n"] | None = None
    class_scores: Float[Tensor, "n k"] | None = None

    def highest(self, count: int) -> list[int]:
        """Numbers of the images with the highest scores, the highest first."""
        numbers: list[int] = self.order[:count].tolist()
        return numbers

    def lowest(self, count: int) -> list[int]:
        """Numbers of the images with the lowest scores, the lowest first."""
        numbers: list[int] = self.order.flip(0)[:count].tolist()
        return numbers

    def doubts(self) -> Float[Tensor, " n"] | None:
        """By how much the best other class is ahead of an image's own: above 0, its label may be wrong."""
        if self.classes is None or self.class_scores is None or self.class_scores.shape[1] < 2:
            return None
        own = self.class_scores.gather(1, self.classes[:, None])
        others = self.class_scores.scatter(1, self.classes[:, None], -torch.inf)
        return (others.amax(dim=1, keepdim=True) - own)[:, 0]

    def doubtful(self, count: int) -> list[int]:
        """Numbers of the images that would look most real under another label, the most doubtful first; those alone."""
        doubts = self.doubts()
        if doubts is None:
            return []
        numbers = doubts.argsort(descending=True, stable=True)[:count].tolist()
        return [number for number in numbers if doubts[number] > 0]

    def rows(self) -> list[dict[str, Any]]:
        """A record for each image, the highest score first."""
        doubts = self.doubts()
        best = None if self.class_scores is None else self.class_scores.argmax(dim=1)
        rows = []
        for rank, number in enumerate(self.order.tolist(), start=1):
            row: dict[str, Any] = {"rank": rank, "name": self.names[number], "score": self.scores[number].item()}
            if doubts is not None and best is not None and self.classes is not None:
                row |= {"class": int(self.classes[number]), "most_real_as": int(best[number])}
                row |= {"doubt": doubts[number].item()}
            rows.append(row)
        return rows

    def write(self, path: Path) -> None:
        """Write all rows, as JSON or CSV by the suffix. Raises `ConfigError` for another one, `OutputError`."""
        if path.suffix == ".json":
            write_text(path, json.dumps(self.rows(), indent=1) + "\n")
        elif path.suffix == ".csv":
            rows, file = self.rows(), io.StringIO()
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            write_text(path, file.getvalue())
        else:
            raise ConfigError(f"a ranking is written as .json or .csv, not as {path.suffix or 'a file without suffix'}")


def rank(
    D: Any,
    images: Pixels | ImageDataset,
    *,
    names: Sequence[str] | None = None,
    labels: Float[Tensor, "n d"] | None = None,
    company: UInt8[Tensor, "k c h w"] | None = None,
    batch_size: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Ranking:
    """Rank images by what a discriminator says of each; the order of the images and the batch size have no say.

    Args:
        D: Of any architecture.
        images: Pixels, or a dataset, of which each image is decoded once.
        names: Of pixels; a dataset has its own.
        labels: Of pixels; a dataset has its own, if it was opened with them.
        company: Images that each one is judged with; None: a few of ``images``, see `company_of`.
        batch_size: Images judged at once; None: as many as fit a modest memory.
        progress: Told how many images have been judged.

    Raises:
        DataError: The images are none, of another size than the network's, or without the labels that it needs.
    """
    total, shape = _extent(images)
    _check(D, total, shape)
    labels = _labels(D, images, labels)
    names = images.names if isinstance(images, ImageDataset) else names
    company = company_of(images, company_size(D)) if company is None else company
    batch_size = batch_size or max(1, PIXELS_AT_ONCE // (shape[1] * shape[2]))
    classes = _classes(labels)
    found: list[Tensor] = []
    with torch.inference_mode(), in_company(D, prepared(D, company)):
        for start, pixels in _batches(images, batch_size):
            c = labels[start : start + len(pixels)]
            found.append(_under_all_labels(D, prepared(D, pixels), c, classes is not None))
            progress(start + len(pixels))
    all_scores = torch.cat(found)
    scores = all_scores[:, 0]
    return Ranking(
        names=tuple(names) if names is not None else tuple(f"image {number}" for number in range(total)),
        scores=scores,
        order=scores.argsort(descending=True, stable=True),
        classes=classes,
        class_scores=None if classes is None else all_scores[:, 1:],
    )


def company_of(images: Pixels | ImageDataset, count: int) -> UInt8[Tensor, "k c h w"]:
    """So many images from all over, or all if they are fewer."""
    return chosen(images, spread(_extent(images)[0], count))


def chosen(images: Pixels | ImageDataset, numbers: Sequence[int]) -> UInt8[Tensor, "m c h w"]:
    """The images of these numbers."""
    if isinstance(images, Tensor):
        return images[list(numbers)]
    found = [images[number][0] for number in numbers]
    return torch.stack(found) if found else torch.empty(0, *images.image_shape, dtype=torch.uint8)


def spread(total: int, count: int) -> list[int]:
    """So many numbers below ``total`` at equal distances, or all if they are fewer."""
    count = min(count, total)
    return [(2 * i + 1) * total // (2 * count) for i in range(count)]


def prepared(D: Any, pixels: Pixels) -> Float[Tensor, "n c h w"]:
    """Real images as the discriminator saw them in training, where its weights are."""
    return as_seen(D, to_network(pixels.to(next(D.parameters()).device)))


def _extent(images: Pixels | ImageDataset) -> tuple[int, tuple[int, int, int]]:
    """How many images, and their (channels, height, width)."""
    if isinstance(images, ImageDataset):
        return len(images.names), images.image_shape
    count, channels, height, width = images.shape
    return count, (channels, height, width)


def _check(D: Any, total: int, shape: tuple[int, int, int]) -> None:
    wanted = (D.img_channels, D.img_height, D.img_width)
    if not total:
        raise DataError("there are no images to judge: give at least one")
    if shape != wanted:
        theirs, ours = (f"{h}×{w} with {c} channels" for c, h, w in (shape, wanted))
        raise DataError(f"the images are {theirs}, but this discriminator judges images of {ours}")


def _labels(D: Any, images: Pixels | ImageDataset, labels: Tensor | None) -> Tensor:
    """[n, c_dim]: what the network wants to be told of each image."""
    if labels is None and isinstance(images, ImageDataset):
        labels = images.label_table()
    total, _ = _extent(images)
    if not D.c_dim or (_tells_classes(D) and labels is None):
        return torch.zeros(total, 0)
    if labels is None or labels.shape != (total, D.c_dim):
        got = "none" if labels is None or not labels.shape[1] else f"{list(labels.shape)}"
        raise DataError(
            f"this discriminator judges images by their labels: they must be [{total}, {D.c_dim}], got {got}"
        )
    return labels


def _classes(labels: Tensor) -> Tensor | None:
    """The class of each image; None if labels are none, are something else than one class, or are too many."""
    is_class = ((labels == 0) | (labels == 1)).all() and (labels.sum(dim=1) == 1).all()
    return labels.argmax(dim=1) if 2 <= labels.shape[1] <= MOST_CLASSES and is_class else None


def _batches(images: Pixels | ImageDataset, size: int) -> Iterator[tuple[int, Tensor]]:
    """The number of the first image of a batch, and the batch."""
    total, _ = _extent(images)
    for start in range(0, total, size):
        if isinstance(images, Tensor):
            yield start, images[start : start + size]
        else:
            yield start, torch.stack([images[number][0] for number in range(start, min(start + size, total))])


def _tells_classes(D: Any) -> bool:
    """Whether it says of which class an image is, instead of being told (Progressive GAN with labels)."""
    return bool(getattr(D, "label_head", False))


def _under_all_labels(D: Any, images: Tensor, c: Tensor, all_classes: bool) -> Float[Tensor, "n k"]:
    """Scores under an image's own label, and then under each class if that is wished."""
    if _tells_classes(D):
        said: Tensor = D(images, c.to(images)).float().cpu()
        return said if all_classes else said[:, :1]
    labels = [c.to(images)]
    if all_classes:
        labels += [one.expand(len(images), -1) for one in torch.eye(c.shape[1], device=images.device)]
    return torch.stack([judge(D, images, label) for label in labels], dim=1).cpu()
