"""Images to latents: the search for any number of targets, and what it found.

Axes: n target, t step, f frame, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.images import to_network
from allaprima.latents.projection.distance import Distance, measure_of, own_distance
from allaprima.latents.projection.search import NoiseMaps, Search, Step, own_noise, search
from allaprima.latents.projection.start import best_of, for_each, mean_and_deviation
from allaprima.models import paint_with_noise

PIXELS_AT_ONCE = 4 * 256 * 256
FRAMES = 120


class Projection:
    """Searches while it is iterated over, group by group of targets; holds what is found so far.

        projection = Projection(G, targets, how=Search(steps=300))
        for step in projection:
            ...  # may be left at any time

    Attributes:
        G: The generator.
        targets: Pixels [n, c, h, w], straight alpha.
        ws: Styles that are found, [n, s, d].
        noise: Noise maps that are found, by layer; none for models without noise.
        curve: Distances [t, n]; NaN for steps that were not done.
        trail: Styles on the way, [f, n, s, d], the start first.
        how: The `Search`.
    """

    def __init__(
        self,
        G: Any,
        targets: UInt8[Tensor, "n c h w"],
        *,
        distance: Distance | None = None,
        start: Float[Tensor, "k s d"] | int | None = None,
        how: Search | None = None,
        label: dict[str, Any] | None = None,
        at_once: int | None = None,
    ) -> None:
        """Get ready to search.

        Args:
            G: The generator, with blocks in half precision if that is faster (`allaprima.models.set_half`).
            targets: As `allaprima.latents.projection.target` gives them.
            distance: What shall become small; None: `own_distance` without a discriminator.
            start: Styles, one for all targets or one for each; a number: the best of so many random ones; None: the
                mean of W.
            how: How to search.
            label: ``class_index`` or ``c``, for the mean of W and random starts of models with classes.
            at_once: Targets that are searched for together; None: as many as fit a modest memory. It has no influence
                on what is found.

        Raises:
            LatentError: The start or the class does not fit the model.
        """
        self.G, self.targets, self.how = G, targets, how or Search()
        self.distance = distance or own_distance(None)
        self.label = label or {}
        self.device = next(G.parameters()).device
        self.at_once = at_once or max(1, PIXELS_AT_ONCE // (G.img_height * G.img_width))
        mean, self.deviation = mean_and_deviation(G, **self.label)
        self._candidates = start if isinstance(start, int) else 0
        count = len(targets)
        given = mean if start is None or isinstance(start, int) else start.to(self.device).float()
        self.ws = for_each(given, count).clone()
        self.noise: NoiseMaps = {} if self.how.noise_weight is None else detached(own_noise(G, count))
        self.curve = torch.full((self.how.steps, count), float("nan"))
        moments = sorted({round(self.how.steps * i / FRAMES) for i in range(FRAMES + 1)})
        self._frames = {done: frame for frame, done in enumerate(moments)}
        self.trail = self.ws.cpu().repeat(len(moments), 1, 1, 1)

    def __len__(self) -> int:
        return self.how.steps * len(range(0, len(self.targets), self.at_once))

    def __iter__(self) -> Iterator[Step]:
        for first in range(0, len(self.targets), self.at_once):
            yield from self._search(slice(first, first + self.at_once))

    def _search(self, part: slice) -> Iterator[Step]:
        goal = to_network(self.targets[part]).to(self.device)
        with torch.no_grad():
            measure = measure_of(self.distance, goal)
        if self._candidates:
            self.ws[part] = best_of(self.G, measure, self._candidates, **self.label)
            self.trail[:, part] = self.ws[part].cpu()
        for step in search(self.G, measure, self.ws[part], self.how, deviation=self.deviation):
            self._keep(part, step)
            yield step

    def _keep(self, part: slice, step: Step) -> None:
        self.ws[part] = step.ws
        self.curve[step.done - 1, part] = step.distance.cpu()
        for name, maps in step.noise.items():
            self.noise[name][part] = maps
        if step.done in self._frames:
            self.trail[self._frames[step.done] :, part] = step.ws.cpu()

    @torch.no_grad()
    def images(self) -> Float[Tensor, "n c h w"]:
        """What the styles and the noise maps that are found paint, in float32, on the CPU."""
        parts = []
        for first in range(0, len(self.targets), self.at_once):
            part = slice(first, first + self.at_once)
            noise = {name: maps[part] for name, maps in self.noise.items()}
            parts.append(paint_with_noise(self.G, self.ws[part], noise, force_fp32=True).cpu())
        return torch.cat(parts)


def detached(maps: NoiseMaps) -> NoiseMaps:
    """The same numbers, without gradients."""
    return {name: each.detach() for name, each in maps.items()}


def project(
    G: Any, targets: UInt8[Tensor, "n c h w"], *, on_step: Callable[[Step], None] | None = None, **options: Any
) -> Projection:
    """Find the latents of images, all at once; ``options`` are those of `Projection`.

        found = project(G, targets, distance=own_distance(D), how=Search(steps=300))
        found.ws, found.images()

    Args:
        G: The generator.
        targets: Pixels, straight alpha.
        on_step: Called after each step.
        options: Of `Projection`.
    """
    projection = Projection(G, targets, **options)
    for step in projection:
        if on_step is not None:
            on_step(step)
    return projection
