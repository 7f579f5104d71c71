"""allaprima generate: images from seeds or saved latents."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allaprima.cli.device import choose_device, device_option
from allaprima.cli.label import label_of
from allaprima.cli.origin import metadata_option, origin_of, require_room, watermark_option
from allaprima.cli.shards import Wish, fill_shards, shard_options
from allaprima.cli.sharing import share_of
from allaprima.cli.truncation import finite, truncation_of, truncation_option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from allaprima.generation import Images
    from allaprima.origin import Origin

MOST_CHANNELS = 4  # of a PNG


@click.command()
@click.argument("model")
@click.option("--seeds", help="Seeds and ranges of them: 0-31 or 0,5,10-14.  [default: 0-31]")
@click.option("--latents", type=click.Path(path_type=Path), help="Paint saved latents (.npz, .npy, .safetensors).")
@truncation_option()
@click.option("--cutoff", type=click.IntRange(min=0), help="Truncate only so many of the first layers.")
@click.option(
    "--class",
    "class_name",
    help="Class to paint, by number or name; several as cat+striped; a label of numbers as 0.2,0.5,1; of shards also"
    " each: seed modulo the number of classes.",
)
@click.option(
    "--noise",
    type=click.Choice(["const", "random", "none", "saved"]),
    help="The model's own noise, noise drawn from the seed, none, or that which was saved with the latents."
    "  [default: saved, if there is some, else const]",
)
@click.option("--grid", is_flag=True, help="One sheet of all images instead of one file for each.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="Directory to fill."
)
@shard_options()
@metadata_option()
@watermark_option()
@device_option()
def generate(
    *,
    seeds: str | None,
    out: Path,
    grid: bool,
    shards: int | None,
    shard: str | None,
    format_: str | None,
    **other: Any,
) -> None:
    """Paint images with MODEL: a bundled name, a model file, a directory or a run directory.

    \b
    Examples:
      allaprima generate emoji-64 --seeds 0-63 --grid --out sheet
      allaprima generate runs/flowers --seeds 7,100-120 --truncation 0.7 --out flowers
      allaprima generate runs/flowers --seeds 0-99999 --shards 100 --out many

    With --shards the images go into archives with manifests. Give the command to torchrun, or with --shard I/N to any
    scheduler, and the processes share the shards; given again, it paints those that are missing.
    """  # noqa: D301  click reads the backspace
    from allaprima.errors import LatentError
    from allaprima.generation import parse_seeds

    if seeds is not None and other["latents"] is not None:
        raise LatentError("give --seeds or --latents, not both")
    wish = Wish(seeds=parse_seeds("0-31" if seeds is None else seeds), **other)
    share = share_of(shards, shard, format_)
    if share is None:
        paint_files(wish, out, grid=grid)
    else:
        fill_shards(wish, share, out, grid=grid)


def paint_files(wish: Wish, out: Path, *, grid: bool) -> None:
    """Paint a file for each image, or one sheet of all of them. Raises `LatentError` and `OutputError`."""
    from allaprima import generation
    from allaprima.checkpoint import load_networks
    from allaprima.latents.styles import styles_of_seeds

    networks = load_networks(wish.model, roles=("G_ema",), device=choose_device(wish.device_name))
    G = networks.G_ema
    label = label_of(wish.class_name, networks.class_names)
    look = Look(
        origin=origin_of(G, truncation=wish.truncation, class_name=wish.class_name, label=label)
        if wish.metadata
        else None,
        watermark=wish.watermark,
    )
    paint = partial(generation.generate, G, **noise_of(wish.noise, wish.latents, G))
    cut: dict[str, Any] = {"truncation_cutoff": wish.cutoff}
    if wish.latents is not None:
        psi = own_psi(wish.truncation)
        images = paint(ws=generation.read_latents(wish.latents, G, truncation_psi=psi, **cut, **label))
        names = [f"latent{index:04d}.png" for index in range(len(images))]
    else:
        options = truncation_of(wish.truncation, G, label) | label | cut
        if "centres" in options:
            images = replace(paint(ws=styles_of_seeds(G, wish.seeds, **options)), seeds=wish.seeds)  # of the noise
        else:
            images = paint(seeds=wish.seeds, **options)
        names = [f"seed{seed:04d}.png" for seed in wish.seeds]
        look = replace(look, seeds=wish.seeds)
    write(images, names, out, look, grid=grid)


def own_psi(truncation: str) -> float:
    """The ψ of `--truncation` for saved latents. Raises `LatentError`."""
    from allaprima.errors import LatentError

    if "@" in truncation:
        raise LatentError(
            "--truncation with @ is for seeds: saved latents can be drawn to the model's own average alone"
        )
    return finite(truncation, truncation)


def noise_of(noise: str | None, latents: Path | None, G: Any) -> dict[str, Any]:
    """What `--noise` means, as arguments of `allaprima.generate`. Raises `LatentError`."""
    from allaprima.errors import LatentError
    from allaprima.generation import read_noise

    saved = read_noise(latents, G) if latents is not None and noise in (None, "saved") else {}
    if noise == "saved" and not saved:
        raise LatentError("--noise saved is for latents that were saved with noise, as allaprima project does")
    return {"noise": saved} if saved else {"noise_mode": noise or "const"}


def require_png(G: Any) -> None:
    """Raise `OutputError` if the model's images cannot be PNGs."""
    from allaprima.errors import OutputError

    if G.img_channels > MOST_CHANNELS:
        raise OutputError(f"this model paints {G.img_channels} channels: a PNG holds {MOST_CHANNELS} at most")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What files get besides their pixels.

    Attributes:
        origin: What they say of where they come from; None: nothing.
        watermark: Whether their pixels are marked.
        seeds: One for each image; None where they were painted from saved latents.
    """

    origin: "Origin | None"
    watermark: bool = False
    seeds: Sequence[int] | None = None

    def write(self, path: Path, image: "NDArray[np.uint8]", index: int | None = None) -> None:
        """Write the image of that index, or a sheet of all of them."""
        from allaprima.generation.order import as_ranges
        from allaprima.images import write_png
        from allaprima.origin import watermarked

        origin = self.origin
        if origin is not None and self.seeds is not None:
            origin = replace(origin, seed=as_ranges(self.seeds) if index is None else self.seeds[index])
        write_png(path, watermarked(image) if self.watermark else image, texts=origin.texts() if origin else None)


def write(images: "Images", names: list[str], out: Path, look: Look, *, grid: bool) -> None:
    """Paint ``images`` into files of ``names`` in ``out``, or all of them into one sheet."""
    import numpy as np
    from tqdm import tqdm

    from allaprima import images as pictures
    from allaprima.files import make_directory

    require_png(images.G)
    if look.watermark and not grid:
        require_room(images.G.img_height, images.G.img_width)
    make_directory(out)
    painted = tqdm(images, total=len(images), unit="img", disable=not sys.stderr.isatty(), leave=False)
    if grid:
        stack = np.stack([image if image.ndim == 3 else image[:, :, None] for image in painted])
        look.write(out / "grid.png", pictures.grid(np.ascontiguousarray(stack.transpose(0, 3, 1, 2))))
        click.echo(f"painted {len(images)} images into {out / 'grid.png'}")
        return
    for index, (name, image) in enumerate(zip(names, painted, strict=True)):
        look.write(out / name, image, index)
    click.echo(f"painted {len(images)} images into {out}: {names[0]} … {names[-1]}")
