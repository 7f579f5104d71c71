"""Small data sets and generators to measure, and a detector that needs no file."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange

from allaprima.data import ImageDataset
from allaprima.images import encode_png
from allaprima.metrics.detector import Detector, hash_of


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., ImageDataset]:
    """Makes an archive of blurred blobs, labels 0 0 1 0 0 1 …, and opens it."""

    def make(
        count: int = 40, height: int = 16, width: int = 24, channels: int = 3, seed: int = 0, **options: Any
    ) -> ImageDataset:
        path = tmp_path / f"blobs-{count}-{height}-{width}-{channels}-{seed}.zip"
        random = torch.Generator().manual_seed(count + seed)
        small = torch.rand(count, channels, 4, 4, generator=random) * 255
        images = F.interpolate(small, (height, width), mode="bilinear").round().to(torch.uint8)
        with zipfile.ZipFile(path, "w") as archive:
            for i, image in enumerate(rearrange(images, "n c h w -> n h w c").numpy()):
                archive.writestr(f"{i:05d}.png", encode_png(image))
            labels = [[f"{i:05d}.png", int(i % 3 == 2)] for i in range(count)]
            archive.writestr("dataset.json", json.dumps({"labels": labels}))
        return ImageDataset(path, **options)

    return make


class Looking(torch.nn.Module):
    """Means and deviations of colours, in eight features; and it counts the images that it was shown."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.mix = torch.nn.Linear(6, 8)
        self.seen = 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        assert pixels.shape[1] == 3
        self.seen += len(pixels)
        x = pixels.float() / 255
        result: torch.Tensor = self.mix(torch.cat([x.mean((2, 3)), x.std((2, 3))], dim=1))
        return result


@pytest.fixture
def looking() -> Detector:
    network = Looking()
    return Detector(
        title="means and deviations",
        sha256=hash_of(network),
        resize="not resized",
        network=network,
        probabilities=lambda features: features.softmax(dim=1),
    )
