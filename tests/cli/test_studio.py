"""allaprima studio: what it is told, and what it says."""

import signal
from pathlib import Path
from urllib.request import urlopen

import pytest

from allaprima.cli.main import main
from allaprima.cli.studio import is_run, named, token_of
from allaprima.errors import ConfigError
from tests.studio.conftest import running


def failing(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(["studio", *arguments])
    assert end.value.code == 2
    return capsys.readouterr().err


def test_names_are_short_and_no_two_alike(tmp_path):
    places = [str(tmp_path / "a" / "cats.safetensors"), str(tmp_path / "b" / "cats.pkl"), "emoji-64", "my models/x y"]
    assert list(named(places)) == ["cats", "cats-2", "emoji-64", "x-y"]
    assert list(named(["emoji-64", "emoji-64"])) == ["emoji-64"]


def test_who_opens_it_to_others_gets_a_token():
    assert token_of(None, "127.0.0.1") is None
    assert token_of(None, "0.0.0.0") not in (None, token_of(None, "0.0.0.0"))
    assert token_of("none", "0.0.0.0") is None
    assert token_of("secret-7", "127.0.0.1") == "secret-7"
    with pytest.raises(ConfigError, match="4 to 200"):
        token_of("a b", "127.0.0.1")


def test_a_run_is_known_by_its_files(tmp_path):
    assert not is_run(tmp_path)
    (tmp_path / "config.json").touch()
    (tmp_path / "stats.jsonl").touch()
    assert is_run(tmp_path)


def test_what_is_not_there_is_said_at_once(capsys, tmp_path):
    assert "there is no model 'nobody'" in failing(capsys, "nobody")
    assert "no run directory" in failing(capsys, "emoji-64", "--run", str(tmp_path / "none"))
    assert "no archive or folder" in failing(capsys, "emoji-64", "--data", str(tmp_path / "none"))


def test_a_port_that_is_taken_is_said(capsys, tmp_path):
    with running("emoji-64", "--out", str(tmp_path / "one")) as (address, _):
        port = address.rstrip("/").rpartition(":")[2]
        said = failing(capsys, "emoji-64", "--port", port, "--out", str(tmp_path / "two"))
    assert f"cannot listen at 127.0.0.1 port {port}" in said


def test_it_opens_paints_and_closes_quietly(tmp_path):
    with running("dress-24", "--token", "open-sesame", "--out", str(tmp_path)) as (address, process):
        assert address.endswith("/?token=open-sesame")
        with urlopen(address.replace("/?", "/api/models/dress-24/picture?seed=1&")) as answer:
            assert answer.read().startswith(b"\x89PNG")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_what_it_makes_is_where_it_was_told(tmp_path):
    with running("dress-24", "--out", str(tmp_path / "made" / "here")):
        assert Path(tmp_path / "made" / "here").is_dir()
