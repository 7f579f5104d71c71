"""The command line: help, and errors in one sentence."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

import allaprima
from allaprima.cli.main import COMMANDS, cli, main
from allaprima.errors import AllaPrimaError, DataError, OutputError
from allaprima.version import __version__

ROOT = Path(__file__).parents[2]
SOURCE = str(Path(allaprima.__file__).parents[1])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert isinstance(caught.value.code, int)
    return caught.value.code, *capsys.readouterr()


def run_python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    command = [sys.executable, "-W", "error", *arguments]
    options = {"stdout": subprocess.PIPE, **options}
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env=environment, **options)  # type: ignore[call-overload,no-any-return]


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> list[str]:
    """Arguments of a command that raises ``error``."""

    @click.command()
    def fall() -> None:
        raise error

    monkeypatch.setattr(cli, "get_command", lambda _context, _name: fall)
    return ["fall"]


# Help.


def test_the_help_lists_all_commands_in_the_order_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--help", "-h"):
        status, out, err = run(capsys, flag)
        assert (status, err) == (0, "")
        places = [out.index(f"  {name}  ") for name in COMMANDS]
        assert places == sorted(places)
        assert out.index("Example") < out.index("Options")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example_before_its_options(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, out, err = run(capsys, command, "--help")
    assert (status, err) == (0, "")
    example = out.index("\n  Examples:\n    allaprima ")  # lines of their own, not one paragraph
    assert example < out.index(f"  allaprima {command} ", example) < out.index("Options:")
    assert example < 200, "the example comes first"


def test_without_arguments_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys)
    assert status in (0, 2)  # click 8.1, and later
    lines = (out + err).splitlines()
    assert lines[0].startswith("Usage: allaprima")
    for name, does in COMMANDS.items():
        assert any(line.split() == [name, *does.split()] for line in lines)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"allaprima, version {__version__}\n", "")


def test_help_does_not_wait_for_torch() -> None:
    code = "import sys; from allaprima.cli.main import main; main(sys.argv[1:])"
    atexit = "import atexit, sys; atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr));"
    for arguments in (["--help"], ["generate", "--help"], ["--version"], ["nix"]):
        done = run_python("-c", atexit + code, *arguments)
        assert done.stderr.splitlines()[-1] == "False", arguments


# Wrong usage.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nix"], "No such command 'nix'"),
        (["--nix"], "No such option"),
        (["generate"], "Missing argument 'MODEL' (allaprima generate --help shows how)"),
        (["generate", "m", "--nix"], "No such option"),
        (["generate", "m", "more"], "unexpected extra argument"),
        (["generate", "m", "--seeds"], "requires an argument"),
        (["generate", "m", "--noise", "loud"], "'loud' is not one of 'const', 'random', 'none'"),
        (["generate", "m", "--cutoff", "-1"], "-1 is not in the range x>=0"),
    ],
)
def test_wrong_usage_is_one_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("allaprima: ")
    assert sentence in err
    assert err.endswith("--help shows how)\n")
    assert err.count("\n") == 1


# Errors.


@pytest.mark.parametrize("error", [AllaPrimaError, DataError, OutputError])
def test_a_users_error_is_its_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: type[AllaPrimaError]
) -> None:
    arguments = raising(monkeypatch, error("the sky is green: it must be blue"))
    assert run(capsys, *arguments) == (2, "", "allaprima: the sky is green: it must be blue\n")


def test_an_error_of_our_own_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = raising(monkeypatch, AssertionError("ours"))
    with pytest.raises(AssertionError, match="ours"):
        main(arguments)


def test_ctrl_c_is_status_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, err = run(capsys, *raising(monkeypatch, KeyboardInterrupt()))
    assert (status, out) == (130, "")
    assert err.strip() == "allaprima: stopped"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
def test_a_reader_that_has_gone_is_no_error_message() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run_python("-m", "allaprima", "--help", stdout=writer)
    finally:
        os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""


# Doors.


def test_the_module_is_the_command() -> None:
    done = run_python("-m", "allaprima", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"allaprima, version {__version__}\n", "")
    done = run_python("-m", "allaprima", "generate", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("allaprima: there is no model 'nowhere': ")
    assert done.stderr.count("\n") == 1


def test_every_console_script_is_there() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert "allaprima" in scripts
    for target in scripts.values():
        module, _, function = target.partition(":")
        assert callable(getattr(import_module(module), function))
