"""Make the pictures of the docs: sheets of the bundled models, and what their trainings painted on the way.

    python tools/docs_pictures.py runs/emoji-64 runs/dress-24
    python tools/docs_pictures.py --systems runs/dress-progan runs/dress-stylegan …
    python tools/docs_pictures.py --converted runs/emoji-64

Writes docs/images/NAME.png for each bundled model (seeds 0 to 63, nothing chosen) and docs/images/NAME-training.png for
each run given: the same latents before training and at its snapshots, one row each. With ``--systems`` it writes
docs/images/systems.png: the first two rows of the last sheet of each run; with ``--converted``
docs/images/converted.png: emoji-64 as it is, of other shapes, and blended with the run's first snapshot.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import allaprima
from allaprima.checkpoint import bundled_names
from allaprima.images import grid
from allaprima.training.directory import RunDirectory

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH = 960  # pixels of a page
COLUMNS = 16
ROWS = 6
TILE = 68  # pixels that an image of 64×64 has among others


def main() -> None:
    """Write all pictures, and print their names."""
    IMAGES.mkdir(exist_ok=True)
    if sys.argv[1:2] == ["--systems"]:
        write("systems.png", np.concatenate([last_rows(Path(path)) for path in sys.argv[2:]]))
        return
    if sys.argv[1:2] == ["--converted"]:
        write("converted.png", converted(Path(sys.argv[2])))
        return
    for name in bundled_names():
        stack = np.stack(list(allaprima.generate(allaprima.load(name), seeds=range(64))))
        stack = stack[..., None] if stack.ndim == 3 else stack
        write(f"{name}.png", grid(np.ascontiguousarray(stack.transpose(0, 3, 1, 2)), columns=COLUMNS))
    for path in map(Path, sys.argv[1:]):
        write(f"{path.name}-training.png", training(path))


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) of the images of a run."""
    config = RunDirectory(path).config()
    assert config is not None
    height, width = config["data"]["shape"][1:]
    return height, width


def last_rows(path: Path, count: int = 2) -> np.ndarray:
    """The first rows of the last sheet of a run, with a white line below."""
    height, width = image_size(path)
    rows = np.asarray(Image.open(max(path.glob("fakes[0-9]*.png"))))[: count * height, : COLUMNS * width]
    return np.concatenate([rows, np.full_like(rows[:2], 255)])


CONVERSIONS = (["--width", "48"], ["--channels", "1"], ["--size", "32"])


def converted(path: Path, count: int = 12) -> np.ndarray:
    """emoji-64 and what `allaprima convert` and `allaprima blend` make of it: rows of the same seeds."""
    first = min(path.glob("snapshots/*.safetensors"))
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder) / f"{number}.safetensors" for number in range(len(CONVERSIONS))]
        for file, options in zip(made, CONVERSIONS, strict=True):
            allaprima_command("convert", "emoji-64", file, *options)
        blended = Path(folder) / "blended.safetensors"
        allaprima_command("blend", "emoji-64", first, blended, "--from", "16")
        models = [allaprima.load(model) for model in ("emoji-64", *made, blended)]
    sheets = [list(allaprima.generate(G, seeds=range(count))) for G in models]
    return np.concatenate([np.concatenate([on_tile(image, TILE) for image in sheet], axis=1) for sheet in sheets])


def allaprima_command(*arguments: object) -> None:
    """Run ``allaprima``."""
    subprocess.run([sys.executable, "-m", "allaprima", *map(str, arguments)], check=True)


def on_tile(image: np.ndarray, side: int) -> np.ndarray:
    """An image in the middle of a white square, over white where it is transparent: RGB."""
    tile, picture = Image.new("RGBA", (side, side), "white"), Image.fromarray(image).convert("RGBA")
    tile.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(tile.convert("RGB"))


def training(path: Path) -> np.ndarray:
    """The first row of each sheet of a run, from before the training to its end, evenly chosen."""
    height, width = image_size(path)
    sheets = sorted(path.glob("fakes[0-9]*.png"))
    chosen = [sheets[round(i * (len(sheets) - 1) / (ROWS - 2))] for i in range(ROWS - 1)] if sheets else []
    rows = [np.asarray(Image.open(sheet)) for sheet in (path / "fakes_init.png", *dict.fromkeys(chosen))]
    print(
        path.name, "rows:", ", ".join(["init", *(sheet.stem.removeprefix("fakes") for sheet in dict.fromkeys(chosen))])
    )
    return np.concatenate([row[:height, : COLUMNS * width] for row in rows])


def write(name: str, sheet: np.ndarray) -> None:
    """Write a sheet, enlarged by a whole number to about the width of a page, over white where it is transparent."""
    image = Image.fromarray(sheet)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    times = max(WIDTH // image.width, 1)
    image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST).save(
        IMAGES / name, optimize=True
    )
    print(IMAGES / name)


if __name__ == "__main__":
    main()
