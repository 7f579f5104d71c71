"""allaprima explain: a page, or one sentence and nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from allaprima.checkpoint import Networks, save
from allaprima.cli.explain import explain
from allaprima.errors import AllaPrimaError
from tests.surgery.small import discriminator, generator

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "pets.safetensors"
    G, D = generator("skip", 16, 24, 4), discriminator("resnet", 16, 24, 4)
    save(Networks(G_ema=G, D=D, provenance={"licence": "<script>"}), path)
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the CPU in an empty directory: exit status (2 for a sentence), and what was printed."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(explain, ["--device", "cpu", *map(str, arguments)])
        if isinstance(result.exception, AllaPrimaError):
            return 2, str(result.exception)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return run


def test_it_says_where_the_page_is(model: Path, run: Run) -> None:
    status, printed = run(model, "--only", "layers, verdicts", "--seeds", "3,7", "--no-films", "--out", "page")
    assert (status, printed) == (0, f"explained {model} in {Path('page/index.html')}\n")
    text = Path("page/index.html").read_text()
    assert "How pets.safetensors paints" in text
    assert "<script" not in text
    assert Path("page/layers-running-sum.png").exists()
    assert not list(Path("page").glob("*.webm"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "layers,colour"], "there is no section 'colour': there are layers, features"),
        (["--seeds", "0-20"], "an explanation shows 1 to 8 seeds side by side, not 21"),
        (["--seeds", "x"], "'x' is no seed"),
        (["--class", "cat"], "this model has no class 'cat'"),
        (["--data", "nothing.zip"], "nothing.zip"),
    ],
)
def test_bad_input_ends_in_one_sentence(arguments: list[str], words: str, model: Path, run: Run) -> None:
    status, printed = run(model, *arguments)
    assert status == 2
    assert words in printed
    assert len(printed.splitlines()) == 1
    assert not Path("explained").exists()


def test_a_model_that_is_not_there(run: Run) -> None:
    status, printed = run("nosuch")
    assert status == 2
    assert "there is no model 'nosuch'" in printed


def test_help_shows_a_worked_example_first_and_few_options(run: Run) -> None:
    _, printed = run("--help")
    assert "allaprima explain emoji-64 --out emoji" in printed
    assert printed.count("\n  --") <= 10  # eight, the device and the help


def test_the_module_imports_nothing_heavy() -> None:
    code = "import sys, allaprima.cli.explain; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})
