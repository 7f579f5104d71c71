from collections.abc import Callable
from pathlib import Path

import pytest

from allaprima.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def allaprima_in_work(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``allaprima`` in an empty directory: exit status, standard output, standard error."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        assert isinstance(caught.value.code, int)
        return caught.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def generate(allaprima_in_work: Run) -> Run:
    """Runs ``allaprima generate`` on the CPU in an empty directory."""
    return lambda *arguments: allaprima_in_work("generate", "--device", "cpu", *arguments)
