"""allaprima walk: films through the latents of a model, or from model to model."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from allaprima.cli.device import choose_device, device_option
from allaprima.cli.origin import metadata_option, origin_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from allaprima.latents.motion import Motion

Kind = Literal["loop", "line", "sphere", "circle", "random"]
KEYS = {"loop": 4, "line": 4, "sphere": 4, "circle": 2, "random": 1}  # seeds of each walk, unless they are given
SECONDS_PER_LEG = 2.0
STEADY = 4  # legs of a walk that has none
LATENTS = (".npz", ".npy", ".safetensors")
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"


class Settings(NamedTuple):
    """What `--set` can change."""

    space: Literal["z", "w"] | None = None
    noise: str = "const"
    rotate: float = 0.0
    translate: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    cutoff: int | None = None
    smoothing: float = 1.0
    enlarge: int = 1
    quality: int = 90


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seeds", help="Seeds to pass, as 0-3 or 7,100,12; or a file of saved latents.  [default: 0-3]")
@click.option(
    "--kind",
    type=click.Choice(list(KEYS)),
    default="loop",
    show_default=True,
    help="loop: smooth and closed; line: straight; sphere: on great circles; circle: through 2 seeds; random: from 1.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Length.  [default: 2 for each seed]")
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True)
@click.option(
    "--truncation", default="1", show_default=True, metavar="ψ", help="0.7; 0.3:0.9 breathes, 0.3:0.9:4 four times."
)
@click.option(
    "--class", "class_name", help="Class to paint, as in `allaprima generate`; cat:dog walks from one to the next."
)
@click.option(
    "--grid", default="1x1", show_default=True, metavar="ROWSxCOLUMNS", help="Walks side by side; they share the seeds."
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="See above; several joined by commas, or repeated."
)
@metadata_option()
@device_option()
def walk(
    models: tuple[str, ...],
    out: Path,
    seeds: str | None,
    kind: Kind,
    seconds: float | None,
    fps: float,
    truncation: str,
    class_name: str | None,
    grid: str,
    settings: tuple[str, ...],
    metadata: bool,
    device_name: str,
) -> None:
    """Film a walk through the latents of MODEL into OUT: .mp4, .webm, .gif, .png (animated), or a folder of PNGs.

    \b
    Examples:
      allaprima walk emoji-64 loop.gif --seeds 1,5,9,20 --truncation 0.7
      allaprima walk emoji-64 wall.mp4 --kind random --grid 3x4 --seconds 20 --set enlarge=2
      allaprima walk dresses.safetensors turn.webm --seeds 3 --set rotate=360,scale=1.2
      allaprima walk faces cartoons.safetensors morph.mp4 --seeds 0-5 --grid 2x3

    With several models the weights walk from each to the next, and back with --kind loop, while each image keeps its
    latent. Ctrl-C leaves a film that can be played.

    \b
    --set changes
      space=z|w          through which latents  [w for loop and line, else z]
      noise=moving       or none, random (new in each frame); const is the model's own
      rotate=360         StyleGAN3: degrees counterclockwise
      translate=0.2:0    StyleGAN3: to the right and down, of the longer side
      scale=1.5          StyleGAN3
      cutoff=4           truncate only so many of the first layers
      smoothing=1        of --kind random, in seconds
      enlarge=4          each pixel as a square of 4×4
      quality=90         of .mp4 and .webm, 1 to 100
    """  # noqa: D301  click reads the backspace
    from allaprima.checkpoint import load_networks
    from allaprima.cli.filming import film
    from allaprima.errors import ConfigError
    from allaprima.images.film import check_film
    from allaprima.latents.model_walk import walk_models
    from allaprima.latents.route import Route
    from allaprima.latents.walks import walk as walk_latents

    check_film(out, fps=fps)
    chosen = settings_of(settings)
    rows, columns = grid_of(grid)
    device = choose_device(device_name)
    loaded = [load_networks(model, roles=("G_ema",), device=device) for model in models]
    networks = [each.G_ema for each in loaded]
    several = len(networks) > 1
    if several and kind not in ("loop", "line"):
        raise ConfigError(f"from model to model leads --kind loop, there and back, or line, not {kind}")
    label = labels_of(class_name, networks[0], loaded[0].class_names)
    default = f"0-{rows * columns * (1 if several else KEYS[kind]) - 1}"
    keys = keys_of(default if seeds is None else seeds, networks[0], label)
    legs = len(networks) if several else legs_of(kind, keys, rows * columns)
    frames = max(1, round((legs * SECONDS_PER_LEG if seconds is None else seconds) * fps))
    route = Route(
        **keys, kind=kind, space=chosen.space, frames=frames, grid=(rows, columns), sigma=chosen.smoothing * fps
    )
    look = {
        "noise": chosen.noise,
        "motion": motion_of(chosen),
        "truncation_cutoff": chosen.cutoff,
        **truncation_of_walk(truncation, networks[0], label),
    }
    made: Any = walk_models(networks, route, **look) if several else walk_latents(networks[0], route, **look)
    texts = None
    if metadata:
        told = str(default if seeds is None else seeds) if "seeds" in keys else None
        texts = origin_of(*networks, truncation=truncation, class_name=class_name, label=label, seed=told).texts()
    count = film(out, enlarged(made, chosen.enlarge), len(made), fps=fps, quality=chosen.quality, texts=texts)
    click.echo(f"filmed {count} frames ({count / fps:.1f} s) into {out}")


def settings_of(texts: tuple[str, ...]) -> Settings:
    """What `--set` says. Raises `ConfigError`."""
    from allaprima.errors import ConfigError

    found: dict[str, Any] = {}
    for text in (part for joined in texts for part in joined.split(",")):
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in READERS:
            raise ConfigError(f"--set knows {', '.join(READERS)}, not {name!r}")
        pattern, read, wanted = READERS[name]
        if not re.fullmatch(pattern, value):
            raise ConfigError(f"--set {name} takes {wanted}, not {value!r}")
        found[name] = read(value)
    return Settings(**found)


def shift(text: str) -> tuple[float, float]:
    """``0.2:0.1`` or ``0.2``, which leads to the right."""
    x, _, y = text.partition(":")
    return float(x), float(y or 0)


READERS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "space": ("z|w", str, "z or w"),
    "noise": ("const|none|random|moving", str, "const, none, random or moving"),
    "rotate": (NUMBER, float, "degrees, as 360"),
    "translate": (f"{NUMBER}(:{NUMBER})?", shift, "shares of the image, as 0.2:0"),
    "scale": (NUMBER, float, "a factor, as 1.5"),
    "cutoff": (r"\d{1,4}", int, "a number of layers"),
    "smoothing": (NUMBER, float, "seconds, as 1"),
    "enlarge": ("[1-9]|1[0-6]", int, "a whole number from 1 to 16"),
    "quality": ("[1-9][0-9]?|100", int, "a whole number from 1 to 100"),
}
"""Of each setting: the pattern of its values, how to read one, and what is wanted."""


def grid_of(text: str) -> tuple[int, int]:
    """Rows and columns. Raises `ConfigError`."""
    from allaprima.errors import ConfigError

    match = re.fullmatch(r"\s*([1-9]\d{0,2})\s*[x×X]\s*([1-9]\d{0,2})\s*", text)
    if match is None:
        raise ConfigError(f"{text!r} is no grid: give rows and columns, as 2x3")
    return int(match[1]), int(match[2])


def labels_of(text: str | None, G: Any, class_names: list[str] | None) -> dict[str, Any]:
    """What `--class` means: one label, or several to visit, as arguments of `Route`. Raises `LatentError`."""
    import torch

    from allaprima.cli.label import label_of
    from allaprima.generation.labels import labels

    if text is None or ":" not in text:
        return label_of(text, class_names)
    found = [{"c": None, "class_index": None} | label_of(part.strip(), class_names) for part in text.split(":")]
    rows = [labels(G, 1, **label) for label in found]
    return {"c": torch.cat([row for row in rows if row is not None])}


def keys_of(text: str, G: Any, label: dict[str, Any]) -> dict[str, Any]:
    """What `--seeds` means: seeds with their label, or styles of a file, as arguments of `Route`."""
    from allaprima.generation import parse_seeds, read_latents

    if Path(text).suffix.lower() in LATENTS:
        return {"ws": read_latents(Path(text), G, **label)}
    return {"seeds": parse_seeds(text), **label}


def legs_of(kind: Kind, keys: dict[str, Any], walks: int) -> int:
    """How many times `SECONDS_PER_LEG` a walk takes unless it is said: as often as it meets a key."""
    each = len(keys["seeds"] if "seeds" in keys else keys["ws"]) // walks
    return STEADY if kind in ("circle", "random") or each < 2 else each - (kind in ("line", "sphere"))


def motion_of(chosen: Settings) -> "Motion | None":
    """What the image undergoes, if anything."""
    from allaprima.latents.motion import Motion

    asked = Motion(rotate=chosen.rotate, translate=chosen.translate, scale=chosen.scale)
    return None if asked == Motion() else asked


def truncation_of_walk(text: str, G: Any, label: dict[str, Any]) -> dict[str, Any]:
    """What `--truncation` means: ψ, or two that alternate; after @ a centre. Raises `LatentError` or `ConfigError`."""
    from allaprima.cli.truncation import truncation_of
    from allaprima.errors import ConfigError
    from allaprima.latents.walks import Breath

    match = re.fullmatch(rf"({NUMBER}):({NUMBER})(?::([1-9]\d{{0,3}}))?((?:@.*)?)", text.strip())
    found = truncation_of(f"{match[1]}{match[4]}" if match else text, G, label)
    centres = found.pop("centres", None)
    if centres is not None and len(centres) > 1:
        raise ConfigError(f"a walk would jump between the {len(centres)} centres of {text!r}: it can have one")
    if match:
        found["truncation_psi"] = Breath(float(match[1]), float(match[2]), int(match[3] or 1))
    return found | {"centre": None if centres is None else centres[0]}


def enlarged(frames: "Iterable[NDArray[np.uint8]]", factor: int) -> "Iterator[NDArray[np.uint8]]":
    """Each pixel as a square of ``factor``²."""
    for frame in frames:
        yield frame if factor == 1 else frame.repeat(factor, axis=0).repeat(factor, axis=1)
