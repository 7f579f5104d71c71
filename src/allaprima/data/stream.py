"""Images that come once, in an order of their own: tar shards out of commands, as WebDataset has them.

A stream cannot be asked for its number of images, nor for one of them. What must be known of a dataset before it is
trained on (shape, labels, some images to look at) is known of a sample: the first images, which are kept in memory.
"""

import hashlib
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from allaprima.data.catalogue import Catalogue
from allaprima.data.dataset import ImageDataset, flips_of
from allaprima.data.stores.label_texts import column_of, value_of
from allaprima.data.stores.location import PIPE, expanded, written
from allaprima.data.stores.tar_stream import Sample, samples
from allaprima.errors import DataError

SAMPLED, SAMPLED_BYTES = 1000, 256 << 20
"""Images of the sample: so many, unless they take more than this."""


class StreamDataset(ImageDataset):
    """A dataset whose items are those of its sample; `allaprima.data.batches` gives all that comes.

    Attributes:
        shards: The commands, one for each shard.
    """

    def __init__(
        self,
        source: str | Path,
        *,
        use_labels: bool = False,
        seed: int = 0,
        mirror: bool = False,
        yflip: bool = False,
        holdout: int = 0,
    ) -> None:
        """Read the sample.

        Args:
            source: ``pipe:`` and a command that writes a tar archive; braces in it make it several.
            use_labels: Give label vectors. Their length, and what words mean, is taken from the sample.
            seed: Of the images held out.
            mirror: Flip every other image left to right, by chance.
            yflip: Flip every other image upside down, by chance.
            holdout: Keep so many images of the sample apart, but at most one in twenty.

        Raises:
            DataError: A command fails, what it writes is no tar archive, or its images are not what they should be.
        """
        text = written(source)
        self.shards = expanded(text.removeprefix(PIPE))
        self.flips = flips_of(mirror=mirror, yflip=yflip)
        store = SampleStore(text, first_samples(self.shards))
        self._open(store, use_labels=use_labels, max_images=None, seed=seed, holdout=holdout)
        self.apart = {self._pictures[row] for row in self._selection.held_out.tolist()}
        self.name = "stream"

    def fingerprint(self) -> str:
        """Hash the commands, and whether labels are used: nothing else is known of a stream."""
        facts = repr((self.shards, self.label_dim, self.class_names))
        return hashlib.sha256(facts.encode()).hexdigest()[:32]

    def decoded(self, sample: Sample) -> tuple[Tensor, Tensor]:
        """Decode an image of the stream, uint8 [c, h, w], with its label [label_dim]. Raises `DataError`."""
        image = self._decoded(sample.content, sample.name)
        return image, self._vector(sample) if self.label_dim else torch.zeros(0)

    def _vector(self, sample: Sample) -> Tensor:
        """Make a label's vector. Raises `DataError` if it is of another kind than those of the sample."""
        value = value_of(sample.text) if sample.text else None
        if self.class_names is not None and str(value) in self.class_names:
            value = self.class_names.index(str(value))
        if isinstance(value, list) and self._is_vector and len(value) == self.label_dim:
            return torch.tensor(value, dtype=torch.float32)
        if isinstance(value, int) and not self._is_vector and 0 <= value < self.label_dim:
            return torch.nn.functional.one_hot(torch.tensor(value), self.label_dim).float()
        raise DataError(
            f"the label of {sample.name} in {self.path} is {value!r}, but those of the first images are "
            + (f"lists of {self.label_dim} numbers" if self._is_vector else f"{self.label_dim} classes")
        )

    @property
    def _is_vector(self) -> bool:
        return self._labels is not None and self._labels.values.ndim == 2


class SampleStore:
    """Images in memory, as a store."""

    forks = True

    def __init__(self, path: str, kept: list[Sample]) -> None:
        self.path = path
        kept = sorted(kept, key=lambda sample: sample.name)
        self._content = {sample.name: sample.content for sample in kept}
        self._texts = np.array([sample.text for sample in kept], dtype=np.bytes_)

    def names(self) -> list[str]:
        """List all images, sorted."""
        return list(self._content)

    def read(self, name: str) -> bytes:
        """Give an image's file."""
        return self._content[name]

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32."""
        data = self.read(name)
        return len(data), zlib.crc32(data)

    def catalogue(self) -> Catalogue:
        """Give names and labels."""
        if not (self._texts != b"").any():
            return Catalogue(self.names())
        if (self._texts == b"").any():
            return Catalogue(self.names(), complaint=f"not all images of {self.path} have a label", has_labels=True)
        try:
            column = column_of(self._texts)
        except DataError as error:
            return Catalogue(self.names(), complaint=str(error), has_labels=True)
        return Catalogue(self.names(), column, column.class_names, has_labels=True)

    def identity(self) -> bytes:
        """Give the stream's text."""
        return self.path.encode()


def first_samples(shards: list[str]) -> list[Sample]:
    """Read the first images of the first shards. Raises `DataError`."""
    kept: dict[str, Sample] = {}
    room = SAMPLED_BYTES
    for number, shard in enumerate(shards):
        for sample in samples(shard, number):
            kept[sample.name] = sample
            room -= len(sample.content)
            if len(kept) >= SAMPLED or room < 0:
                return list(kept.values())
    return list(kept.values())
