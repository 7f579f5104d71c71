"""From a decided recipe to the specs of its two networks, for images of one shape."""

from collections.abc import Callable
from typing import Any

from allaprima.models import (
    DiscriminatorSpec,
    GeneratorSpec,
    ProGANDiscriminator,
    ProGANGenerator,
    R3GANDiscriminator,
    R3GANGenerator,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGAN3Generator,
    StyleGANDiscriminator,
    StyleGANGenerator,
)
from allaprima.training.recipe import Recipe

Shape = dict[str, Any]  # what all specs have in common
Pair = tuple[GeneratorSpec, DiscriminatorSpec]


def specs(recipe: Recipe, *, height: int, width: int, channels: int, c_dim: int) -> Pair:
    """What the generator and the discriminator of a decided recipe are."""
    assert recipe.cbase is not None
    half = recipe.precision != "fp32"
    shape: Shape = {
        "height": height,
        "width": width,
        "img_channels": channels,
        "c_dim": c_dim,
        "channel_base": recipe.cbase,
        "channel_max": recipe.cmax,
        "num_fp16_res": recipe.num_fp16_res if half else 0,
    }
    return PAIRS[recipe.system](recipe, shape, recipe.conv_clamp if half else None)


def _stylegan2(recipe: Recipe, shape: Shape, clamp: float | None) -> Pair:
    generator = StyleGAN2Generator(
        **shape,
        z_dim=recipe.z_dim,
        w_dim=recipe.w_dim,
        map_depth=recipe.map_depth,
        architecture=recipe.g_architecture,
        use_noise=recipe.noise,
        growing=recipe.growing,
        conv_clamp=clamp,
    )
    return generator, _stylegan2_discriminator(recipe, shape, clamp)


def _stylegan2_discriminator(recipe: Recipe, shape: Shape, clamp: float | None) -> StyleGAN2Discriminator:
    return StyleGAN2Discriminator(
        **shape,
        architecture=recipe.d_architecture,
        mbstd_group=recipe.mbstd_group,
        growing=recipe.growing,
        conv_clamp=clamp,
    )


def _stylegan3(recipe: Recipe, shape: Shape, clamp: float | None) -> Pair:
    assert recipe.batch is not None
    rotates = recipe.system == "stylegan3-r"
    wider = 2 if rotates else 1  # 1×1 kernels want more feature maps (StyleGAN3, section 3.2)
    widths = {name: shape[name] * wider for name in ("channel_base", "channel_max")}
    generator = StyleGAN3Generator(
        **{**shape, **widths},
        z_dim=recipe.z_dim,
        w_dim=recipe.w_dim,
        map_depth=recipe.map_depth,
        num_layers=recipe.num_layers,
        conv_kernel=1 if rotates else 3,
        use_radial_filters=rotates,
        magnitude_ema_beta=0.5 ** (recipe.batch / 20000),
        conv_clamp=clamp,
    )
    return generator, _stylegan2_discriminator(recipe, shape, clamp)


def _stylegan(recipe: Recipe, shape: Shape, clamp: float | None) -> Pair:
    generator = StyleGANGenerator(
        **shape,
        z_dim=recipe.z_dim,
        w_dim=recipe.w_dim,
        map_depth=recipe.map_depth,
        use_styles=recipe.styles,
        use_noise=recipe.noise,
        const_input=recipe.const_input,
        conv_clamp=clamp,
    )
    return generator, StyleGANDiscriminator(**shape, mbstd_group=recipe.mbstd_group, conv_clamp=clamp)


def _progan(recipe: Recipe, shape: Shape, clamp: float | None) -> Pair:
    switches: Shape = {"equalized": recipe.equalized, "leaky": recipe.leaky, "conv_clamp": clamp}
    generator = ProGANGenerator(**shape, **switches, z_dim=recipe.z_dim, pixel_norm=recipe.pixel_norm)
    return generator, ProGANDiscriminator(**shape, **switches, mbstd_group=recipe.mbstd_group)


def _r3gan(recipe: Recipe, shape: Shape, clamp: float | None) -> Pair:
    blocks: Shape = {"blocks_per_stage": recipe.blocks_per_stage, "cardinality": recipe.cardinality}
    return R3GANGenerator(**shape, **blocks, z_dim=recipe.z_dim), R3GANDiscriminator(**shape, **blocks)


PAIRS: dict[str, Callable[[Recipe, Shape, float | None], Pair]] = {
    "stylegan2": _stylegan2,
    "stylegan": _stylegan,
    "progan": _progan,
    "stylegan3-t": _stylegan3,
    "stylegan3-r": _stylegan3,
    "r3gan": _r3gan,
}
