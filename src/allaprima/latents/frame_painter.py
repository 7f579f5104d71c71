"""Paints the images of frames, and paints again in float32 what half precision could not hold.

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns; rgb stands for the channels
of an image.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.func import functional_call

from allaprima.errors import LatentError
from allaprima.images import to_pixels
from allaprima.layers import NoiseMode
from allaprima.models import paint_with_noise


@torch.no_grad()
def paint(
    G: Any,
    ws: Float[Tensor, "n s d"],
    *,
    noise_mode: NoiseMode = "const",
    noise_seeds: Sequence[int] = (),
    maps: Mapping[str, Tensor] | None = None,
    buffers: Mapping[str, Tensor] | None = None,
) -> UInt8[Tensor, "n c h w"]:
    """The pixels of these styles, on the CPU.

    Users saw black frames where float16 overflowed: a batch with a number that is not finite is painted once more in
    float32.

    Args:
        G: The generator.
        ws: Styles, on its device.
        noise_mode: See `allaprima.generation.Images`.
        noise_seeds: Of random noise, one for each image.
        maps: Noise instead, see `allaprima.models.paint_with_noise`.
        buffers: Of the synthesis, other than the model keeps.

    Raises:
        LatentError: There are numbers that are not finite in float32 too.
    """

    def images(*, force_fp32: bool) -> Float[Tensor, "n rgb h w"]:
        if maps is not None:
            return paint_with_noise(G, ws, maps, force_fp32=force_fp32)
        generators = [torch.Generator().manual_seed(seed) for seed in noise_seeds] if noise_mode == "random" else None
        how = {"noise_mode": noise_mode, "generators": generators, "force_fp32": force_fp32}
        if buffers is None:
            painted: Tensor = G.synthesis(ws, **how)
        else:
            painted = functional_call(G.synthesis, dict(buffers), (ws,), how)
        return painted

    found = images(force_fp32=False)
    if not found.isfinite().all():
        found = images(force_fp32=True)
    if not found.isfinite().all():
        raise LatentError("the model paints numbers that are not finite, in float32 too: it or its latents are broken")
    return to_pixels(found.float().cpu())
