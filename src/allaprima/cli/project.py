"""allaprima project: the latents of images."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from allaprima.cli.device import choose_device, device_option

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks
    from allaprima.cli.stopping import Stop
    from allaprima.latents.projection import Distance, Projection, Target

INTERRUPTED = 130  # exit status after Ctrl-C
FILM_FPS = 24
MOST_CANDIDATES = 100_000


@click.command()
@click.argument("model")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE...")
@click.option("--out", type=click.Path(path_type=Path), default=Path("projected"), show_default=True)
@click.option(
    "--space",
    type=click.Choice(["w", "w+"]),
    default="w+",
    show_default=True,
    help="One style for all layers, which keeps to what the model paints, or one for each, which comes nearer.",
)
@click.option("--steps", type=click.IntRange(min=1), default=500, show_default=True)
@click.option(
    "--distance",
    type=click.Choice(["auto", "lpips", "own"]),
    default="auto",
    show_default=True,
    help="lpips fetches VGG-16 (553 MB, once), own needs nothing, auto takes LPIPS if it is there.",
)
@click.option(
    "--start", help="mean, seed:7, best:64 (of so many), or a file of latents.  [default: the encoder's guess, or mean]"
)
@click.option("--tune", type=click.IntRange(min=1), help="Then tune a copy of the model in so many steps.")
@click.option("--encoder", "encoder_path", type=click.Path(path_type=Path), help="Start from its guess.")
@click.option("--class", "class_name", help="Class to start in, by number or name, as in `allaprima generate`.")
@device_option()
def project(
    model: str,
    images: tuple[Path, ...],
    out: Path,
    space: Literal["w", "w+"],
    steps: int,
    distance: Literal["auto", "lpips", "own"],
    start: str | None,
    tune: int | None,
    encoder_path: Path | None,
    class_name: str | None,
    device_name: str,
) -> None:
    """Find the latents with which MODEL paints each IMAGE, as nearly as it can.

    \b
    Examples:
      allaprima project emoji-64 smile.png --out smile
      allaprima project runs/faces me.jpg you.jpg --space w --steps 1000 --out us
      allaprima project runs/faces me.jpg --tune 200 --out me
      allaprima generate me/tuned.safetensors --latents me/latents.safetensors

    OUT gets target.png, projected.png, latents.safetensors, projected_w.npz (the reference's), the distance as .csv and
    .png, and a film of the way; of several images, those of each one in a folder of its name. --tune adds
    tuned.safetensors and tuned.png. Images of another size or mode are fitted. A run directory knows its discriminator,
    whose eye makes the own distance better. Ctrl-C ends the search early and writes what is there.
    """  # noqa: D301  click reads the backspace
    from allaprima.checkpoint import load_networks
    from allaprima.cli.label import label_of
    from allaprima.cli.stopping import stop_signal
    from allaprima.latents.projection import Projection, Search, read_target, write_outcome
    from allaprima.latents.projection.target import stacked

    check_out(out)
    networks = load_networks(model, roles=("G_ema", "D"), device=choose_device(device_name))
    G = networks.G_ema
    targets = [read_target(path, G) for path in images]
    say_notes(targets)
    label = label_of(class_name, networks.class_names)
    goal = distance_of(distance, networks.D)
    run_half(networks)
    projection = Projection(
        G,
        stacked(targets),
        distance=goal,
        start=start_of(start, encoder_path, G, stacked(targets), label),
        how=Search(space=space, steps=steps),
        label=label,
    )
    names = [target.name for target in targets]
    with stop_signal() as stop:
        for _ in watched(projection, len(projection), stop, "searching"):
            pass
        quality = write_outcome(out, projection, names)
        say_quality(names, quality.tolist())
        if tune is not None and not stop.wished:
            tuning(projection, networks, model, tune, names, out, stop)
    film = write_way(out, projection)
    if stop.wished:
        click.echo(f"allaprima: stopped early: {out} holds what was found", err=True)
        sys.exit(INTERRUPTED)
    images_now = "1 image" if len(names) == 1 else f"{len(names)} images"
    click.echo(f"projected {images_now} into {out}: latents.safetensors, {film} …")


def check_out(out: Path) -> None:
    """Find out before any work whether OUT can be filled. Raises `OutputError`."""
    from allaprima.errors import OutputError
    from allaprima.files import make_directory

    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file: --out must be a directory, which is made if it is not there")
    make_directory(out)


def say_notes(targets: "Sequence[Target]") -> None:
    """Tell what was changed about the images."""
    for target in targets:
        for note in target.notes:
            click.echo(f"allaprima: {target.name}: {note}", err=True)


def distance_of(name: Literal["auto", "lpips", "own"], D: Any) -> "Distance":
    """What ``--distance`` means; says what ``auto`` has found."""
    from allaprima.checkpoint.perceptual import fetch_lpips, find_lpips
    from allaprima.latents.projection import PerceptualDistance, PyramidDistance, SumOfDistances, own_distance

    network = None if name == "own" else fetch_lpips() if name == "lpips" else find_lpips()
    if network is not None:
        device = "cpu" if D is None else next(D.parameters()).device
        return SumOfDistances(PyramidDistance(), PerceptualDistance(network.to(device)))
    return own_distance(D)


def run_half(networks: "Networks") -> None:
    """Let the blocks that may run in half precision do so, where that is faster."""
    from allaprima.models import fast_half, set_half

    half = fast_half(next(networks.G_ema.parameters()).device)
    for network in networks.members().values():
        set_half(network, half)


def start_of(text: str | None, encoder: Path | None, G: Any, targets: Any, label: dict[str, Any]) -> Any:
    """Where to start, as `Projection` takes it. Raises `LatentError`."""
    from allaprima.errors import LatentError
    from allaprima.generation import parse_seeds, read_latents
    from allaprima.latents.projection import read_encoder
    from allaprima.latents.projection.encoder import guess
    from allaprima.latents.styles import styles_of_seeds

    if encoder is not None:
        if text is not None:
            raise LatentError("give --start or --encoder, not both: each says where to start")
        return guess(read_encoder(encoder, G)[0], targets)
    if text in (None, "mean"):
        return None
    kind, _, number = (text or "").partition(":")
    if kind == "seed":
        return styles_of_seeds(G, parse_seeds(number), **label)
    if kind == "best":
        if not number.isdecimal() or not 1 <= int(number) <= MOST_CANDIDATES:
            raise LatentError(f"--start best takes a number from 1 to {MOST_CANDIDATES}, as best:64, not {number!r}")
        return int(number)
    path = Path(text or "")
    if not path.suffix:
        raise LatentError(f"--start is mean, seed:7, best:64 or a file of latents, not {text!r}")
    return read_latents(path, G, **label)


def watched(steps: Iterable[Any], total: int, stop: "Stop", what: str) -> Iterator[Any]:
    """Take steps and show how far they are, until there is a wish to stop."""
    from tqdm import tqdm

    for step in tqdm(steps, total=total, desc=what, unit="step", disable=not sys.stderr.isatty(), leave=False):
        yield step
        if stop.wished:
            return


def say_quality(names: Sequence[str], quality: Sequence[float]) -> None:
    """Tell how near each image was come to."""
    for name, decibels in zip(names, quality, strict=True):
        click.echo(f"{name}: {decibels:.1f} dB")


def tuning(
    projection: "Projection",
    networks: "Networks",
    model: str,
    steps: int,
    names: Sequence[str],
    out: Path,
    stop: "Stop",
) -> None:
    """Tune a copy of the generator; write it, and what it paints of the same latents."""
    from allaprima.checkpoint import Networks, save
    from allaprima.latents.projection import PivotalTuning, Tuning
    from allaprima.latents.projection.outcome import folders, painted_psnr, write_picture
    from allaprima.latents.projection.pivotal import painted

    tuned = PivotalTuning.of(projection, Tuning(steps=steps))
    done = 0
    for step in watched(tuned, len(tuned), stop, "tuning"):
        done = step.done
    pixels = painted(tuned.G, projection.ws)
    for folder, image in zip(folders(out, names), pixels, strict=True):
        write_picture(folder / "tuned.png", image)
    told = {"tuning": {"model": model, "images": list(names), "steps": done}}
    made = Networks(G_ema=tuned.G, provenance=networks.provenance | told, class_names=networks.class_names)
    save(made, out / "tuned.safetensors")
    quality = painted_psnr(pixels, projection.targets).tolist()
    for name, decibels in zip(names, quality, strict=True):
        click.echo(f"{name}: {decibels:.1f} dB after tuning")


def write_way(out: Path, projection: "Projection") -> str:
    """Film the way; its name. MP4 where PyAV is installed, else an animated PNG."""
    from tqdm import tqdm

    from allaprima.images.film import write_film
    from allaprima.latents.projection.outcome import frames

    name = "film.mp4" if find_spec("av") else "film.png"
    way = tqdm(
        frames(projection), total=len(projection.trail), desc="filming", disable=not sys.stderr.isatty(), leave=False
    )
    write_film(out / name, way, fps=FILM_FPS)
    return name
