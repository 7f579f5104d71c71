"""Other channels: gray, gray with alpha, RGB and RGB with alpha become one another.

An image's channels are mapped by an affine map T (x → M x + t), and the last layer of a generator, or the first of a
discriminator, is affine in them too, so that the map goes into its weights: G' = T ∘ G, D' = D ∘ T⁻ with T⁻ back to the
channels that D knows. Colours with alpha are premultiplied (see `allaprima.images.pixels`): to drop alpha leaves the
picture over black, and opaque colours are the colours themselves.

Axes: n image, c channel, o output, i input channel, h w rows and columns.
"""

import dataclasses
from typing import Any, NamedTuple

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.errors import ConfigError
from allaprima.models import (
    LucidrainsDiscriminator,
    LucidrainsGenerator,
    R3GANDiscriminator,
    R3GANGenerator,
    Spec,
    StyleGAN3Generator,
    is_generator,
    outline,
    spec_to_dict,
)
from allaprima.models.stylegan3.plan import plan_layers
from allaprima.surgery.assembly import assemble

KNOWN = {1: "gray", 2: "gray with alpha", 3: "RGB", 4: "RGB with alpha"}
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in image files
OPAQUE = 1.0  # in the networks' range


class Recolouring(NamedTuple):
    """x → matrix · x + offset, on the channels of each pixel; float64."""

    matrix: Float[Tensor, "new old"]
    offset: Float[Tensor, "new"]


def recolouring(old: int, new: int) -> Recolouring:
    """The map from images of ``old`` channels to the same of ``new`` channels. Raises `ConfigError`."""
    for number in (old, new):
        if number not in KNOWN:
            known = ", ".join(f"{n} ({name})" for n, name in KNOWN.items())
            raise ConfigError(f"nobody knows what {number} channels mean: they must be {known}")
    matrix, offset = torch.zeros(new, old, dtype=torch.float64), torch.zeros(new, dtype=torch.float64)
    colours = matrix[: 3 if new > 2 else 1, : 3 if old > 2 else 1]  # without alpha
    if colours.shape[0] == colours.shape[1]:
        colours.fill_diagonal_(1)
    elif new > 2:
        colours.fill_(1)
    else:
        colours[0] = torch.tensor(LUMA, dtype=torch.float64)
    if new % 2 == 0 and old % 2 == 0:
        matrix[-1, -1] = 1
    elif new % 2 == 0:
        offset[-1] = OPAQUE
    return Recolouring(matrix, offset)


def recolour(images: Float[Tensor, "n c h w"], channels: int) -> Float[Tensor, "n c2 h w"]:
    """Images in the networks' range, with other channels: 1 to 4. Raises `ConfigError` for other numbers."""
    matrix, offset = (part.to(images) for part in recolouring(images.shape[1], channels))
    return einsum(matrix, images, "new old, n old h w -> n new h w") + offset[:, None, None]


def with_channels(network: Any, channels: int) -> Any:
    """A generator whose images are those of ``network``, recoloured; a discriminator that judges recoloured images.

    Of a discriminator with skip connections that loses alpha, the borders see alpha fade out, as its filters do.

    Raises:
        ConfigError: Numbers of channels without a meaning, or the layer would need a bias and has none (R3GAN's, where
            a generator gains alpha or a discriminator loses it).
    """
    old, new = network.spec, dataclasses.replace(network.spec, img_channels=channels)
    target: nn.Module = outline(new)
    layers = list(zip(colour_layers(network, old), colour_layers(target, new), strict=True))
    if not layers:
        raise ConfigError(f"nobody knows which layers of a {spec_to_dict(old)['type']} hold colours")
    tensors = network.state_dict()
    for index, (before, after) in enumerate(layers):
        tensors = {_moved(name, before, after): tensor for name, tensor in tensors.items()}
        layer = _affine(network.get_submodule(before))
        if is_generator(old):
            change = recolouring(old.img_channels, channels)
            # Layers that grow paint the whole image each; of others, the images are summed up.
            adds = index < len(layers) - 1 and getattr(network, "lod", None) is None
            offset = change.offset * 0 if adds else change.offset / getattr(old, "output_scale", 1.0)
            layer = _followed(layer, change._replace(offset=offset))
        else:
            layer = _preceded(layer, recolouring(channels, old.img_channels))
        tensors[f"{after}.weight"] = layer.weight / _gain(target.get_submodule(after))
        if f"{after}.bias" in tensors:
            tensors[f"{after}.bias"] = layer.bias
        elif layer.bias.any():
            does = "paint an opaque alpha" if is_generator(old) else "take images without alpha for opaque"
            raise ConfigError(f"a {spec_to_dict(old)['type']} cannot {does}: its layer of colours has no bias")
    return assemble(new, tensors)


def colour_layers(network: nn.Module, spec: Spec) -> list[str]:
    """Names of the modules that paint or read colours; of those that paint, the finest is last."""
    match spec:
        case StyleGAN3Generator():
            return [f"synthesis.{plan_layers(spec)[-1].name}"]
        case R3GANGenerator():
            return ["AggregationLayer.Layer"]
        case R3GANDiscriminator():
            return ["ExtractionLayer.Layer"]
        case LucidrainsGenerator() | LucidrainsDiscriminator():
            raise ConfigError(f"the layers of a {spec_to_dict(spec)['type']} that hold colours cannot be changed")
    return [name for name, _ in network.named_modules() if name.rpartition(".")[2] in ("torgb", "fromrgb")]


class Affine(NamedTuple):
    """What a layer of colours computes, its gain included; float64."""

    weight: Float[Tensor, "o i h w"]
    bias: Float[Tensor, "o"]


def _affine(module: nn.Module) -> Affine:
    weight = module.get_parameter("weight").double() * _gain(module)
    bias = getattr(module, "bias", None)
    return Affine(weight, bias.double() if isinstance(bias, Tensor) else weight.new_zeros(len(weight)))


def _followed(layer: Affine, change: Recolouring) -> Affine:
    """First the layer, then the recolouring."""
    matrix, offset = (part.to(layer.weight) for part in change)
    weight = einsum(matrix, layer.weight, "new old, old i h w -> new i h w")
    return Affine(weight, matrix @ layer.bias + offset)


def _preceded(layer: Affine, change: Recolouring) -> Affine:
    """First the recolouring, then the layer."""
    matrix, offset = (part.to(layer.weight) for part in change)
    weight = einsum(layer.weight, matrix, "o old h w, old new -> o new h w")
    return Affine(weight, layer.bias + einsum(layer.weight, offset, "o old h w, old -> o"))


def _gain(module: nn.Module) -> float:
    """What the module multiplies its stored weights with."""
    return float(getattr(module, "weight_gain", 1.0))


def _moved(name: str, before: str, after: str) -> str:
    """StyleGAN3 has the number of channels in the layer's name."""
    return f"{after}.{name.removeprefix(before + '.')}" if name.startswith(before + ".") else name
