"""What the page Look inside shows of one picture: how it grows, feature maps, noise, truncation.

Each task paints a picture of the wish a few times, and gives plain data with pictures as addresses that hold them. The
noise and the move of the wish have no say: what is explained is the picture with the model's own noise, as it stands.

Axes: n image, s style, d size of w, c channel, h w rows and columns.
"""

from base64 import b64encode
from math import ceil
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.images import has_alpha, to_pixels
from allaprima.models import feature_layers, noise_maps, recording
from allaprima.studio.wish import Move, Noise, Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.painting import encoded, pixels_of
from allaprima.studio.work.styles import Found, styles_of
from allaprima.visuals import contributions, noise_deviation, principal_colours
from allaprima.visuals.contributions import LEVELS, LOUD, NOTHING, SUM
from allaprima.visuals.display import heat, resized, signed
from allaprima.visuals.feature_maps import channel_tiles, short_name, strongest_channels
from allaprima.visuals.noise import CLEAR, NONE, VISIBLE, called, draw_maps, mean_of_noise, typical
from allaprima.visuals.subject import paint

LARGEST_MAP, LARGEST_CHANNEL = 256, 64  # pixels that the longer side of a map has, alone and among others
PIXELS = 16 * 64 * 64  # that noise is drawn for: 16 times for small pictures
FEWEST_DRAWS, MOST_DRAWS = 3, 16
PSIS = tuple(round(0.1 * step, 1) for step in range(13))
FEWER_PSIS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
LARGE = 128 * 128  # pixels; of larger pictures fewer are painted
MOST_TILES = 512  # channels of a layer that are shown

Plain = dict[str, Any]


def growth(bench: Bench, wish: Wish, found: Found) -> Plain:
    """What each resolution adds to the picture, and the picture up to there."""
    G = bench.generator(wish.model)
    parts = contributions(G, styles_of(bench, [wish], found))
    if parts is None:
        return {"kind": "none", "text": NOTHING, "steps": []}
    steps = []
    for size, sum_, part in zip(parts.sizes, parts.sums(), parts.parts, strict=True):
        colours, alpha = _colours_and_alpha(part)
        steps.append(
            {
                "height": size[0],
                "width": size[1],
                "sum": address(to_pixels(sum_)[0]),
                "part": _stretched(colours),
                "alpha": None if alpha is None else _stretched(alpha),
                "loudness": float(part.square().mean().sqrt()),
            }
        )
    return {"kind": parts.kind, "text": (SUM if parts.kind == "sum" else LEVELS)["text"], "steps": steps}


def features(bench: Bench, wish: Wish, found: Found) -> Plain:
    """Each layer's feature maps as colours, from coarse to fine."""
    G = bench.generator(wish.model)
    layers = []
    for name, maps in _maps(G, styles_of(bench, [wish], found), feature_layers(G)).items():
        _, channels, height, width = maps.shape
        colours, share = principal_colours(_reduced(maps, LARGEST_MAP))
        layers.append(
            {
                "name": name,
                "title": short_name(name),
                "height": height,
                "width": width,
                "channels": channels,
                "share": share,
                "picture": address(colours[0]),
            }
        )
    return {"layers": layers}


def channels(bench: Bench, wish: Wish, found: Found, layer: str) -> Plain:
    """All channels of a layer as one sheet, those that vary most first."""
    maps = _maps_of(bench, wish, found, layer)
    total, height, width = maps.shape
    small = _reduced(maps[None], LARGEST_CHANNEL)
    order = strongest_channels(small, min(total, MOST_TILES))
    pictures = torch.stack([tile[:1] for tile, _ in channel_tiles(small[0], order, _size(small))])
    columns = min(16, len(order))
    empty = pictures.new_zeros(-len(order) % columns, *pictures.shape[1:])
    sheet = rearrange(torch.cat([pictures, empty]), "(r q) c h w -> c (r h) (q w)", q=columns)
    return {
        "layer": layer,
        "title": short_name(layer),
        "height": height,
        "width": width,
        "total": total,
        "order": order,
        "columns": columns,
        "rows": ceil(len(order) / columns),
        "sheet": address(sheet),
    }


def channel(bench: Bench, wish: Wish, found: Found, layer: str, number: int) -> Plain:
    """One channel, as large as it is, and what its numbers are. Raises `ConfigError`."""
    maps = _maps_of(bench, wish, found, layer)
    if number >= len(maps):
        raise ConfigError(f"there is no channel {number} in {short_name(layer)}: it has 0 to {len(maps) - 1}")
    one = maps[number]
    small = _reduced(one[None, None], 2 * LARGEST_MAP)
    ((picture, _),) = channel_tiles(small[0], [0], _size(small))
    return {
        "layer": layer,
        "title": short_name(layer),
        "channel": number,
        "height": one.shape[0],
        "width": one.shape[1],
        "mean": float(one.mean()),
        "deviation": float(one.std(correction=0)),
        "lowest": float(one.min()),
        "highest": float(one.max()),
        "picture": address(picture[:1]),
    }


