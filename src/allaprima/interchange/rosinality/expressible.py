"""What rosinality's format can say: square RGB images of 4, 8, 16 … pixels without labels, a skip generator with
noise, a residual discriminator, and feature maps by one table.
"""

from typing import Any

from torch import nn

from allaprima.errors import ConfigError
from allaprima.interchange.rosinality.names import MAP_LR_MULTIPLIER, table
from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator
from allaprima.models.stylegan2 import Discriminator, Generator

GROUP = 4  # images in a group of their minibatch standard deviation


def require_expressible(role: str, network: nn.Module) -> None:
    """Raise a `ConfigError` unless rosinality's program can make such a network."""
    match role, network:
        case (("G" | "G_ema"), Generator(spec=StyleGAN2Generator() as spec)):
            _require_generator(role, spec)
        case "D", Discriminator(spec=StyleGAN2Discriminator() as spec):
            _require_discriminator(role, spec)
        case _:
            kind = f"{type(network).__module__.removeprefix('allaprima.models.')}.{type(network).__name__}"
            raise ConfigError(f"rosinality's format holds StyleGAN2 as G, G_ema and D: {role} is a {kind}")
    _require_common(role, spec)


def _require_common(role: str, spec: StyleGAN2Generator | StyleGAN2Discriminator) -> None:
    grid, taps = spec.geometry, spec.resample_filter
    side = 4 * 2**grid.doublings
    multiplier = max(spec.channels(64) // table(64, 1), 1) if side > 32 else 1
    found = [spec.channels(r) for r in grid.resolutions]
    wanted = [table(r, multiplier) for r in grid.resolutions]
    _require(spec.height == spec.width == side, role, f"are {spec.height}×{spec.width}", "square, of 4, 8, 16 … pixels")
    _require(spec.img_channels == 3, role, f"have {spec.img_channels} channels", "RGB")
    _require(spec.c_dim == 0, role, f"have labels of size {spec.c_dim}", "without labels")
    if found != wanted:
        shown = ", ".join(map(str, found))
        raise ConfigError(
            f"rosinality's format has 512 feature maps up to 32×32, then multiples of 16384 / side: {role} has {shown}"
        )
    if len(taps) != 4:
        raise ConfigError(f"rosinality's format has low-pass filters of 4 taps: that of {role} has {len(taps)}")


def _require_generator(role: str, spec: StyleGAN2Generator) -> None:
    if spec.architecture != "skip":
        raise ConfigError(f"rosinality's format has skip generators only: {role} is {spec.architecture}")
    if not spec.use_noise:
        raise ConfigError(f"rosinality's format has generators with noise only: {role} has none")
    sizes = {spec.z_dim, spec.w_dim, spec.map_hidden or spec.w_dim}
    if len(sizes) > 1:
        raise ConfigError(f"rosinality's format has z and w of one size: {role} has {spec.z_dim} and {spec.w_dim}")


def _require_discriminator(role: str, spec: StyleGAN2Discriminator) -> None:
    if spec.architecture != "resnet":
        raise ConfigError(f"rosinality's format has residual discriminators only: {role} is {spec.architecture}")
    if spec.mbstd_num_channels != 1:
        raise ConfigError(
            f"rosinality's format has one map of minibatch standard deviation: {role} has {spec.mbstd_num_channels}"
        )


def _require(holds: bool, role: str, found: str, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"rosinality's format is for images that are {wanted}: those of {role} {found}")


def losses(role: str, network: nn.Module) -> list[str]:
    """What is not the same in rosinality's program."""
    spec: Any = network.spec
    notes = []
    if spec.conv_clamp is not None:
        notes.append(f"{role}: layers are not bounded by ±{spec.conv_clamp:g} there, which only huge values need")
    if getattr(spec, "map_lr_multiplier", MAP_LR_MULTIPLIER) != MAP_LR_MULTIPLIER and role != "D":
        notes.append(f"{role}: weights of the mapping network are scaled to a lr_mlp of {MAP_LR_MULTIPLIER}")
    if role == "D" and spec.mbstd_group != GROUP:
        notes.append(f"{role}: the minibatch standard deviation is over {GROUP} images there, not {spec.mbstd_group}")
    side = spec.height
    if side > 32 and spec.channels(64) != table(64, 2):
        notes.append(f"{role}: needs channel_multiplier {spec.channels(64) // table(64, 1)} there (the default is 2)")
    if role != "D" and spec.map_depth != 8:
        notes.append(f"{role}: needs n_mlp {spec.map_depth} there (the default is 8)")
    return notes
