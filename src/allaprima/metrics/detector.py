"""Images → features, for any images: what is shown to a network, and the network.

Axes: n image, c channel, h w rows and columns, d feature.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from allaprima.checkpoint.detectors import DETECTORS, require_detector
from allaprima.images import composite, has_alpha

AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A network with features.

    Attributes:
        title: What to call it.
        sha256: Of its file, or of its weights.
        resize: How it resizes images.
        network: Pixels uint8 [n, c, h, w] → features [n, d].
        wants_rgb: Whether it is shown RGB; otherwise what the images are.
        probabilities: Features → answers' probabilities, where it has answers.
    """

    title: str
    sha256: str
    resize: str
    network: Callable[[Tensor], Tensor]
    wants_rgb: bool = True
    probabilities: Callable[[Tensor], Tensor] | None = None

    @torch.no_grad()
    def features(self, pixels: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        """Features of images of any size and number of channels, on the CPU, in float32."""
        shown = as_rgb(pixels) if self.wants_rgb else pixels
        device = _device(self.network)
        parts = [self.network(part.to(device)).float().cpu() for part in torch.split(shown, AT_ONCE)]
        return torch.cat(parts)

    def notes(self, channels: int) -> tuple[str, ...]:
        """What one must know of how images were shown."""
        if not self.wants_rgb:
            return ()
        over = ("alpha was laid over white",) if has_alpha(channels) else ()
        return (*over, *(("gray was repeated to RGB",) if channels < 3 else ()))


def as_rgb(pixels: UInt8[Tensor, "n c h w"]) -> UInt8[Tensor, "n 3 h w"]:
    """Over white where there is alpha; gray three times."""
    colours = composite(pixels)
    return colours.expand(-1, 3, -1, -1) if colours.shape[1] == 1 else colours


def published_detector(
    name: str, directory: Path | None = None, *, may_fetch: bool = False, device: torch.device | str = "cpu"
) -> Detector:
    """One of `allaprima.checkpoint.detectors`.

    Raises:
        DownloadError: Its weights are not on this machine, or cannot be fetched; says what to do.
        ModelFileError: Its file cannot be read.
    """
    network: Any = require_detector(name, directory, may_fetch=may_fetch).to(device)
    about = DETECTORS[name]
    return Detector(
        title=about.title,
        sha256=about.file.sha256,
        resize=about.resize,
        network=network,
        probabilities=getattr(network, "probabilities", None),
    )


def hash_of(network: nn.Module) -> str:
    """SHA-256 of the names and numbers of all its tensors."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(f"{name}{list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _device(network: Any) -> torch.device:
    if isinstance(network, nn.Module):
        return next((p.device for p in network.parameters()), torch.device("cpu"))
    return torch.device("cpu")
