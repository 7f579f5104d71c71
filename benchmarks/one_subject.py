"""What do a data set's images share, and does a training find it? Data sets of one size and number, side by side.

    allaprima dataset stamps-48x80-rgb.zip stamps.zip --height 24 --width 40
    allaprima dataset fashion-128x64-rgb.zip clothes.zip --height 40 --width 24 --fit pad --max-images 1631
    allaprima train stamps.zip runs/stamps --recipe laptop-32 --set cbase=1024 --set cmax=64 --set snap=5
    allaprima train clothes.zip runs/clothes --recipe laptop-32 --set cbase=1024 --set cmax=64 --set snap=5
    python benchmarks/one_subject.py stamps.zip=runs/stamps clothes.zip=runs/clothes

Of each archive, from the thumbnails of `allaprima inspect`: diversity; the share of what its images show that is in
their average; how many principal directions hold nine tenths of their variance. Of each snapshot: the sliced
Wasserstein distance of as many fakes as half of the archive has images from that half. What the other half is away from
it is the floor: a perfect generator would reach that. An archive without `=RUN` is only described.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import show
from small_data import distance, paint

from allaprima.data import ImageDataset
from allaprima.data.diversity import diversity
from allaprima.data.examination import THUMBNAIL_SIDE, examine
from allaprima.data.sources import open_source


def described(archive: Path) -> dict[str, float]:
    """What the images have in common."""
    flat = np.stack([examine(item).thumbnail for item in open_source(archive)])
    small = flat.reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3).astype(np.float64)
    layouts = small - small.mean(axis=(1, 2), keepdims=True)
    own = layouts - layouts.mean(axis=0)
    centred = (flat - flat.mean(axis=0)).astype(np.float64)
    variances = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    return {
        "images": len(flat),
        "diversity": round(diversity(torch.from_numpy(flat)), 3),
        "shared_layout": round(1 - float((own**2).mean() / (layouts**2).mean()), 3),
        "directions_of_nine_tenths": int((variances.cumsum() < 0.9 * variances.sum()).sum()) + 1,
    }


def followed(archive: Path, run: Path) -> dict[str, Any]:
    """The snapshots of a training on an archive."""
    images = ImageDataset(archive).load_all()[0]
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    half = len(images) // 2
    reals, others = images[order[:half]], images[order[half : 2 * half]]
    snapshots = sorted((run / "snapshots").glob("*.safetensors"))
    rows = [{"kimg": int(path.stem[-6:]), **distance(reals, paint(path, half))} for path in snapshots]
    return {"compared": half, "other_half": distance(reals, others), "snapshots": rows}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", metavar="ARCHIVE[=RUN]")
    figures = {}
    for text in parser.parse_args().archives:
        archive, _, run = text.partition("=")
        figures[Path(archive).stem] = described(Path(archive)) | (followed(Path(archive), Path(run)) if run else {})
    show(figures)


if __name__ == "__main__":
    main()
