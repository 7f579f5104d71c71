"""allaprima encoder: teach a network to guess the latents of images in one pass."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from allaprima.cli.device import choose_device, device_option

if TYPE_CHECKING:
    from allaprima.cli.stopping import Stop
    from allaprima.latents.projection import EncoderTraining

SAVE_SECONDS = 300.0
SMOOTHING = 0.05  # weight of the newest step in what is shown


@click.command()
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Stop after so many steps, of 16 images each, if sooner.")
@click.option("--class", "class_name", help="Only images of this class, by number or name.")
@device_option()
def encoder(model: str, out: Path, minutes: float, steps: int | None, class_name: str | None, device_name: str) -> None:
    """Teach an encoder for MODEL with images that MODEL paints, and write it to OUT (.safetensors).

    \b
    Examples:
      allaprima encoder emoji-64 emoji-encoder.safetensors --minutes 20
      allaprima project emoji-64 smile.png --encoder emoji-encoder.safetensors --steps 100

    If OUT is there, its training goes on. Ctrl-C keeps what is learned.
    """  # noqa: D301  click reads the backspace
    from allaprima.checkpoint import load
    from allaprima.cli.label import label_of
    from allaprima.cli.stopping import stop_signal
    from allaprima.errors import OutputError
    from allaprima.latents.projection import EncoderTraining, new_encoder, read_encoder, write_encoder
    from allaprima.models import fast_half, set_half

    if out.suffix != ".safetensors":
        raise OutputError(f"{out} is no name for an encoder: it must end in .safetensors")
    device = choose_device(device_name)
    G = load(model, device=device)
    label = label_of(class_name, None)
    network, moments = read_encoder(out, G) if out.exists() else (new_encoder(G, **label), None)
    for half in (G, network):
        set_half(half, fast_half(device))
    training = EncoderTraining(G, network, moments=moments, **label)
    click.echo(f"{'going on' if training.done else 'starting'} at step {training.done}")
    with stop_signal() as stop:
        teach(training, out, stop, seconds=60 * minutes, steps=steps)
    write_encoder(out, training)
    click.echo(f"{'stopped' if stop.wished else 'done'} at step {training.done}: {out}")


def teach(training: "EncoderTraining", out: Path, stop: "Stop", *, seconds: float, steps: int | None) -> None:
    """Take steps until the time or their number is over, or there is a wish to stop; save now and then."""
    from tqdm import tqdm

    from allaprima.latents.projection import write_encoder

    begun = saved = time.monotonic()
    first, latent, distance = training.done, float("nan"), float("nan")
    with tqdm(total=round(seconds), unit="s", disable=not sys.stderr.isatty(), leave=False) as bar:
        for lesson in training:
            latent = _smoothed(latent, lesson.latent)
            distance = _smoothed(distance, lesson.distance)
            now = time.monotonic()
            bar.set_description(f"step {lesson.done}  latents {latent:.3f}  images {distance:.3f}", refresh=False)
            bar.update(min(now - begun, seconds) - bar.n)
            if now - saved > SAVE_SECONDS:
                write_encoder(out, training)
                saved = now
            if stop.wished or now - begun >= seconds or (steps is not None and lesson.done - first >= steps):
                break
    click.echo(f"error of the latents {latent:.3f} (1: always the mean), of the images {distance:.3f}")


def _smoothed(mean: float, value: float) -> float:
    return value if mean != mean else mean + SMOOTHING * (value - mean)
