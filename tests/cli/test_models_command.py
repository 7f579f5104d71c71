"""allaprima models: the table and its JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from allaprima.checkpoint import bundled_names
from allaprima.cli.models import models
from allaprima.interchange import cache
from allaprima.interchange.catalogue import CATALOGUE, find


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path))
    return tmp_path


def lines(*arguments: str) -> list[str]:
    result = CliRunner().invoke(models, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def rows(*arguments: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads("\n".join(lines("--json", *arguments)))
    return content


def test_bundled_models_come_first_then_the_catalogue() -> None:
    table = lines()
    names = [line.split()[0] for line in table[1:-1]]
    assert names == [*bundled_names(), *[entry.name for entry in CATALOGUE]]
    assert table[0].split() == ["name", "architecture", "size", "channels", "classes", "here", "licence", "source"]
    assert table[-1].startswith(f"{len(bundled_names()) + len(CATALOGUE)} models")


def test_a_line_says_what_one_chooses_by() -> None:
    line = next(line for line in lines() if line.startswith("stylegan2-cifar10-32 "))
    assert line.split()[:6] == ["stylegan2-cifar10-32", "(cifar10-32)", "StyleGAN2", "32×32", "3", "?"]
    assert "NVIDIA Source Code License, non-commercial" in line
    bundled = next(line for line in lines() if line.startswith("emoji-64"))
    assert bundled.split()[:6] == ["emoji-64", "StyleGAN2", "64×64", "4", "bundled", "Apache-2.0"]


def test_columns_stand_below_each_other() -> None:
    table = lines("--search", "gan")
    for title in ("architecture", "licence", "source"):
        place = table[0].index(title)
        assert all(line[place - 1 : place] == " " and line[place] != " " for line in table[1:-1])


def test_the_search_takes_bundled_models_in() -> None:
    assert [row["name"] for row in rows("--search", "emoji")] == ["emoji-64"]
    assert [row["name"] for row in rows("--search", "ffhq stylegan3-t 256")] == ["stylegan3-t-ffhqu-256"]
    assert rows("--search", "no such model") == []
    assert lines("--search", "no such model") == ["no model of that kind is known: allaprima models lists all"]


def test_json_tells_where_a_file_belongs(home: Path) -> None:
    (row,) = rows("--search", "progan-celebahq-1024")
    assert row["url"] is None
    assert row["here"] == "by hand"
    assert row["path"] == str(home / "models" / "progan-celebahq-1024" / "karras2018iclr-celebahq-1024x1024.pkl")
    assert row["sha256"] is None
    assert lines("--search", "progan")[-1].endswith("those to be fetched by hand have no address of their own")
    assert not list(home.iterdir())


def test_it_tells_what_is_here_already() -> None:
    entry = find("ffhq-256")
    assert entry is not None

    def here() -> str:
        (row,) = rows("--search", entry.name)
        return str(row["here"])

    assert here() == ""
    cache.folder(entry).mkdir(parents=True)
    cache.original_path(entry).touch()
    assert here() == "fetched"
    cache.converted_path(entry).touch()
    assert here() == "converted"


def test_a_short_name_is_shown_only_at_the_model_that_it_means() -> None:
    shown = [alias for row in rows() for alias in row["aliases"]]
    assert len(shown) == len(set(shown))
    for row in rows():
        for alias in row["aliases"]:
            assert find(alias).name == row["name"]  # type: ignore[union-attr]


def test_the_help_begins_with_an_example_and_every_name_in_it_exists() -> None:
    help_text = CliRunner().invoke(models, ["--help"]).stdout
    assert help_text.index("Example") < help_text.index("Options")
    assert find("ffhq-1024") is not None
    assert [row["name"] for row in rows("--search", "ffhq 1024")]
