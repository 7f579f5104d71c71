"""Writes docs/reference/commands.md: every command with its arguments, options and examples, as click knows them.

python tools/docs_commands.py
"""

import inspect
import re
from pathlib import Path

import click

from allaprima.cli.main import COMMANDS, cli

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
HEAD = """# Commands

This page is generated from the program (`python tools/docs_commands.py`); a test says when it is stale. Exit status:
0, or 2 after one sentence that says what is wrong, or 130 after Ctrl-C.
"""


def text() -> str:
    """The page."""
    parent = click.Context(cli, info_name="allaprima")
    return "\n".join([HEAD, *(_command(parent, name) for name in COMMANDS)])


def _command(parent: click.Context, name: str) -> str:
    command = cli.get_command(parent, name)
    assert command
    says, examples = _help(command)
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    usage = " ".join(["allaprima", name, *(_argument(argument) for argument in arguments), "[OPTIONS]"])
    parts = [f"## {name}", "", f"`{usage}`", "", says, ""]
    if examples:
        parts += ["```bash", *examples, "```", ""]
    rows = [f"| {_names(option)} | {_meaning(option)} |" for option in options if not option.hidden]
    return "\n".join([*parts, "| option | |", "|---|---|", *rows, ""])


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    several = "…" if argument.nargs != 1 and "…" not in name and "..." not in name else ""
    return f"{name}{several}" if argument.required else f"[{name}{several}]"


def _names(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    kind = option.type
    choices = "\\|".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else ""
    return f"{names} {_plain(option.metavar or '') or choices or kind.name.upper()}"


def _meaning(option: click.Option) -> str:
    words = [_plain(option.help or "")]
    if option.show_default and not option.is_flag:
        words.append(f"[default: {option.default}]")
    if option.multiple:
        words.append("(repeatable)" if "repeat" not in words[0] else "")
    return " ".join(filter(None, words))


def _plain(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


def _help(command: click.Command) -> tuple[str, list[str]]:
    """What a command says of itself, in Markdown, and its examples."""
    found = inspect.cleandoc(command.help or "")
    examples: list[str] = []
    paragraphs = []
    for part in re.split(r"\n\s*\n", found):
        lines = part.replace("\b", "").strip("\n").splitlines()
        if lines and lines[0].strip() == "Examples:":
            examples = [re.sub(r" {3,}", "  # ", line.strip()) for line in lines[1:]]  # what is beside them says why
        elif "\b" in part:
            paragraphs.append("\n".join(["```text", *lines, "```"]))
        else:
            paragraphs.append(part.replace("<", "&lt;"))
    return "\n\n".join(paragraphs), examples


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text())
