"""How alike two images are: multi-scale structural similarity, Wang et al. (2003), equation 7.

Odena et al. (2017), section 4.2, and Progressive GAN (Karras et al. 2018), section 6.1, take its mean over random pairs
of fakes for a measure of variety: the less alike, the more varied.

Axes: n pair, c channel, h w rows and columns.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import DataError

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales, the finest first."""

WINDOW, SIGMA = 11, 1.5
K1, K2, RANGE = 0.01, 0.03, 255.0


def ms_ssim(a: Float[Tensor, "n c h w"], b: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """Similarity of each image of ``a`` to its partner in ``b``, both 0 to 255; 1 for equal ones.

    Where an image is smaller than the window, at a coarse scale, the window shrinks to it. Contrast that is opposite
    counts as none, as powers of negative numbers are not real.

    Raises:
        DataError: Images are of different shapes, or smaller than 16 pixels, which leaves nothing at the last scale.
    """
    if a.shape != b.shape:
        raise DataError(f"images to compare are {list(a.shape[1:])} and {list(b.shape[1:])}: make them alike")
    if min(a.shape[2:]) < 2 ** (len(WEIGHTS) - 1):
        raise DataError(f"MS-SSIM has five scales, and takes images of 16 pixels at least, not {list(a.shape[2:])}")
    x, y = a.double(), b.double()
    result = torch.ones(len(a), dtype=torch.float64, device=a.device)
    for scale, weight in enumerate(WEIGHTS):
        luminance, contrast = _compared(x, y)
        is_last = scale == len(WEIGHTS) - 1
        similarity = (luminance * contrast if is_last else contrast).mean(dim=(1, 2, 3))
        result = result * similarity.clamp(min=0) ** weight
        if not is_last:
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
    return result


def _compared(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Equation 1 and the product of equations 2 and 3, at each place."""
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x, variance_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance, (2 * covariance + c2) / (variance_x + variance_y + c2)


def _blurred(x: Tensor) -> Tensor:
    size, channels = min(WINDOW, *x.shape[2:]), x.shape[1]
    offsets = torch.arange(size, dtype=x.dtype, device=x.device) - (size - 1) / 2
    taps = torch.exp(-(offsets**2) / (2 * (SIGMA * size / WINDOW) ** 2))
    taps = taps / taps.sum()
    for shape in ((size, 1), (1, size)):
        x = F.conv2d(x, taps.view(1, 1, *shape).expand(channels, 1, -1, -1), groups=channels)
    return x
