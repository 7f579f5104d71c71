"""allaprima blend: the coarse layers of one model and the fine layers of another, or the average of both."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks

RIGHTS = ("images", "images_licence", "attribution", "licence")
"""What a model says of those whose work is in it: that of a blend is in both its parents."""


@click.command()
@click.argument("a")
@click.argument("b")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--from", "resolution", type=float, help="First resolution of B: 4, 8, 16, …; coarser layers are A's.")
@click.option(
    "--smooth", type=click.IntRange(min=0), default=0, show_default=True, help="So many layers of B begin as a mix."
)
@click.option(
    "--average", "share", type=click.FloatRange(0, 1), help="Share of B: in its layers, or without --from everywhere."
)
@click.option("--mapping", type=click.Choice(["a", "b"]), help="Whose mapping network, with --from.  [default: a]")
def blend(
    a: str,
    b: str,
    out: Path,
    resolution: float | None,
    smooth: int,
    share: float | None,
    mapping: Literal["a", "b"] | None,
) -> None:
    """Make one generator of A and B and write it to OUT.

    \b
    Examples:
      allaprima blend faces cartoons.safetensors toons.safetensors --from 32
      allaprima blend faces cartoons.safetensors toons.safetensors --from 16 --smooth 3 --average 0.8
      allaprima blend runs/faces/snapshots/a.safetensors b.safetensors mean.safetensors --average 0.5

    A and B are bundled names, model files, directories or run directories, of one shape; best, B was fine-tuned from A.
    The coarse layers paint shapes, the fine layers colours and texture.
    """  # noqa: D301  click reads the backspace
    from allaprima import surgery
    from allaprima.checkpoint import Networks, load_networks, save
    from allaprima.errors import ConfigError

    if resolution is None and share is None:
        raise ConfigError("say what to blend: --from RESOLUTION swaps layers, --average SHARE averages")
    if resolution is None and (smooth or mapping):
        raise ConfigError("--smooth and --mapping need --from: without it everything is averaged")
    parents = [load_networks(model, roles=("G_ema",)) for model in (a, b)]
    first, second = (parent.G_ema for parent in parents)
    if resolution is None:
        assert share is not None
        done: dict[str, Any] = {"average": share}
        G = surgery.average([first, second], [1 - share, share])
    else:
        mix = 1.0 if share is None else share
        done = {"from": resolution, "smooth": smooth, "average": mix, "mapping": mapping or "a"}
        G = surgery.blend(first, second, from_resolution=resolution, mix=mix, smooth=smooth, mapping=mapping or "a")
    told = provenance([(a, parents[0]), (b, parents[1])], done)
    save(Networks(G_ema=G, provenance=told, class_names=parents[0].class_names), out)
    click.echo(f"blended {a} and {b} into {out}")


def provenance(parents: "list[tuple[str, Networks]]", done: Mapping[str, Any]) -> dict[str, Any]:
    """Where a blend comes from: its parents, what was done, and all rights that both have."""
    told: dict[str, Any] = {}
    for key in RIGHTS:
        values = dict.fromkeys(str(networks.provenance[key]) for _, networks in parents if key in networks.provenance)
        if values:
            told[key] = "; ".join(values)
    told["blend"] = dict(done)
    told["parents"] = [{"model": model, **brief(networks.provenance)} for model, networks in parents]
    return told


def brief(told: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance of a parent, without the recipe."""
    return {key: value for key, value in told.items() if key not in ("recipe", "hardware")}
