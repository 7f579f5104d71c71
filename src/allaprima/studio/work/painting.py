"""Wishes to pictures: what can be painted together is painted together.

Axes: n wish, c channel, h w rows and columns.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from io import BytesIO
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.images import encode_png, to_rgb
from allaprima.latents.frame_painter import paint
from allaprima.latents.motion import Motion, buffers_of, require_movable
from allaprima.latents.moving_noise import MovingNoise
from allaprima.models import noise_maps
from allaprima.origin import Origin
from allaprima.studio.wish import ImageFormat, Move, Noise, Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.styles import Found, styles_of

STILL = Move()
QUICK, WEBP_QUALITY = 1, 90
MOST_CHANNELS = 4  # of an image file
PIXELS_OF_A_THREAD = 128 * 128


def paint_files(bench: Bench, wishes: Sequence[Wish], found: Found, format_: ImageFormat = "png") -> list[bytes]:
    """An image file for each wish; all are for one model."""
    G = bench.generator(wishes[0].model)
    with threads_for(len(wishes) * G.img_height * G.img_width):
        painted = zip(wishes, pixels_of(bench, wishes, found), strict=True)
        return [encoded(pixels, format_, origin_of(bench, wish)) for wish, pixels in painted]


def origin_of(bench: Bench, wish: Wish) -> Origin:
    """What the file of a wish says of where it comes from. Places on the map and found latents are no seeds."""
    return Origin(
        model_sha256=bench.model_sha256(wish.model),
        seed=wish.seed,
        truncation=wish.truncation,
        label=", ".join(f"{number}: {weight:g}" for number, weight in wish.classes.items()) or None,
    )


@contextmanager
def threads_for(pixels: int) -> Iterator[None]:
    """As many threads as so many pixels keep busy: a second one gains nothing on a small picture, and takes a core from
    the server, and on the same machine from the browser (on two cores 43 pictures a second instead of 25).
    """
    most = torch.get_num_threads()
    torch.set_num_threads(max(1, min(most, pixels // PIXELS_OF_A_THREAD)))
    try:
        yield
    finally:
        torch.set_num_threads(most)


def pixels_of(bench: Bench, wishes: Sequence[Wish], found: Found) -> UInt8[Tensor, "n c h w"]:
    """The pixels of each wish, all for one model. Raises `LatentError` or `ConfigError`."""
    G = bench.generator(wishes[0].model)
    ws = styles_of(bench, wishes, found)
    out = torch.empty(len(wishes), G.img_channels, G.img_height, G.img_width, dtype=torch.uint8)
    alike: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for index, wish in enumerate(wishes):
        alike[wish.noise.model_dump_json(), wish.move == STILL].append(index)
    for (_, still), members in alike.items():
        own = [wishes[index] for index in members]
        # Kernels are kept for one number of pictures: for single ones, which somebody waits for.
        with bench.kept_kernels(wishes[0].model) if len(own) == 1 else nullcontext():
            out[members] = paint(G, ws[members], **_noise(G, own[0].noise, len(own)), **_moved(G, own, still))
    return out


def encoded(pixels: UInt8[Tensor, "c h w"], format_: ImageFormat, origin: Origin | None = None) -> bytes:
    """Pixels as a file that browsers show: those of more channels than an image has show their first three.

    Args:
        pixels: Of the picture.
        format_: Of the file.
        origin: What the file says of where it comes from; None: nothing.
    """
    shown = _shown(pixels)
    if format_ == "png":
        return encode_png(shown, compress_level=QUICK, texts=origin.texts() if origin else None)
    file = BytesIO()
    plain = shown[:, :, 0] if shown.shape[2] == 1 else shown
    xmp = origin.xmp().encode() if origin else b""
    Image.fromarray(plain).save(file, "WEBP", quality=WEBP_QUALITY, method=0, xmp=xmp)
    return file.getvalue()


def _shown(pixels: UInt8[Tensor, "c h w"]) -> NDArray[np.uint8]:
    some = pixels if len(pixels) <= MOST_CHANNELS else to_rgb(pixels[None])[0]
    return np.ascontiguousarray(some.permute(1, 2, 0).numpy())


def _noise(G: Any, noise: Noise, count: int) -> dict[str, Any]:
    """Arguments of `allaprima.latents.frame_painter.paint`."""
    known = noise_maps(G)
    if wrong := [name for name in noise.silent if name not in known]:
        raise LatentError(f"no layer with noise is called {wrong[0]!r}: {', '.join(known) or 'this model has none'}")
    if not known or noise.mode == "none":
        return {"noise_mode": "none"}
    if noise.mode == "moving":
        maps = MovingNoise(G, seed=noise.seed).at(torch.tensor([noise.time], dtype=torch.float64))
        maps = {name: map_[0] if map_.ndim == 3 else map_[0, 0] for name, map_ in maps.items()}
    elif noise.silent:
        maps = _drawn(known, noise)
    else:
        return {"noise_mode": noise.mode, "noise_seeds": [noise.seed] * count}
    return {"maps": maps | {name: torch.zeros_like(known[name]) for name in noise.silent}}


def _drawn(known: dict[str, Tensor], noise: Noise) -> dict[str, Tensor]:
    """The noise of some layers alone: what is left out keeps the model's own."""
    if noise.mode == "const":
        return {}
    generator = torch.Generator().manual_seed(noise.seed)
    return {name: torch.randn(own.shape, generator=generator).to(own) for name, own in known.items()}


def _moved(G: Any, wishes: Sequence[Wish], still: bool) -> dict[str, Any]:
    if still:
        return {}
    require_movable(G)
    return {"buffers": buffers_of(G, torch.stack([matrix(wish.move) for wish in wishes]))}


def matrix(move: Move) -> Tensor:
    """What the picture undergoes, [3, 3], float64: at its furthest, which a film reaches at half time."""
    try:
        motion = Motion(rotate=move.rotate % 360, translate=(move.x, move.y), scale=move.scale)
    except ConfigError as error:
        raise LatentError(str(error)) from error
    return motion.transforms(torch.tensor([0.5], dtype=torch.float64))[0]
