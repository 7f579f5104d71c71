"""The noise of a generator as tensors of their own: to look at, to walk through, to optimise.

Axes: n image, s style (one for each layer), d size of w, h w rows and columns; rgb stands for the channels of an image.
"""

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

BUFFER = "noise_const"


def noise_maps(G: Any) -> dict[str, Tensor]:
    """The noise that each layer keeps, [h, w], by the layer's name (such as ``b8.conv0``), coarse to fine.

    Empty for a generator without noise. All layers of a `LucidrainsGenerator` read one map; its name is ``""``.
    """
    return {name: G.synthesis.get_buffer(buffer) for name, buffer in _buffers(G).items()}


def paint_with_noise(
    G: Any, ws: Float[Tensor, "n s d"], maps: Mapping[str, Tensor], *, force_fp32: bool = False
) -> Float[Tensor, "n rgb h w"]:
    """Paint with other noise than the generator keeps; gradients reach the maps.

    Args:
        G: The generator.
        ws: Styles.
        maps: Noise by layer, as `noise_maps` names it: [h, w] for all images, or [n, 1, h, w], one for each (for a
            `LucidrainsGenerator` [n, h, w]). Layers that are left out keep their own.
        force_fp32: Run all blocks in float32.

    Raises:
        ValueError: There is no layer with noise of that name.
    """
    known = _buffers(G)
    if unknown := [name for name in maps if name not in known]:
        raise ValueError(f"no layer of this generator has noise and the name {unknown[0]!r}: {', '.join(known)}")
    how = {"noise_mode": "const", "force_fp32": force_fp32}
    if not maps:
        images: Tensor = G.synthesis(ws, **how)
    else:
        images = functional_call(G.synthesis, {known[name]: noise for name, noise in maps.items()}, (ws,), how)
    return images


def _buffers(G: Any) -> dict[str, str]:
    """Names of the buffers by the names of their layers."""
    if not isinstance(G.synthesis, nn.Module):  # R3GAN's is a method
        return {}
    names = [name for name, _ in G.synthesis.named_buffers() if name.split(".")[-1] == BUFFER]
    return {name.removesuffix(BUFFER).rstrip(".").removesuffix(".styled"): name for name in names}
