"""A fair choice from a stream of images whose length nobody knows.

Axes: n m image, c channel, h w rows and columns.
"""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import UInt8
from torch import Tensor

from allaprima.errors import DataError

Images = UInt8[Tensor, "n c h w"] | Iterable[UInt8[Tensor, "n c h w"]]


def random_subset(images: Images, count: int, generator: torch.Generator) -> UInt8[Tensor, "m c h w"]:
    """At most ``count`` images, every one as likely as any other: reservoir sampling (Vitter 1985, algorithm R).

    Keeps no more than these in memory. A stream of ``count`` images or less comes back whole and in its order.

    Raises:
        DataError: There is no image, or they are not uint8 images of one shape.
    """
    kept: list[Tensor] = []
    for seen, image in enumerate(_one_by_one(images)):
        if kept and image.shape != kept[0].shape:
            raise DataError(f"image {seen} is {list(image.shape)}, but the first is {list(kept[0].shape)}")
        if len(kept) < count:
            kept.append(image.clone())  # not a view, which would keep its whole batch alive
        elif (place := int(torch.randint(seen + 1, (), generator=generator))) < count:
            kept[place] = image.clone()
    if not kept:
        raise DataError("there are no images to measure")
    return torch.stack(kept)


def _one_by_one(images: Images) -> Iterator[Tensor]:
    for batch in [images] if isinstance(images, Tensor) else images:
        if batch.dtype != torch.uint8 or batch.ndim != 4:
            raise DataError(f"images must come as uint8 [n, c, h, w], got {batch.dtype} {list(batch.shape)}")
        yield from batch.cpu()
