"""How visible is the watermark, what does it survive, and how often is it found where it is not?

    python benchmarks/watermark.py /work/shared/data > docs/benchmarks/watermark.json

Pictures: generated ones of the two bundled models; real ones of the archives in the directory; frames of its clips, cut
square, at four sizes. Of each kind: peak signal-to-noise ratio of brightness, and the share in which the mark is found
after each treatment, the p-value at most one in a million. False alarms: the smallest p-values of pictures that have no
mark, as they are and after JPEG quality 80. Alternatives: other directions and strengths, on the two hardest kinds.
Prints JSON; it takes about five minutes.
"""

import argparse
import io
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from measuring import show
from numpy.typing import NDArray
from PIL import Image

import allaprima
from allaprima.images.png import to_array
from allaprima.origin import look_for_mark, watermark, watermarked
from allaprima.origin.block_dct import brightness
from allaprima.origin.watermark import split

Picture = NDArray[np.uint8]
ARCHIVES = {
    "clothing 64×48 RGB": "clothing-cc0-64x48-rgb.zip",
    "stamps 48×80 RGB": "stamps-48x80-rgb.zip",
    "fashion 128×64 RGB": "fashion-128x64-rgb.zip",
    "emoji 64×64 RGBA": "emoji-noto-64-rgba.zip",
    "dresses 24×24 gray": "fashion-mnist-dress-24-gray.zip",
    "digits 28×28 gray": "mnist-28-gray.zip",
}
SIDES = (64, 128, 256, 512)
QUALITY = 80
SCALE = 0.75
SINGLE = tuple((frequency,) for group in watermark.GROUPS for frequency in group)
TRIPLE = ((0, 1), (2, 0), (1, 2)), ((1, 0), (0, 2), (2, 1)), ((1, 1), (0, 3), (3, 0)), ((2, 2), (0, 4), (4, 0))
ALTERNATIVES = {
    "6 pairs": watermark.GROUPS,
    "4 triples": TRIPLE,
    "5 single": SINGLE[:5],
    "8 single": SINGLE[:8],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--images", type=int, default=200, help="marked of each kind")
    parser.add_argument("--unmarked", type=int, default=20000, help="looked at of each archive")
    arguments = parser.parse_args()
    kinds = kinds_of(arguments.data, arguments.images)
    show(
        {
            "survives": {name: survival(pictures) for name, pictures in kinds.items()},
            "false_alarms": {name: alarms(pictures) for name, pictures in unmarked(arguments.data, arguments.unmarked)},
            "alternatives": list(alternatives(kinds)),
            "milliseconds": [cost(side) for side in (64, 256, 1024)],
        }
    )


def kinds_of(data: Path, count: int) -> dict[str, list[Picture]]:
    kinds = {
        "painted by emoji-64, 64×64 RGBA": list(painted("emoji-64", count)),
        "painted by dress-24, 24×24 gray": list(painted("dress-24", count)),
    }
    kinds |= {name: list(islice(pictures_of(data / file), count)) for name, file in ARCHIVES.items()}
    frames = list(frames_of(data / "clips", count))
    for side in SIDES:
        kinds[f"frames {side}×{side} RGB"] = [
            np.asarray(frame.resize((side, side), Image.Resampling.LANCZOS)) for frame in frames
        ]
    return kinds


def painted(name: str, count: int) -> Iterator[Picture]:
    for image in allaprima.generate(allaprima.load(name), seeds=range(count), truncation_psi=0.7):
        yield image if image.ndim == 3 else image[:, :, None]


def pictures_of(archive: Path) -> Iterator[Picture]:
    with zipfile.ZipFile(archive) as file:
        for name in file.namelist():
            if name.endswith(".png"):
                yield to_array(Image.open(io.BytesIO(file.read(name))))


def frames_of(folder: Path, count: int) -> Iterator[Image.Image]:
    """Frames of the films and of the GIF, evenly, cut square."""
    import av

    clips = sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".gif"))
    each = -(-count // len(clips))
    for clip in clips:
        with av.open(str(clip)) as film:
            frames = [frame.to_image() for frame in film.decode(video=0)]
        for index in np.linspace(0, len(frames) - 1, min(each, len(frames))).astype(int):
            frame = frames[index].convert("RGB")
            side = min(frame.size)
            left, top = (frame.width - side) // 2, (frame.height - side) // 2
            yield frame.crop((left, top, left + side, top + side))


def shown(picture: Picture) -> Image.Image:
    """As a program shows it, over white."""
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    if picture.shape[2] != 4:
        return image
    sheet = Image.new("RGB", image.size, (255, 255, 255))
    sheet.paste(image, mask=image.getchannel("A"))
    return sheet


def saved(picture: Picture, kind: str, quality: int) -> Picture:
    file = io.BytesIO()
    shown(picture).save(file, kind, quality=quality)
    return to_array(Image.open(file).convert("L" if picture.shape[2] == 1 else "RGB"))


def resized(picture: Picture) -> Picture:
    """Smaller, and back to the size at which it was painted, as ``allaprima origin --size`` does."""
    image = shown(picture)
    smaller = image.resize((round(image.width * SCALE), round(image.height * SCALE)), Image.Resampling.LANCZOS)
    return to_array(smaller.resize(image.size, Image.Resampling.BICUBIC))


TREATMENTS: dict[str, Callable[[Picture], Picture]] = {
    "png": lambda picture: picture,
    "jpeg_95": lambda picture: saved(picture, "JPEG", 95),
    "jpeg_80": lambda picture: saved(picture, "JPEG", QUALITY),
    "jpeg_60": lambda picture: saved(picture, "JPEG", 60),
    "webp_80": lambda picture: saved(picture, "WEBP", 80),
    "resized_75": resized,
    "resized_75_jpeg_80": lambda picture: saved(resized(picture), "JPEG", QUALITY),
}


def survival(pictures: list[Picture]) -> dict[str, Any]:
    marked = [watermarked(picture) for picture in pictures]
    ratios = [psnr(one, other) for one, other in zip(pictures, marked, strict=True)]
    found = {
        name: float(np.mean([look_for_mark(treat(picture)).is_marked for picture in marked]))
        for name, treat in TREATMENTS.items()
    }
    return {
        "pictures": len(pictures),
        "psnr_mean": round(float(np.mean(ratios)), 2),
        "psnr_least": round(min(ratios), 2),
        "found": found,
    }


def psnr(one: Picture, other: Picture) -> float:
    """Of brightness over white, in dB."""
    error = np.mean((brightness(*split(one)) - brightness(*split(other))) ** 2)
    return float(10 * np.log10(255**2 / error))


def unmarked(data: Path, count: int) -> Iterator[tuple[str, Iterable[Picture]]]:
    for name in ("emoji-64", "dress-24"):
        yield f"painted by {name}", painted(name, 2000)
    for archive in sorted(data.glob("*.zip")):
        yield archive.name, islice(pictures_of(archive), count)
    yield "one gray each, 64×64", (np.full((64, 64, 1), level, np.uint8) for level in range(256))


def alarms(pictures: Iterable[Picture]) -> dict[str, Any]:
    p_values = np.array(
        [[look_for_mark(each).p_value for each in (picture, saved(picture, "JPEG", QUALITY))] for picture in pictures]
    )
    return {
        "looked": int(p_values.size),
        "alarms": int((p_values <= 1e-6).sum()),
        "smallest_p": float(p_values.min()),
        "share_below_0.01": float((p_values <= 0.01).mean()),
    }


def alternatives(kinds: dict[str, list[Picture]]) -> Iterator[dict[str, Any]]:
    for name, groups in ALTERNATIVES.items():
        for step in (16.0, 20.0, 24.0):
            with marking(groups, step):
                for kind in ("emoji 64×64 RGBA", "dresses 24×24 gray"):
                    outcome = survival(kinds[kind])
                    found = {treatment: outcome["found"][treatment] for treatment in ("png", "jpeg_80", "jpeg_60")}
                    ratios = {name: outcome[name] for name in ("psnr_mean", "psnr_least")}
                    yield {"directions": name, "step": step, "kind": kind, **ratios, **found}


@contextmanager
def marking(groups: Any, step: float) -> Iterator[None]:
    before = watermark.GROUPS, watermark.STRONG
    watermark.GROUPS, watermark.STRONG = groups, step
    watermark.directions_of.cache_clear()
    try:
        yield
    finally:
        watermark.GROUPS, watermark.STRONG = before
        watermark.directions_of.cache_clear()


def cost(side: int) -> dict[str, Any]:
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return {"side": side, "mark": timed(watermarked, picture), "look": timed(look_for_mark, picture)}


def timed(work: Callable[[Picture], Any], picture: Picture) -> float:
    """Median of seven, in milliseconds."""
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        work(picture)
        times.append(1000 * (time.perf_counter() - begun))
    return round(float(np.median(times)), 2)


if __name__ == "__main__":
    main()
