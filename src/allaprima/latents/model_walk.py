"""From model to model: frames while the weights go from one generator to another of the same shape.

Models of one family, fine-tuned from one another, lie close enough for the generators between them to paint: Wang et
al. (2019), "Deep network interpolation for continuous imagery effect transition", equation 2; Pinkney & Adler (2020).
"""

import copy
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from allaprima.errors import ConfigError
from allaprima.latents.paths import eased, legs
from allaprima.latents.route import Route
from allaprima.latents.walks import Walk, framed, walk
from allaprima.surgery.likeness import require_alike


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWalk:
    """Frames that are painted when they are asked for: an iterable with a length, of uint8 [h, w, c] ([h, w] if gray).

    Attributes:
        models: Generators, visited one after the other; they stay as they are.
        walk: Through the latents, meanwhile.
        pauses: Slow at each model and quick between; else at constant speed.
    """

    models: Sequence[Any]
    walk: Walk
    pauses: bool = True

    def __len__(self) -> int:
        return len(self.walk)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        route = self.walk.route
        leg, share = legs(len(self.models), route.moments(), closed=route.is_closed)
        shares = eased(share) if self.pauses else share
        between = copy.deepcopy(self.models[0])
        own = dataclasses.replace(self.walk, G=between)
        for frame, (first, part) in enumerate(zip(leg.tolist(), shares.tolist(), strict=True)):
            set_between(between, self.models[first], self.models[(first + 1) % len(self.models)], part)
            yield from framed(own.images(frame, frame + 1), *route.grid)


def walk_models(models: Sequence[Any], route: Route, *, pauses: bool = True, **look: Any) -> ModelWalk:
    """Walk from generator to generator, while the latents follow ``route``; with one key for each walk they stay.

        A, B = load("faces"), load("cartoons.safetensors")
        film = walk_models([A, B], Route(seeds=range(6), grid=(2, 3), frames=120, kind="line"))

    Args:
        models: Two or more, of one shape, best fine-tuned from one another.
        route: Seeds mean latents in z, which each model maps to its own styles. A closed route (``loop``) leads back to
            the first model, an open one (``line``) ends at the last.
        pauses: Slow at each model and quick between; else at constant speed.
        **look: Truncation, noise and the like, as of `allaprima.latents.walks.walk`.

    Raises:
        ConfigError: The models differ in more than their weights, or there is only one; what `walk` raises.
    """
    if len(models) < 2:
        raise ConfigError(f"a walk from model to model needs at least 2 models, not {len(models)}")
    first, *others = models
    for other in others:
        require_alike(first, other)
    if route.ws is None and route.space is None:
        route = dataclasses.replace(route, space="z")
    return ModelWalk(models=models, walk=walk(first, route, **look), pauses=pauses)


@torch.no_grad()
def set_between(network: Any, a: Any, b: Any, share: float) -> None:
    """Give ``network`` the weights, and the buffers such as the average of w, at ``share`` of the way from a to b."""
    mine, start, end = network.state_dict(), a.state_dict(), b.state_dict()
    for name, tensor in mine.items():
        target = end[name].to(tensor)
        tensor.copy_(torch.lerp(start[name].to(tensor), target, share) if tensor.is_floating_point() else target)
