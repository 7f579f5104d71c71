"""Paint the pictures of docs/guides/preparing-data.md, shapes.md and many-gpus.md again.

    python tools/guide_data_pictures.py ARCHIVES STAMPS CLOTHES [NAME …]

ARCHIVES is the folder of the data sets, STAMPS and CLOTHES are the run directories of the two trainings that
benchmarks/one_subject.py names. Writes docs/images/guide-NAME.png, all of them or those named. Of sets whose images may
not be shown there are averages and what was painted after them, no image of their own.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

import allaprima
from allaprima.data import ImageDataset
from allaprima.data.convert import ConvertOptions, convert
from allaprima.data.sources import open_source
from allaprima.data.transform import fitted
from allaprima.images import caption, composite, enlarge, has_alpha, lettered_grid, to_rgb
from allaprima.visuals.display import sheet, signed
from allaprima.visuals.subject import Subject

IMAGES = Path(__file__).parents[1] / "docs" / "images"
Pixels = NDArray[np.uint8]
MOST = 250_000  # bytes of a picture
GAP = 8
AVERAGED = 4096  # images


def averages(archives: Path, stamps: Path, clothes: Path) -> Pixels:
    """The average image of five sets."""
    with tempfile.TemporaryDirectory() as folder:
        padded = Path(folder) / "clothes.zip"
        options = ConvertOptions(height=80, width=48, fit="pad", max_images=1631)
        convert(open_source(archives / "fashion-128x64-rgb.zip"), padded, options)
        sets = {
            "dresses": (archives / "fashion-mnist-dress-24-gray.zip", 8),
            "clothes on white": (padded, 3),
            "emoji": (archives / "emoji-noto-64-rgba.zip", 3),
            "snapshots of clothes": (archives / "clothing-cc0-64x48-rgb.zip", 3),
            "stamps": (archives / "stamps-48x80-rgb.zip", 3),
        }
        return beside({name: enlarged(average(path), times) for name, (path, times) in sets.items()})


def average(path: Path) -> Tensor:
    """uint8 [1, 3, h, w]: the mean of the pixels, over white where there is alpha."""
    data = ImageDataset(path, max_images=min(AVERAGED, len(ImageDataset(path))))
    total = sum(to_rgb(images).sum(dim=0, dtype=torch.float64) for images in data.load_all()[0].split(256))
    assert isinstance(total, Tensor)
    return (total / len(data)).round().to(torch.uint8)[None]


def stamps(archives: Path, stamps: Path, clothes: Path) -> Pixels:
    """What both trainings paint, of the same seeds, when they had seen as many images."""
    kimg = min(newest(stamps), newest(clothes))
    print("stamps and clothes at", kimg, "thousand images")
    wide, tall = (painted_by(snapshot(run, kimg), range(count)) for run, count in ((stamps, 36), (clothes, 40)))
    return stacked([lettered_grid(enlarge(wide, 2), 12), lettered_grid(enlarge(tall, 2), 20)])


def fits(archives: Path, stamps: Path, clothes: Path) -> Pixels:
    """A photograph in the public domain, brought to a square in four ways."""
    data = ImageDataset(archives / "clothing-cc0-64x48-rgb.zip")
    pixels = data[data.names.index(PHOTOGRAPH)][0].permute(1, 2, 0).contiguous().numpy()
    photograph = Image.fromarray(pixels)
    found = {"64×48": as_tensor(photograph)}
    for fit in ("crop", "pad", "stretch"):
        found[f"--fit {fit}"] = as_tensor(fitted(photograph, 48, 48, fit)[0])
    tiles = torch.cat([as_tensor(tile) for tile in fitted(photograph, 24, 24, "tile")])
    found["--fit tile, 24×24"] = torch.from_numpy(lettered_grid(tiles, 2)).permute(2, 0, 1)[None]
    return beside({name: enlarged(image, 3) for name, image in found.items()})


def shapes(archives: Path, stamps: Path, clothes: Path) -> Pixels:
    """Gray, RGBA, wide and tall, each by a model that was trained on such images."""
    chosen = [("dress-24", (1, 2, 12, 18), 4), ("emoji-64", (9, 30, 25, 22), 2)]
    chosen += [
        (snapshot(stamps, newest(stamps)), (0, 1, 2, 3), 2),
        (snapshot(clothes, newest(clothes)), (0, 1, 2, 3), 4),
    ]
    found = {}
    for model, seeds, columns in chosen:
        G = allaprima.load(model)
        mode = {1: "gray", 3: "RGB", 4: "RGBA"}[G.img_channels]
        images = painted_by(model, seeds)
        times = max(1, 96 // images.shape[2])
        found[f"{G.img_height}×{G.img_width} {mode}"] = lettered_grid(enlarge(images, times), columns)
    return beside(found)


def alpha(archives: Path, stamps: Path, clothes: Path) -> Pixels:
    """What an RGBA image of a model is made of."""
    subject = Subject(G=allaprima.load("emoji-64"), seeds=(9, 30, 25))
    G = subject.G
    network = G.synthesis(subject.ws()).detach()
    straight = painted_by("emoji-64", subject.seeds, raw=True)
    columns = {
        "over checks": composite(straight, "checker"),
        "over white": composite(straight),
        "alpha": straight[:, 3:].expand(-1, 3, -1, -1),
        "straight colours": straight[:, :3],
        "premultiplied": signed(network[:, :3], 1.0),
    }
    tiles = [[(enlarge(images, 2)[row], "") for images in columns.values()] for row in range(3)]
    return sheet(tiles, column_names=list(columns))


PHOTOGRAPH = "00000/img00000003.png"
PICTURES: dict[str, Callable[[Path, Path, Path], Pixels]] = {
    "averages": averages,
    "stamps": stamps,
    "fits": fits,
    "shapes": shapes,
    "alpha": alpha,
}


def newest(run: Path) -> int:
    """Thousands of images seen at the last snapshot."""
    return max(int(path.stem[-6:]) for path in (run / "snapshots").glob("*.safetensors"))


def snapshot(run: Path, kimg: int) -> Path:
    """The model file of that moment."""
    return run / "snapshots" / f"network-snapshot-{kimg:06}.safetensors"


def painted_by(model: str | Path, seeds: range | tuple[int, ...], *, raw: bool = False) -> Tensor:
    """uint8 [n, 3, h, w], over checks where there is alpha; raw: with the model's own channels."""
    images = [torch.from_numpy(image) for image in allaprima.generate(allaprima.load(model), seeds=seeds)]
    stack = torch.stack([image[None] if image.ndim == 2 else image.permute(2, 0, 1) for image in images])
    return stack if raw else to_rgb(stack, "checker" if has_alpha(stack.shape[1]) else (255, 255, 255))


