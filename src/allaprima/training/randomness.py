"""All randomness of a training, as a pure function of its seed, the step and a name.

Nothing has to be saved for a resume to draw the same numbers, and no phase shifts the draws of another. What is drawn
for an image depends on its place in the whole batch, and neither on its neighbours nor on how the batch is shared out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Streams:
    """Generators by name and step.

    Attributes:
        seed: Of the training.
    """

    seed: int

    def generator(self, name: str, step: int = 0, *, device: torch.device | str = "cpu") -> torch.Generator:
        """A new generator for ``name`` at ``step``; the same arguments always give the same numbers."""
        digest = hashlib.blake2b(f"{self.seed}/{name}/{step}".encode(), digest_size=8).digest()
        return torch.Generator(device).manual_seed(int.from_bytes(digest, "little") >> 1)

    def generators(
        self, name: str, step: int, places: Iterable[int], *, device: torch.device | str = "cpu"
    ) -> list[torch.Generator]:
        """A new generator for each image at ``places`` of the batch of ``step``."""
        return [self.generator(f"{name}/{place}", step, device=device) for place in places]