def noise(bench: Bench, wish: Wish, found: Found, layer: str | None) -> Plain:
    """The picture without the noise of a layer, with other noise, and how much noise moves each pixel."""
    G = bench.generator(wish.model)
    layers = list(noise_maps(G))
    if not layers:
        return {"layers": [], "layer": None, "text": NONE, "pictures": {}, "deviation": None}
    if layer is not None and layer not in layers:
        raise LatentError(f"no layer with noise is called {layer!r}: there are {', '.join(layers)}")
    chosen = layers if layer is None else [layer]
    ws = styles_of(bench, [wish], found)
    draws = max(FEWEST_DRAWS, min(MOST_DRAWS, PIXELS // (G.img_height * G.img_width)))
    moved = noise_deviation(G, ws, chosen, draws=draws)
    silent = {name: torch.full_like(noise_maps(G)[name], mean_of_noise(G)) for name in chosen}
    numbers = torch.Generator().manual_seed(1)
    kinds: dict[str, dict[str, Tensor]] = {"own": {}, "without": silent, "other": draw_maps(G, chosen, numbers)}
    most = float(moved.max())
    return {
        "layers": [{"name": name, "title": called(name)} for name in layers] if len(layers) > 1 else [],
        "layer": layer,
        "text": _said("all layers together" if layer is None else layer, moved),
        "pictures": {name: address(to_pixels(paint(G, ws, maps))[0]) for name, maps in kinds.items()},
        "deviation": address(heat(_reduced(moved[None], LARGEST_MAP)[0], most)[0]),
        "most": most,
        "typical": typical(moved),
        "draws": draws,
    }


def truncation(bench: Bench, wish: Wish, found: Found) -> Plain:
    """The picture from the mean of all to more than its own."""
    G = bench.generator(wish.model)
    psis = PSIS if G.img_height * G.img_width <= LARGE else FEWER_PSIS
    still = {"noise": Noise(), "move": Move()}
    wishes = [wish.model_copy(update={"truncation": psi, **still}) for psi in psis]
    pictures = pixels_of(bench, wishes, found)
    return {
        "has_mean": G.has_w,
        "steps": [{"psi": psi, "picture": address(each)} for psi, each in zip(psis, pictures, strict=True)],
    }


def address(pixels: UInt8[Tensor, "c h w"]) -> str:
    """A picture as an address that holds it."""
    return f"data:image/png;base64,{b64encode(encoded(pixels.cpu(), 'png')).decode()}"


def _maps(G: Any, ws: Float[Tensor, "1 s d"], layers: list[str]) -> dict[str, Float[Tensor, "1 c h w"]]:
    """Feature maps of some layers; one that the network has not grown to has none."""
    with torch.inference_mode(), recording(G, layers) as kept:
        G.synthesis(ws, noise_mode="const")
    return {name: kept[name].float().cpu() for name in layers if name in kept}


def _maps_of(bench: Bench, wish: Wish, found: Found, layer: str) -> Float[Tensor, "c h w"]:
    G = bench.generator(wish.model)
    if layer not in (known := feature_layers(G)):
        raise ConfigError(f"there is no layer {layer!r} with feature maps: this generator has {', '.join(known)}")
    maps = _maps(G, styles_of(bench, [wish], found), [layer])
    if layer not in maps:
        raise ConfigError(f"the layer {layer} does not run: this network has not grown to it")
    return maps[layer][0]


def _reduced(maps: Tensor, most: int) -> Tensor:
    """[n, c, h, w] with sides of ``most`` pixels at most."""
    longer = max(maps.shape[2:])
    if longer <= most:
        return maps
    return F.interpolate(maps, [max(1, round(side * most / longer)) for side in maps.shape[2:]], mode="area")


def _size(maps: Tensor) -> tuple[int, int]:
    return maps.shape[2], maps.shape[3]


def _colours_and_alpha(part: Float[Tensor, "1 c h w"]) -> tuple[Tensor, Tensor | None]:
    if has_alpha(part.shape[1]):
        return part[:, :-1], part[:, -1:]
    return part[:, :3], None


def _stretched(part: Float[Tensor, "1 c h w"]) -> Plain:
    """A picture of numbers around 0 at full contrast, and what black and white stand for."""
    small = _reduced(part, LARGEST_MAP)
    most = float(small.abs().flatten().quantile(LOUD))
    return {"picture": address(signed(resized(small, _size(small)), most)[0]), "most": most}


def _said(whose: str, moved: Tensor) -> str:
    usual, most = typical(moved), float(moved.max())
    numbers = (
        f"The noise of {whose} moves a pixel by {usual:.2g} of 255 levels on average, by {most:.2g} where it does most"
    )
    if usual >= CLEAR:
        return f"{numbers}."
    if usual >= VISIBLE:
        return f"{numbers}: hard to see."
    return f"{numbers}: nothing that one could see. The map is stretched, so that its pattern shows all the same."