def as_tensor(image: Image.Image) -> Tensor:
    """uint8 [1, 3, h, w]."""
    return torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)[None]


def enlarged(images: Tensor, times: int) -> Pixels:
    """The only one of ``images`` as [h, w, 3]."""
    return np.ascontiguousarray(enlarge(images, times)[0].permute(1, 2, 0).numpy())


def beside(pictures: dict[str, Pixels]) -> Pixels:
    """Pictures of any sizes in a row, each over its name."""
    named = [caption(picture, name) for name, picture in pictures.items()]
    height = max(picture.shape[0] for picture in named)
    padded = [np.pad(p, ((height - p.shape[0], 0), (0, GAP), (0, 0)), constant_values=255) for p in named]
    return np.concatenate(padded, axis=1)[:, :-GAP]


def stacked(pictures: list[Pixels]) -> Pixels:
    """Pictures of any sizes below one another."""
    width = max(picture.shape[1] for picture in pictures)
    padded = [np.pad(p, ((0, GAP), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in pictures]
    return np.concatenate(padded)[:-GAP]


def main() -> None:
    """Write the pictures, and print their names and sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", type=Path)
    parser.add_argument("stamps", type=Path)
    parser.add_argument("clothes", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    given = parser.parse_args()
    if wrong := [name for name in given.names if name not in PICTURES]:
        parser.error(f"there is no picture {wrong[0]!r}: there are {', '.join(PICTURES)}")
    for name in given.names or PICTURES:
        path = IMAGES / f"guide-{name}.png"
        Image.fromarray(PICTURES[name](given.archives, given.stamps, given.clothes)).save(path, optimize=True)
        if (size := path.stat().st_size) > MOST:
            raise SystemExit(f"{path} has {size:,} bytes, more than {MOST:,}")
        print(path, size, "bytes")


if __name__ == "__main__":
    main()
