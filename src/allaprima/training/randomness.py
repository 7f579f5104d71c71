"""All randomness of a training, as a pure function of its seed, the step and a name.

Nothing has to be saved for a resume to draw the same numbers, and no phase shifts the draws of another.
"""

import hashlib
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
