"""Wishes to styles: places on the map, classes, truncation, other layers' styles, directions.

Axes: n wish, s style (one for each layer), d size of w.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.generation import latents_of_seeds, read_latents
from allaprima.generation.seeds import LARGEST_SEED
from allaprima.latents import apply_direction
from allaprima.latents.centres import truncate
from allaprima.latents.route import own_centre
from allaprima.studio.wish import MAP_STRIDE, Wish
from allaprima.studio.work.bench import Bench

Found = Mapping[str, Path]
"""Files of latents by the numbers of the projections that made them."""


class Row(NamedTuple):
    """What the mapping network is asked for, and how much of it a wish takes."""

    wish: int
    seed: int
    label: tuple[tuple[int, float], ...]
    weight: float


@torch.inference_mode()
def styles_of(bench: Bench, wishes: Sequence[Wish], found: Found) -> Float[Tensor, "n s d"]:
    """The styles of these wishes, all for one model, on its device. Raises `LatentError`."""
    G = bench.generator(wishes[0].model)
    ws = _beginnings(G, wishes, found)
    others = list(_others(G, wishes))
    if others:
        plain = [_plain(wishes[index], other.seed) for index, other in others]
        for (index, other), styles in zip(others, _beginnings(G, plain, {}), strict=True):
            ws[index, other.layers] = styles[other.layers]
    for index, wish in enumerate(wishes):
        for push in wish.push:
            if push.strength:
                direction = bench.direction(wish.model, push.direction)
                part = ws[index : index + 1]
                ws[index] = apply_direction(G, part, direction, push.strength, layers=push.layers)[0]
    return ws


def seed_at(x: int, y: int) -> int:
    """The seed at a place of the map, which goes around at its ends."""
    return (x + MAP_STRIDE * y) % (LARGEST_SEED + 1)


def corners(x: float, y: float) -> Iterator[tuple[int, float]]:
    """The seeds around a place of the map, and how near each is: their weights have the sum 1."""
    left, top = math.floor(x), math.floor(y)
    right, down = x - left, y - top
    for dx, dy, weight in ((0, 0, (1 - right) * (1 - down)), (1, 0, right * (1 - down)), (0, 1, (1 - right) * down),
                           (1, 1, right * down)):  # fmt: skip
        if weight > 0:
            yield seed_at(left + dx, top + dy), weight


def _beginnings(G: Any, wishes: Sequence[Wish], found: Found) -> Float[Tensor, "n s d"]:
    """Styles before anything is mixed into them."""
    device = next(G.parameters()).device
    ws = torch.zeros(len(wishes), G.num_ws, G.w_dim, device=device)
    groups: dict[tuple[float, int | None], list[Row]] = defaultdict(list)
    for index, wish in enumerate(wishes):
        if wish.found is not None:
            ws[index] = _found_styles(G, wish, found)
            continue
        for seed, near in _seeds_of(wish):
            for label, weight in _labels_of(G, wish):
                groups[wish.truncation, wish.cutoff].append(Row(index, seed, label, near * weight))
    for (psi, cutoff), rows in groups.items():
        _add(G, ws, rows, psi, cutoff)
    return ws


def _add(G: Any, ws: Tensor, rows: Sequence[Row], psi: float, cutoff: int | None) -> None:
    """Add what the mapping network says of these rows to the styles of their wishes.

    Truncation is affine and weights have the sum 1, so that truncating before mixing is truncating after it. Latents of
    models without W lie on a sphere: a mixture gets the mean length of what it is made of.
    """
    device = ws.device
    z = latents_of_seeds([row.seed for row in rows], G.z_dim).to(device)
    c = None
    if G.c_dim:
        c = torch.zeros(len(rows), G.c_dim, device=device)
        for index, row in enumerate(rows):
            for number, value in row.label:
                c[index, number] = value
    mapped = G.mapping(z, c, truncation_psi=psi, truncation_cutoff=cutoff)
    weights = torch.tensor([row.weight for row in rows], device=device)[:, None, None]
    owners = torch.tensor([row.wish for row in rows], device=device)
    ws.index_add_(0, owners, mapped * weights)
    if not G.has_w:
        lengths = torch.zeros_like(ws[..., :1])
        lengths.index_add_(0, owners, mapped.norm(dim=-1, keepdim=True) * weights)
        mine = sorted({row.wish for row in rows})
        ws[mine] *= lengths[mine] / ws[mine].norm(dim=-1, keepdim=True).clamp(min=1e-8)


def _seeds_of(wish: Wish) -> list[tuple[int, float]]:
    if wish.at is not None:
        return list(corners(*wish.at))
    return [(wish.seed or 0, 1.0)]


def _labels_of(G: Any, wish: Wish) -> list[tuple[tuple[tuple[int, float], ...], float]]:
    """Labels and their weights, which have the sum 1. Raises `LatentError`."""
    if not G.c_dim:
        if any(wish.classes.values()):
            raise LatentError("this model knows no classes: paint without one")
        return [((), 1.0)]
    if wrong := [number for number in wish.classes if number >= G.c_dim]:
        raise LatentError(f"there is no class {wrong[0]}: this model has classes 0 to {G.c_dim - 1}")
    total = sum(wish.classes.values())
    if not total:
        raise LatentError(f"this model has {G.c_dim} classes: give at least one of them a weight above 0")
    return [(((number, 1.0),), weight / total) for number, weight in wish.classes.items() if weight > 0]


def _others(G: Any, wishes: Sequence[Wish]) -> Iterator[tuple[int, Any]]:
    for index, wish in enumerate(wishes):
        for other in wish.mix:
            if max(other.layers) >= G.num_ws:
                raise LatentError(
                    f"there is no layer {max(other.layers)}: this model has styles for layers 0 to {G.num_ws - 1}"
                )
            yield index, other


def _plain(wish: Wish, seed: int) -> Wish:
    """Another seed, with the class and the truncation of the wish."""
    return wish.model_copy(update={"seed": seed, "at": None, "found": None})


def _found_styles(G: Any, wish: Wish, found: Found) -> Float[Tensor, "s d"]:
    """What a projection found, truncated as the wish says."""
    if wish.found is None or wish.found not in found:
        raise LatentError(f"there is no projection {wish.found}: it was removed, or not finished")
    ws = read_latents(found[wish.found], G).to(next(G.parameters()).device)[:1].clone()
    if wish.truncation == 1:
        return ws[0]
    labels = _labels_of(G, wish)
    centre = torch.zeros(G.w_dim, device=ws.device)
    for label, weight in labels:
        c = None
        if G.c_dim:
            c = torch.zeros(1, G.c_dim, device=ws.device)
            c[0, label[0][0]] = 1
        centre += weight * own_centre(G, c).flatten()
    return truncate(ws, centre, wish.truncation, wish.cutoff)[0]
