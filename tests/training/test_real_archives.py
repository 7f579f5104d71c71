"""Each system trains two ticks on real images, in its own small recipe. Skipped where the archives are not at hand."""

import dataclasses
import os
from pathlib import Path

import pytest
import torch

import allaprima
from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.training import RECIPES
from tests.training.small import numbers, train

ARCHIVES = Path(os.environ.get("ALLAPRIMA_DATA", "/work/shared/data"))
needs_archives = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"no real archives in {ARCHIVES} (ALLAPRIMA_DATA)")
SHRUNK = {"cbase": 256, "cmax": 16, "w_dim": 16, "batch": 8, "batch_by_res": (), "mbstd_group": 4, "tick": 0.016}


def slice_of(name: str, path: Path, count: int = 64) -> Path:
    """The first images of a real archive, with their labels."""
    dataset = ImageDataset(ARCHIVES / name)
    with archive_writer(path) as archive:
        for index in range(count):
            pixels = dataset[index][0].permute(1, 2, 0).numpy()
            archive.add(pixels if pixels.shape[2] > 1 else pixels[:, :, 0], None)
        archive.finish()
    return path


@needs_archives
@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("laptop")])
@pytest.mark.parametrize("archive", ["fashion-mnist-dress-24-gray.zip", "emoji-noto-64-rgba.zip"])
def test_it_trains_two_ticks_on_real_images(name: str, archive: str, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPES[name], **SHRUNK, kimg=0.032, workers=0, precision="fp32")
    data = slice_of(archive, tmp_path / "slice.zip")
    session, reports = train(data, tmp_path / "run", recipe)
    assert [report.tick for report in reports] == [1, 2]
    assert all(torch.isfinite(p).all() for network in (session.run.G, session.run.D) for p in network.parameters())
    assert numbers(tmp_path / "run")[-1]["Loss/D/loss"]["num"] == 16
    (image,) = allaprima.generate(allaprima.load(tmp_path / "run"), seeds=[0])
    assert image.shape[:2] == (session.dataset.height, session.dataset.width)
