"""Which blocks of a network run in half precision: StyleGAN2-ADA (Karras et al. 2020b), appendix; mixed precision.

A spec says which blocks may; whoever runs the network says in which number format, if any. Parameters stay in float32.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.geometry import Geometry


def is_half(geometry: Geometry, resolution: int, num_fp16_res: int) -> bool:
    """Whether a block of this resolution may: the ``num_fp16_res`` finest ones, but never 4."""
    coarse = max(len(geometry.resolutions) - num_fp16_res, 1)
    return resolution in geometry.resolutions[coarse:]


def set_half(network: nn.Module, dtype: torch.dtype | None) -> None:
    """Run the blocks that may run in half precision in ``dtype`` (float16 or bfloat16); None: all in float32."""
    for module in network.modules():
        if getattr(module, "may_be_half", False):
            module.half_dtype = dtype  # type: ignore[assignment]


def enter_block(x: Float[Tensor, "n c h w"], half: torch.dtype | None) -> Float[Tensor, "n c h w"]:
    """``x`` in the number format and memory layout of a block; half precision is quick only with channels last."""
    if half is None:
        return at_least_fp32(x)
    return x.to(dtype=half, memory_format=torch.channels_last)


def at_least_fp32(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """``x`` in float32, or as it is where it is finer: networks in float64 are what results are compared with."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def in_format_of(network: nn.Module, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """``x``, which somebody gave, in the number format of the weights that it will meet, but at least in float32."""
    weights = next(network.parameters(), None)
    return x.to(torch.float32 if weights is None else torch.promote_types(weights.dtype, torch.float32))


def fast_half(device: torch.device) -> torch.dtype | None:
    """The half precision that ``device`` computes faster than float32, or None.

    bfloat16 has the range of float32 and needs no loss scaling. Processors without matrix units for it are 30 times
    slower in it than in float32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu":
        has_library: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        return torch.bfloat16 if has_library and torch.cpu._is_amx_tile_supported() else None
    return None
