"""The transposed convolution of the layers that enlarge, in tiles, with kernels that are kept.

Tiles of 3×3 pixels paint 6×6. Along an axis, the even rows of the output have two taps, for three of which Winograd's
F(3, 2) needs four products (Lavin and Gray 2016, section 4); the odd ones have one tap, three products with the same
kernel. So 49 products do what 81 do in the definition. All of it is compiled (`allaprima.ops.fast`): in PyTorch,
gathering the tiles costs what the products save. No derivatives.

Axes: n image, i input channel, o output channel, h w rows and columns, t tile.
"""

from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.kept_kernels import KeptKernels
from allaprima.ops.kept_tiles import kept_taps
from allaprima.ops.parts import equal_parts, parts
from allaprima.ops.toom_cook import toom_cook

PAINTED = 2 * fast.STEP  # rows of a tile
MOST_TAPS = PAINTED  # rows of a filter for which a row of tiles is enough
POINTS = (0, 1, -1)  # where the polynomials are evaluated, besides infinity; `passes.c` has the other two matrices
PRODUCTS = sum(kernels * pixels for kernels, pixels in fast.GROUPS)
KERNELS = sum(kernels for kernels, _ in fast.GROUPS)
WORTH = 0.4  # milliseconds that a MB saves at 32×32 pixels, measured


def enlarge_in_tiles(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i 3 3"],
    kept: KeptKernels,
    style: Float[Tensor, "n i"] | None,
    taps: Float[Tensor, "k l"],
    margins: tuple[int, int, int, int],
) -> Float[Tensor, "n o h2 w2"] | None:
    """`allaprima.ops.transposed_conv.transposed_conv2d` of ``x`` times ``style``, correlated with ``taps``.

    What is painted is filtered while it is in the caches: of a large image, it is never whole in memory.

    Args:
        x: Feature maps.
        weight: A network's own kernel.
        kept: The store.
        style: Factors on the input's channels, of each image.
        taps: Filter, of `MOST_TAPS` rows at most.
        margins: Zeros at the top, bottom, left and right of what is painted; none is negative.

    Returns:
        None where nothing is kept.
    """
    (n, i, h, w), o = x.shape, len(weight)
    if not (fast.serves(x, style) and fast.fits(x, style, None, None) and fast.divides(o)):
        return None
    kernel = kept_taps(weight, kept, worth=WORTH * (x[:, 0].numel() / 32**2) ** 0.5)
    if kernel is None:
        return None
    rows, columns = (-(-(size + 1) // fast.STEP) for size in (h, w))  # the last tile paints what follows the last pixel
    at_once = fast.tiles_at_once((i, o), PRODUCTS, KERNELS)
    top, bottom, left, right = margins
    seen = taps.shape[0] - 1  # rows above its own that a filter sees
    z = fast.new_maps(x, o, 2 * h + 1 + top + bottom - seen, 2 * w + 2 + left + right - taps.shape[1])
    for images in parts(n, at_once // (rows * columns)):
        some, done = _Enlarging(x[images], None if style is None else style[images], kernel, o, rows, columns), 0
        bands = parts(rows, at_once // (len(some.x) * columns))  # of tiles; several, if there is one image
        numbers = max(some.numbers(band, seen, at_once) for band in bands)
        with kept.scratch(x, numbers) as block:
            for band in bands:
                painted = some.paint(band, seen if band.start else 0, at_once, block)
                above, below = (0 if band.start else top), (bottom if band.stop == rows else 0)
                past = done + painted.shape[2] + above + below - seen
                fast.filter_channels_last(painted, taps, (above, below, left, right), z[images, :, done:past])
                if band.stop < rows:
                    painted[:, :, :seen] = painted[:, :, painted.shape[2] - seen :].clone()
                done = past
    return z


class _Enlarging(NamedTuple):
    """Of some images.

    Attributes:
        x: Feature maps.
        style: Factors.
        kernel: In panels.
        o: Channels of the output.
        rows: Of tiles in an image.
        columns: Of tiles in an image.
    """

    x: Float[Tensor, "n i h w"]
    style: Float[Tensor, "n i"] | None
    kernel: Float[Tensor, "panels 9 i wide"]
    o: int
    rows: int
    columns: int

    def numbers(self, band: slice, before: int, at_once: int) -> int:
        """That `paint` needs in its block."""
        return self._size(band, before).numel() + fast.numbers_of(*self._sizes(self._strips(band, at_once)))

    def paint(self, band: slice, before: int, at_once: int, block: Tensor) -> Float[Tensor, "n o rows w2"]:
        """Some rows of tiles, enlarged, at the beginning of ``block``, where ``before`` rows stay before them.

        Of several images, all rows; ``at_once`` tiles at a time.
        """
        strips, size = self._strips(band, at_once), self._size(band, before)
        painted = block[: size.numel()].view(size).permute(0, 3, 1, 2)
        sizes, groups = self._sizes(strips), len(fast.GROUPS)
        both = fast.apart(block[size.numel() :][: fast.numbers_of(*sizes)], *sizes)
        tiles, products = both[:groups], both[groups:]
        for strip in strips:
            count, first = strip.stop - strip.start, band.start * self.columns + strip.start
            fast.enlarge_into_tiles(self.x, self.style, fast.Part(self.rows, self.columns, first, count), tiles)
            for numbers, transforms, out in zip(tiles, _transforms(), products, strict=True):
                first = 0
                for v, h in transforms:
                    some = slice(first, first + len(v) * len(h))
                    fast.multiply_transformed(numbers[some].flatten(1, 2), self.kernel, v, h, out[some].flatten(1, 2))
                    first = some.stop
            part = fast.Part(band.stop - band.start, self.columns, strip.start, count)
            fast.enlarge_out_of_tiles(products, part, painted[:, :, before:])
        return painted

    def _strips(self, band: slice, at_once: int) -> list[slice]:
        return equal_parts(len(self.x) * (band.stop - band.start) * self.columns, at_once)

    def _sizes(self, strips: list[slice]) -> list[tuple[int, ...]]:
        """Of the transformed tiles, and of the products."""
        count, channels = strips[0].stop, (self.x.shape[1], fast.in_whole_panels(self.o))
        return [(kernels, count, pixels, c) for c in channels for kernels, pixels in fast.GROUPS]

    def _size(self, band: slice, before: int) -> torch.Size:
        """Of what is painted, channels last."""
        rows = min(PAINTED * band.stop, 2 * self.x.shape[2] + 1) - PAINTED * band.start
        return torch.Size((len(self.x), before + rows, 2 * self.x.shape[3] + 1, self.o))


@cache
def _transforms() -> tuple[tuple[tuple[Tensor, Tensor], ...], ...]:
    """Of each group, the transforms along both axes [points, 3]: of the even taps, or the odd tap as it is."""
    of_even_taps, _, _ = toom_cook(fast.STEP, 2, POINTS)
    even, odd = torch.zeros(len(of_even_taps), 3), torch.eye(3)[[1]]
    # The pixel before paints the last tap where this one paints the first.
    even[:, [2, 0]] = torch.from_numpy(of_even_taps).float()
    return ((even, even),), ((even, odd), (odd, even)), ((odd, odd),)
