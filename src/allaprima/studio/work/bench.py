"""What a worker has at hand: the networks that the studio was told to serve, opened when they are first needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from allaprima.checkpoint import Networks, load_networks
from allaprima.errors import LatentError, ModelFileError
from allaprima.latents import Direction, pca, sefa
from allaprima.metrics.detector import hash_of
from allaprima.ops.kept_kernels import KeptKernels

MOST_DIRECTIONS = 12


@dataclass(slots=True)
class Bench:
    """The state of a worker.

    Attributes:
        places: What `allaprima.load` opens, by the names that requests may say.
        device: Where to compute.
        datasets: Archives and folders of images, by name.
    """

    places: Mapping[str, str]
    device: torch.device
    datasets: Mapping[str, str] = field(default_factory=dict)
    _open: dict[str, Networks] = field(default_factory=dict)
    _directions: dict[tuple[str, str], list[Direction]] = field(default_factory=dict)
    _hashes: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, KeptKernels] = field(default_factory=dict)

    def networks(self, name: str) -> Networks:
        """Painter and judge of a model. Raises `ModelFileError`."""
        if name not in self.places:
            raise ModelFileError(f"no model {name!r} is served here")
        if name not in self._open:
            self._open[name] = load_networks(self.places[name], roles=("G_ema", "D"), device=self.device)
        return self._open[name]

    def generator(self, name: str) -> Any:
        """The painter of a model."""
        return self.networks(name).G_ema

    def kept_kernels(self, name: str) -> KeptKernels:
        """What is kept between the pictures of a painter."""
        return self._kept.setdefault(name, KeptKernels())

    def model_sha256(self, name: str) -> str:
        """The hash of a painter's weights, as pictures and manifests have it."""
        if name not in self._hashes:
            self._hashes[name] = hash_of(self.generator(name))
        return self._hashes[name]

    def directions(self, name: str, method: str) -> list[Direction]:
        """The directions of a model that a method finds, found once."""
        if (name, method) not in self._directions:
            G = self.generator(name)
            count = min(MOST_DIRECTIONS, G.z_dim)
            self._directions[name, method] = {"sefa": sefa, "pca": pca}[method](G, count)
        return self._directions[name, method]

    def direction(self, name: str, which: str) -> Direction:
        """One of them, as ``sefa-1``. Raises `LatentError`."""
        method, _, index = which.partition("-")
        found = self.directions(name, method)
        if int(index) >= len(found):
            raise LatentError(
                f"there is no direction {which!r}: this model has {method}-0 to {method}-{len(found) - 1}"
            )
        return found[int(index)]
