"""Where a walk leads: through which latents, in which space, in how many frames.

Axes: f frame, k key, m walk (several are shown side by side), s style (one for each layer), z d c sizes of z, w, label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from allaprima.errors import ConfigError, LatentError
from allaprima.generation import latents_of_seeds
from allaprima.generation.labels import labels
from allaprima.generation.seeds import checked_seeds
from allaprima.latents.paths import along_legs, circle, moments, random_walks, spline
from allaprima.ops import lerp, slerp

Kind = Literal["loop", "line", "sphere", "circle", "random"]
Space = Literal["z", "w"]
CLOSED = ("loop", "circle", "random")
OF_A_CIRCLE = 2  # keys


class Places(NamedTuple):
    """A route in numbers.

    Attributes:
        space: In which.
        latents: In z [f, m, z]; in w [f, m, s, d], or [f, m, 1, d] where all layers have the same style.
        labels: [f, c], or None.
    """

    space: Space
    latents: Tensor
    labels: Float[Tensor, "f c"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a walk leads.

    Attributes:
        seeds: Keys. Of several walks, the first has the first of them, and so on; all have the same number.
        ws: Styles [k, num_ws, w_dim] as keys instead, such as projections: a walk in W+.
        kind: ``loop``: a closed cubic spline through the keys. ``line``: straight from key to key, to the last.
            ``sphere``: the same on great circles, around 0 in z, around the centre of w in w. ``circle``: from the
            first key through a second, their opposites, and back. ``random``: a random walk for each seed, smoothed.
        space: In z or in w; None: lines and loops in w, the others in z.
        frames: How many.
        c: Labels [n, c_dim] of a model with classes, visited one after the other (in z), or a single one.
        class_index: A shorter way to say ``c``.
        grid: Rows and columns of walks side by side.
        sigma: Of random walks: smoothness, in frames.

    Raises:
        ConfigError: The keys do not make such a route.
        LatentError: There is no such seed.
    """

    seeds: Sequence[int] = ()
    ws: Float[Tensor, "k s d"] | None = None
    kind: Kind = "loop"
    space: Space | None = None
    frames: int = 240
    c: Float[Tensor, "n c"] | None = None
    class_index: int | None = None
    grid: tuple[int, int] = (1, 1)
    sigma: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ConfigError(f"no walk is called {self.kind!r}: there are {', '.join(get_args(Kind))}")
        if self.space not in (None, *get_args(Space)):
            raise ConfigError(f"a walk leads through z or w, not {self.space!r}")
        if self.frames < 1:
            raise ConfigError(f"a walk of {self.frames} frames: it must have at least 1")
        if not self.sigma > 0:
            raise ConfigError(f"sigma is {self.sigma}: random walks must be smoothed by more than 0 frames")
        checked_seeds(self.seeds)
        if (self.ws is None) == (not len(self.seeds)):
            raise ConfigError("a walk needs keys: give it either seeds or styles")
        self._check_number()

    def _check_number(self) -> None:
        rows, columns = self.grid
        if rows < 1 or columns < 1:
            raise ConfigError(f"a grid of {rows}×{columns} walks: give at least 1×1")
        keys = len(self.seeds) if self.ws is None else len(self.ws)
        what = "seeds" if self.ws is None else "styles"
        if not keys or keys % self.walks:
            raise ConfigError(
                f"{keys} {what} cannot be dealt to {rows}×{columns} walks: give a multiple of {self.walks}"
            )
        each = keys // self.walks
        if self.kind == "circle" and each != OF_A_CIRCLE:
            raise ConfigError(f"a circle is given by {OF_A_CIRCLE} {what}, not {each}")
        if self.kind == "random" and (self.ws is not None or each != 1 or self.space == "w"):
            raise ConfigError("a random walk is made of one seed, and leads through z")

    @property
    def walks(self) -> int:
        """How many walks are side by side."""
        return self.grid[0] * self.grid[1]

    @property
    def is_closed(self) -> bool:
        """Whether the last frame is followed by the first."""
        return self.kind in CLOSED

    def moments(self) -> Float[Tensor, "f"]:
        """The time of each frame."""
        return moments(self.frames, closed=self.is_closed)

    def places(self, G: Any) -> Places:
        """The latents of each frame, on the CPU. Raises `ConfigError` or `LatentError` if G does not have such."""
        label = self._labels(G)
        space = self._space(G, label)
        if self.kind == "random":
            latents = random_walks(checked_seeds(self.seeds), self.frames, G.z_dim, sigma=self.sigma)
        else:
            keys = self._keys(G, space, label)
            keys = rearrange(keys, "(m k) ... -> k m ...", m=self.walks)
            latents = self._path(keys, space, centre_of(G, space, label))
        along = None if label is None else along_legs(label, self.moments(), closed=self.is_closed)
        return Places(space, latents, along)

    def _labels(self, G: Any) -> Float[Tensor, "n c"] | None:
        if self.ws is not None:
            if self.c is not None or self.class_index is not None:
                raise LatentError("styles have their class in them: give them without one")
            return None
        return labels(G, 1 if self.c is None else len(self.c), self.c, self.class_index)

    def _space(self, G: Any, label: Tensor | None) -> Space:
        changes = label is not None and len(label) > 1
        if self.ws is not None and self.space == "z":
            raise ConfigError("saved styles are in w: a walk between them cannot lead through z")
        if changes and self.space == "w":
            raise ConfigError("a walk from class to class leads through z: in w each style has its class in it")
        if self.ws is not None or self.space is not None:
            return self.space or "w"
        return "w" if self.kind in ("loop", "line") and G.has_w and not changes else "z"

    @torch.no_grad()
    def _keys(self, G: Any, space: Space, label: Tensor | None) -> Tensor:
        if self.ws is not None:
            if self.ws.shape[1:] != (G.num_ws, G.w_dim):
                raise LatentError(f"ws must be [n, {G.num_ws}, {G.w_dim}] for this model, got {list(self.ws.shape)}")
            return self.ws.detach().cpu().float()
        z = latents_of_seeds(checked_seeds(self.seeds), G.z_dim)
        if space == "z":
            return z
        device = next(G.parameters()).device
        c = None if label is None else label.expand(len(z), -1).to(device)
        ws: Tensor = G.mapping(z.to(device), c)
        return ws[:, :1].cpu()

    def _path(self, keys: Float[Tensor, "k m *d"], space: Space, centre: Tensor) -> Float[Tensor, "f m *d"]:
        t = self.moments()
        if self.kind == "circle":
            return circle(keys[0], keys[1], t, centre=centre)
        if self.kind == "loop":
            return spline(keys, t) if space == "w" else _loop_of_normal(keys, t)
        between = partial(_around, centre=centre) if self.kind == "sphere" else lerp
        return along_legs(keys, t, closed=False, between=between)


