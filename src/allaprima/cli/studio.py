"""allaprima studio: the browser application."""

import re
import secrets
from importlib.util import find_spec
from pathlib import Path

import click

from allaprima.cli.device import device_option
from allaprima.errors import ConfigError

BUNDLED = ("emoji-64", "dress-24")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NEEDED = ("fastapi", "uvicorn")


@click.command()
@click.argument("models", nargs=-1)
@click.option(
    "--run", "runs", multiple=True, type=click.Path(path_type=Path), help="A run directory to watch; may be repeated."
)
@click.option(
    "--data", "datasets", multiple=True, type=click.Path(path_type=Path), help="Images to look at; may be repeated."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("studio"),
    show_default=True,
    help="Directory of what it makes: films, projections, orders.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=7860, show_default=True, help="0 takes a free one.")
@click.option("--token", help="Ask every visitor for this; 'new' makes one.  [default: none; other hosts: new]")
@click.option("--host-name", "hosts", multiple=True, help="Another name that browsers may call it by, as a proxy's.")
@click.option("--allow-training", is_flag=True, help="Let pages start and stop trainings.")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@device_option()
def studio(
    models: tuple[str, ...],
    runs: tuple[Path, ...],
    datasets: tuple[Path, ...],
    out: Path,
    host: str,
    port: int,
    token: str | None,
    hosts: tuple[str, ...],
    allow_training: bool,
    opens: bool,
    device_name: str,
) -> None:
    """Paint with MODELS in the browser: bundled names, model files, run directories.  [default: the bundled ones]

    \b
    Examples:
      allaprima studio
      allaprima studio runs/flowers --data flowers.zip --open
    """  # noqa: D301  click reads the backspace
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ConfigError(f"the studio needs {missing[0]}: pip install 'allaprima[studio]'")
    from allaprima.studio.server import serve
    from allaprima.studio.settings import Settings

    directories = [*runs, *(Path(model) for model in models if is_run(Path(model)))]
    settings = Settings(
        models=named(models or BUNDLED),
        runs={name: Path(place) for name, place in named([str(run) for run in directories]).items()},
        datasets={name: Path(place) for name, place in named([str(data) for data in datasets]).items()},
        out=out,
        host=host,
        port=port,
        token=token_of(token, host),
        hosts=tuple(name.lower() for name in hosts),
        device=device_name,
        allow_training=allow_training,
    )
    check(settings.models, settings.runs, settings.datasets)

    def started(address: str) -> None:
        click.echo(f"the studio is open at {address}  (Ctrl-C closes it)")
        if opens:
            click.launch(address)

    serve(settings, on_start=started)
    click.echo(f"closed; what was made is in {out}")


def named(places: tuple[str, ...] | list[str]) -> dict[str, str]:
    """A short name for each place, and no two alike."""
    found: dict[str, str] = {}
    for place in dict.fromkeys(places):
        path = Path(place)
        stem = path.stem if path.suffix.lower() in (".safetensors", ".pkl", ".pt", ".pth", ".zip") else path.name
        name = stem = re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "model"
        number = 2
        while name in found:
            name, number = f"{stem}-{number}", number + 1
        found[name] = place
    return found


def token_of(text: str | None, host: str) -> str | None:
    """What visitors must know. Who opens the studio to others has one unless he says that he wants none."""
    if text is None:
        return None if host in LOOPBACK else secrets.token_urlsafe(16)
    if text == "new":
        return secrets.token_urlsafe(16)
    if text == "none":
        return None
    if not re.fullmatch(r"[\w.~-]{4,200}", text):
        raise ConfigError(
            "a token has 4 to 200 letters, digits, or any of . _ ~ -; 'new' makes one, 'none' asks for none"
        )
    return text


def is_run(path: Path) -> bool:
    """Whether a directory is that of a training."""
    return (path / "config.json").is_file() and (path / "stats.jsonl").is_file()


def check(models: dict[str, str], runs: dict[str, Path], datasets: dict[str, Path]) -> None:
    """Raise an error now if something is not there, rather than in the browser."""
    for place in models.values():
        if place not in BUNDLED and not Path(place).exists():
            from allaprima.checkpoint.load import locate

            locate(place)
    for run in runs.values():
        if not run.is_dir():
            raise ConfigError(f"there is no run directory {run}")
    for data in datasets.values():
        if not data.exists():
            raise ConfigError(f"there is no archive or folder of images {data}")
