"""A sheet of mixed styles, from pictures that are painted already."""

from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import UInt8
from torch import Tensor

from allaprima.images import caption, encode_png, read_image
from allaprima.images.png import to_array
from allaprima.latents.mixing import MixedImages
from allaprima.origin import Origin
from allaprima.studio.work.bench import Bench


def sheet(
    bench: Bench,
    model: str,
    files: Sequence[bytes],
    row_names: Sequence[str],
    column_names: Sequence[str],
    words: str,
) -> bytes:
    """A PNG with the sources on the left and above, the mixtures between, and a line of words below.

    Args:
        bench: Knows the model.
        model: Its name.
        files: Pictures: the sources of the rows, those of the columns, then the mixtures, row after row.
        row_names: What the sources of the rows are called.
        column_names: The same of the columns.
        words: Below.
    """
    images = torch.stack([pixels_of(file) for file in files])
    rows, columns = len(row_names), len(column_names)
    mixed = MixedImages(
        rows=images[:rows],
        columns=images[rows : rows + columns],
        mixed=rearrange(images[rows + columns :], "(r k) c h w -> r k c h w", r=rows),
        row_names=row_names,
        column_names=column_names,
        layers=[],
    )
    seeds = f"rows {', '.join(row_names)}; columns {', '.join(column_names)}"
    origin = Origin(model_sha256=bench.model_sha256(model), seed=seeds, more={"Mixed layers": words})
    return encode_png(caption(mixed.sheet(), words), texts=origin.texts())


def pixels_of(file: bytes) -> UInt8[Tensor, "c h w"]:
    """The pixels of a PNG that was just painted."""
    return torch.from_numpy(to_array(read_image(file, "a painted picture"))).permute(2, 0, 1)