def _loop_of_normal(keys: Float[Tensor, "k m z"], t: Float[Tensor, "f"]) -> Float[Tensor, "f m z"]:
    """The spline, whose points are as long as the keys: between two normal latents the middle is shorter than any that
    a model was trained with, which shows in one that does not normalise them.
    """
    lengths = along_legs(keys.norm(dim=-1, keepdim=True), t, closed=True)
    return normalize(spline(keys, t), dim=-1) * lengths


@torch.no_grad()
def centre_of(G: Any, space: Space, label: Float[Tensor, "n c"] | None = None) -> Tensor:
    """The middle of a space: 0 of z; of w [d] what truncation leads to."""
    if space == "z":
        return torch.zeros([])
    device = next(G.parameters()).device
    return own_centre(G, None if label is None else label[:1].to(device)).flatten().cpu()


def own_centre(G: Any, c: Float[Tensor, "n c"] | None) -> Float[Tensor, "d"] | Float[Tensor, "n d"]:
    """What a model truncates to: one for all, or for each label (R3GAN keeps that)."""
    if c is None:
        centre: Tensor = G.mapping.w_avg
        return centre
    ws: Tensor = G.mapping(torch.ones(len(c), G.z_dim, device=c.device), c, truncation_psi=0)
    return ws[:, 0]


def _around(a: Tensor, b: Tensor, t: Tensor, *, centre: Tensor) -> Tensor:
    return slerp(a - centre, b - centre, t) + centre
