"""Recording a training for its films, for less than a hundredth of its time and without a trace in its numbers.

At the end of a tick it paints with the averaged generator from latents that are always the same, and asks the
discriminator about these fakes and about a sample of real images that is always the same. It looks at the clock: what
it has spent, with what the next record will take, stays within `SHARE` of the time trained. Where that forbids a
record, the next tick is asked. The first record is made in any case: it is what the film begins with.

Randomness comes from streams of its own, moving averages stay as they are: the training goes as it would without.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.data import ImageDataset
from allaprima.images import to_network
from allaprima.images.film_sheet import shrunk
from allaprima.models.judging import as_seen, company_size, in_company, judge
from allaprima.training.film_log import Assessment, FilmLog, spent
from allaprima.training.memory import is_out_of_memory
from allaprima.training.randomness import Streams
from allaprima.training.run import Run

SHARE = 0.008  # of the training's time
SAMPLE = 32  # real images, and as many fakes
SPACING = 64  # from one record to the next a training goes on by one part in so many: learning slows down likewise


class Recorder:
    """Keeps the film of one run.

    Args:
        run: The training.
        dataset: Its images.
        path: The run directory.
        clock: Seconds; another one for tests.
    """

    def __init__(
        self, run: Run, dataset: ImageDataset, path: Path, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.run, self.clock, self.log = run, clock, FilmLog(path)
        self._reals, self._real_labels = _sample(dataset, SAMPLE)
        self._company = _sample(dataset, company_size(run.D))[0].flip(3)  # mirrored: nobody meets itself
        generator = Streams(run.recipe.seed).generator("film")
        self._z = torch.randn(SAMPLE, run.G.z_dim, generator=generator)
        self._labels = run.label_table[torch.randint(len(run.label_table), (SAMPLE,), generator=generator)]
        self.reread()

    def reread(self) -> None:
        """Go on from the records that are there: after a resume, and when the training has gone back."""
        self._made = self.log.assessments()

    def is_due(self, trained: float) -> bool:
        """Whether a record is wanted now, and can be had for its share of the seconds ``trained``."""
        if not self._made:
            return True
        last = self._made[-1]
        is_far = self.run.images_seen - last.images_seen >= max(last.images_seen / SPACING, 1)
        return is_far and spent(self._made) + last.cost <= SHARE * trained

    def record(self, trained: float) -> bool:
        """Make a record if one is due after the seconds ``trained``. Raises `OutputError`."""
        if not self.is_due(trained):
            return False
        begun, run = self.clock(), self.run
        try:
            painted, reals, fakes = self._assess()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return False  # a film is not worth a training: it halves its parts, and the next tick asks again
        if not self._made:
            self.log.write_reals(shrunk(to_network(self._reals)))
        self.log.write_fakes(painted, run.images_seen)
        found = Assessment(
            images_seen=run.images_seen,
            kimg=run.images_seen / 1000,
            seconds=round(trained, 3),
            cost=round(self.clock() - begun, 6),
            reals=reals,
            fakes=fakes,
        )
        self.log.append(found)
        self._made.append(found)
        return True

    @torch.no_grad()
    def _assess(self) -> tuple[UInt8[Tensor, "n c h w"], list[float], list[float]]:
        """Fakes of the size that is kept, scores of the real images, scores of the fakes."""
        D, device = self.run.D, self.run.device
        sheets, reals, fakes = [], [], []
        with in_company(D, self._seen(self._company)):
            for images, c in self._parts(self._reals, self._real_labels):
                reals.append(judge(D, self._seen(images), c.to(device)))
            for z, c in self._parts(self._z, self._labels):
                painted = self.run.G_ema(z.to(device), c.to(device), noise_mode="const")
                fakes.append(judge(D, painted, c.to(device)))
                sheets.append(shrunk(painted.float()))
        return torch.cat(sheets), torch.cat(reals).tolist(), torch.cat(fakes).tolist()

    def _seen(self, pixels: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        return as_seen(self.run.D, to_network(pixels.to(self.run.device)))

    def _parts(self, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """As many at once as the training itself takes, and so no more memory than that."""
        return zip(*(torch.split(tensor, self.run.batch_gpu) for tensor in tensors), strict=True)


def _sample(dataset: ImageDataset, count: int) -> tuple[UInt8[Tensor, "n c h w"], Float[Tensor, "n d"]]:
    """So many images from all over the data, or all of them if they are fewer, with their labels."""
    total = len(dataset.names)
    count = min(count, total)
    items = [dataset[(2 * i + 1) * total // (2 * count)] for i in range(count)]
    if not items:
        return torch.empty(0, *dataset.image_shape, dtype=torch.uint8), torch.empty(0, dataset.label_dim)
    images, labels = zip(*items, strict=True)
    return torch.stack(images), torch.stack(labels)
