"""What the README shows is what happens."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allaprima.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(?:bash|sh)\n(.*?)```", README, re.DOTALL)


def block_after(marker: str, language: str) -> str:
    match = re.search(rf"<!-- command: {marker} -->.*?```{language}\n(.*?)```", README, re.DOTALL)
    assert match, marker
    return match[1].strip()


def test_the_painting_command_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = block_after("paint", "bash").splitlines()[-1]
    with pytest.raises(SystemExit) as stop:
        main(shlex.split(command)[1:])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == block_after("paint", "text")
    sheet = np.asarray(Image.open(tmp_path / "sheet" / "grid.png"))
    assert sheet.ndim == 3
    assert sheet.shape[0] * sheet.shape[1] == 64 * 64 * 64
    assert sheet.shape[2] == 4


@pytest.mark.parametrize("line", [line for b in BLOCKS for line in b.splitlines() if line.startswith("allaprima ")])
def test_every_command_shown_exists_with_its_options(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(line, comments=True)
    assert words[1] in COMMANDS
    with pytest.raises(SystemExit):
        main([words[1], "--help"])
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_ci_runs_the_readmes_test_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    sys.modules.pop("readme_command", None)
    from readme_command import readme_command

    assert readme_command("test") == block_after("test", "bash")
    assert "pytest" in readme_command("test")
    assert "tools/readme_command.py test" in (ROOT / ".ci" / "run").read_text()
