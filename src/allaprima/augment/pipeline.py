"""The augmentation pipeline of ADA (Karras et al. 2020), appendix B: geometry, colours, filter, noise, cutout.

Axes: n image, c channel (alpha last), h w rows and columns.
"""

from jaxtyping import Float
from torch import Tensor

from allaprima.augment.colour import COLOURED, apply_colours, colour_matrix
from allaprima.augment.corruption import add_noise, cut_out
from allaprima.augment.draws import Draws
from allaprima.augment.geometry import inverse_transform, is_identity
from allaprima.augment.ground import on_ground
from allaprima.augment.image_filter import apply_filter, band_gains
from allaprima.augment.spec import AugmentSpec
from allaprima.augment.warp import warp


def augment(images: Float[Tensor, "n c h w"], p: float, spec: AugmentSpec, draws: Draws) -> Float[Tensor, "n c h w"]:
    """Augment each image by what chance opens for it. Differentiable twice in the images.

    Args:
        images: In the network's range, of any size; 2 and 4 channels end in alpha, with premultiplied colours. Of other
            than 1 to 4 channels the colours are let alone.
        p: Probability of each augmentation, before its multiplier in ``spec``; 0 gives the images back. May pass 1,
            where the product with the multiplier counts as 1.
        spec: Which augmentations, how likely and how strong.
        draws: Where random numbers come from.
    """
    if p <= 0:
        return images
    images = _transform(images, p, spec, draws)
    images = _recolour(images, p, spec, draws)
    if spec.imgfilter > 0:
        gains = band_gains(len(images), p, spec, draws)
        images = on_ground(images, lambda x: apply_filter(x, gains))
    if spec.noise > 0:
        images = add_noise(images, p, spec, draws)
    if spec.cutout > 0:
        images = cut_out(images, p, spec, draws)
    return images


def _transform(images: Tensor, p: float, spec: AugmentSpec, draws: Draws) -> Tensor:
    """Warp the images whose transformation is not the identity."""
    if not any((spec.xflip, spec.rotate90, spec.xint, spec.scale, spec.rotate, spec.aniso, spec.xfrac)):
        return images
    inverse = inverse_transform(len(images), (images.shape[2], images.shape[3]), p, spec, draws)
    moved = (~is_identity(inverse)).nonzero()[:, 0]
    if len(moved) == 0:
        return images
    if len(moved) == len(images):
        return on_ground(images, lambda x: warp(x, inverse))
    rows = moved.to(images.device)
    warped = on_ground(images.index_select(0, rows), lambda x: warp(x, inverse[moved]))
    return images.index_copy(0, rows, warped)


def _recolour(images: Tensor, p: float, spec: AugmentSpec, draws: Draws) -> Tensor:
    if images.shape[1] not in COLOURED:
        return images
    gray = images.shape[1] <= 2
    if not any((spec.brightness, spec.contrast, spec.lumaflip, *(() if gray else (spec.hue, spec.saturation)))):
        return images
    return apply_colours(images, colour_matrix(len(images), p, spec, draws, gray=gray))
