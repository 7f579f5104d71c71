"""Which frequencies images have, on average: Karras et al. (2021), appendix A, figure "average power spectra".

Axes: n image, c channel, h w rows and columns; u v rows and columns of a spectrum.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.errors import DataError

BETA = 8.0  # of Kaiser's window
FINER = 4  # frequencies between two of the image's own

SMALLEST_DEVIATION = 1e-6


class PowerSpectrum:
    """Adds up spectra of images of one shape, batch by batch; those of two sets, added, are of both.

    Args:
        mean: Of all numbers of all real images, of 0 to 255 …
        deviation: … and their standard deviation: images are whitened by them.
    """

    def __init__(self, mean: float, deviation: float) -> None:
        self.mean, self.deviation = mean, max(deviation, SMALLEST_DEVIATION)
        self.count = 0
        self.sum: Tensor | None = None

    def add(self, images: UInt8[Tensor, "n c h w"]) -> None:
        """Count these in, too."""
        x = (images.double() - self.mean) / self.deviation * window(images.shape[2], images.shape[3]).to(images.device)
        size = (FINER * images.shape[2], FINER * images.shape[3])
        power = torch.fft.fftn(x, size, dim=(2, 3)).abs().square().mean(dim=1).sum(dim=0).cpu()
        self.sum = power if self.sum is None else self.sum + power
        self.count += len(images)

    def decibels(self) -> Float[Tensor, "u v"]:
        """10 · log10 of the mean power, frequency 0 in the middle; 0 for white noise. Raises `DataError` for none."""
        if self.sum is None:
            raise DataError("there are no images to take a spectrum of")
        mean: Tensor = torch.fft.fftshift(self.sum / self.count)
        return 10 * mean.clamp(min=1e-12).log10()


def window(height: int, width: int) -> Float[Tensor, "h w"]:
    """Kaiser's window of both axes, with squares that add up to 1."""
    rows, columns = (
        torch.kaiser_window(side, periodic=False, beta=BETA, dtype=torch.float64) for side in (height, width)
    )
    product = torch.outer(rows, columns)
    return product / product.square().sum().sqrt()


def slices(decibels: Float[Tensor, "u v"]) -> tuple[Float[Tensor, " k"], Float[Tensor, " l"]]:
    """From frequency 0 to the highest: along a row, and along the diagonal as far as the shorter axis goes."""
    middle = (decibels.shape[0] // 2, decibels.shape[1] // 2)
    diagonal = torch.arange(min(middle))
    return decibels[middle[0], middle[1] :], decibels[middle[0] + diagonal, middle[1] + diagonal]


def difference(a: PowerSpectrum, b: PowerSpectrum) -> float:
    """Root of the mean squared difference of two spectra, in dB."""
    return float((a.decibels() - b.decibels()).square().mean().sqrt())
