"""The command ``allaprima``: finds the subcommand, and turns errors into one sentence and exit status 2."""

import sys
from importlib import import_module
from typing import Any

import click

from allaprima.allocator import keep_memory
from allaprima.errors import AllaPrimaError
from allaprima.version import __version__

COMMANDS = {
    "dataset": "Make a dataset archive from images, archives or videos.",
    "inspect": "Say what a dataset holds, before anyone trains on it.",
    "train": "Train a generator, or go on exactly where a training stopped.",
    "generate": "Paint images from seeds or saved latents.",
    "mix": "Paint with the layers of several seeds: sheets and films.",
    "walk": "Film a walk through the latents, or from model to model.",
    "project": "Find the latents of an image.",
    "encoder": "Teach a network to guess the latents of images.",
    "directions": "Find directions in the styles, and paint along them.",
    "evaluate": "Measure a model's images, or those of all snapshots.",
    "explain": "Show how a model paints, layer by layer, on one page.",
    "film": "Film a training: its images, and its discriminator's verdicts.",
    "import": "Make a model file of another program's pickle, safely.",
    "export": "Write a model for other programs: ONNX, .pt, the hub.",
    "models": "List the known public models.",
    "blend": "Blend two networks into one.",
    "convert": "Change a model's size, aspect, channels or precision.",
    "studio": "Paint, project and watch trainings in the browser.",
    "origin": "Say where pictures come from: metadata and watermark.",
    "doctor": "Say what this machine has and how fast it is.",
}
HOMES = {"import": ("importing", "import_model"), "export": ("exporting", "export_model")}  # not named by themselves
NO_ARGUMENTS = getattr(click.exceptions, "NoArgsIsHelpError", ())  # click 8.1 has no such error


class Commands(click.Group):
    """Imports a command when it is called, so that help and errors come at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order in which one uses them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = HOMES.get(cmd_name, (cmd_name, cmd_name))
        command: click.Command = getattr(import_module(f"allaprima.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="allaprima")
def cli() -> None:
    """Train a style-based generator on anyone's images, and paint with it.

    \b
    Examples:
      allaprima generate emoji-64 --seeds 0-63 --grid --out sheet
      allaprima train my-images.zip runs/mine --recipe laptop
    """  # noqa: D301  click reads the backspace
    keep_memory()


def main(args: list[str] | None = None) -> Any:
    """Run the command line; never returns normally."""
    try:
        status = cli.main(args=args, prog_name="allaprima", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except AllaPrimaError as error:
        fail(str(error), 2)
    except click.ClickException as error:
        if isinstance(error, NO_ARGUMENTS):
            error.show()
            sys.exit(2)
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "allaprima"
        fail(f"{' '.join(error.format_message().split()).rstrip('.')} ({command} --help shows how)", 2)
    except (KeyboardInterrupt, click.Abort):
        fail("stopped", 130)


def fail(sentence: str, status: int) -> None:
    """Print one sentence to the standard error, and exit."""
    click.echo(f"allaprima: {sentence}", err=True)
    sys.exit(status)
