"""Features of a small network that is trained on the user's own images: distances without any file from elsewhere.

It learns to know an image again, turned, cut, mirrored and in another light, among all others: SimCLR (Chen et al.
2020), equation 1, where the negatives are the other images of the batch. That takes one or two minutes on two cores.
Distances of its features compare snapshots of one data set; they mean nothing between data sets, and are never FID.

Axes: n image, c channel, h w rows and columns, d feature.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from allaprima.data import ImageDataset
from allaprima.images import to_network
from allaprima.metrics.progress import Progress

LARGEST = 64
"""Pixels of the longer side that the network is shown; larger images are averaged down."""

WIDTHS = (32, 64, 128)
DIM = WIDTHS[-1]
EMBEDDED = 64
STEPS, BATCH = 300, 128
LEARNING_RATE = 2e-3
TEMPERATURE = 0.15
MOST_IMAGES = 20_000
"""Images that are learned from: so many of 64×64 RGBA are 0.3 GB."""

SMALLEST_CROP = 0.65  # of each side
LARGEST_TURN = 0.15  # radians
CONTRAST, BRIGHTNESS = 0.15, 0.1
VERSION = 1  # of all that decides what is learned


class OwnNetwork(nn.Module):
    """Pixels of the data's kind → 128 features: the means of the last feature maps."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        for before, width in zip((channels, *WIDTHS), WIDTHS, strict=False):
            conv = nn.Conv2d(before, width, 3, stride=2, padding=1)
            self.stages.append(nn.Sequential(conv, nn.BatchNorm2d(width), nn.LeakyReLU(0.1)))
        self.head = nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, EMBEDDED))  # only training's

    def forward(self, pixels: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        """Features."""
        return self.of(shown(pixels))

    def of(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        """Features of images in [-1, 1] that are small enough already."""
        for stage in self.stages:
            images = stage(images)
        return images.mean(dim=(2, 3))


def train_own(data: ImageDataset, *, steps: int = STEPS, seed: int = 0, progress: Progress | None = None) -> OwnNetwork:
    """Teach a network to tell the images of ``data`` apart; on the CPU, from ``seed`` alone."""
    images = _some(data, seed)
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = OwnNetwork(images.shape[1])
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    for step in range(steps):
        batch = images[torch.randperm(len(images), generator=random)[:BATCH]]
        with torch.enable_grad():
            first, second = (F.normalize(network.head(network.of(varied(batch, random))), dim=1) for _ in range(2))
            loss = contrast(first, second)
            gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        if progress is not None:
            progress("learning features", step + 1, steps)
    return network.eval().requires_grad_(requires_grad=False)


def contrast(first: Float[Tensor, "n d"], second: Float[Tensor, "n d"]) -> Tensor:
    """How badly each is told from all others, given the other view of it: in nats, ln n if not at all."""
    likeness = first @ second.T / TEMPERATURE
    own = torch.arange(len(first), device=first.device)
    return (F.cross_entropy(likeness, own) + F.cross_entropy(likeness.T, own)) / 2


def varied(images: Float[Tensor, "n c h w"], random: torch.Generator) -> Float[Tensor, "n c h w"]:
    """Other views of the images: a part, turned a little, mirrored or not, brighter or darker."""
    n, c = images.shape[:2]

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random) * 2 - 1

    scale = 1 - (1 - SMALLEST_CROP) * (draw(n) + 1) / 2
    angle, mirror = LARGEST_TURN * draw(n), draw(n).sign()
    aspect = images.shape[2] / images.shape[3]  # a turn is one of pixels, whatever the sides
    cos, sin = scale * angle.cos(), scale * angle.sin()
    centre = draw(n, 2) * (1 - scale)[:, None]
    rows = [torch.stack([cos * mirror, -sin * aspect], dim=1), torch.stack([sin * mirror / aspect, cos], dim=1)]
    theta = torch.cat([torch.stack(rows, dim=1), centre[:, :, None]], dim=2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    views = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return views * (1 + CONTRAST * draw(n, c, 1, 1)) + BRIGHTNESS * draw(n, c, 1, 1)


def shown(pixels: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Images in [-1, 1], colours premultiplied, large ones averaged down."""
    images = to_network(pixels)
    longer = max(images.shape[2:])
    if longer <= LARGEST:
        return images
    size = [max(8, round(side * LARGEST / longer)) for side in images.shape[2:]]
    return F.interpolate(images, size, mode="area")


def resize_words(height: int, width: int) -> str:
    """What `shown` does to images of this size."""
    longer = max(height, width)
    if longer <= LARGEST:
        return "not resized"
    size = [max(8, round(side * LARGEST / longer)) for side in (height, width)]
    return f"averaged over areas to {size[0]}×{size[1]}"


def _some(data: ImageDataset, seed: int) -> Tensor:
    """Images to learn from, a random choice of many."""
    count = len(data.names)
    random = torch.Generator().manual_seed(seed)
    rows = torch.randperm(count, generator=random)[:MOST_IMAGES].sort().values.tolist()
    step = max(1, math.ceil(len(rows) / 16))
    parts = [torch.stack([data[row][0] for row in rows[at : at + step]]) for at in range(0, len(rows), step)]
    return torch.cat([shown(part) for part in parts])
