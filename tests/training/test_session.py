"""Opening a run: what is new, what goes on, what is refused, each in one sentence."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allaprima.errors import AllaPrimaError, ConfigError, DataError, OutputError, RunError
from allaprima.training import Recipe, open_session, recipe_of
from allaprima.training.fields import from_json
from tests.training.small import CPU, MIDDLE, make_data, numbers, tiny, train


@pytest.fixture
def begun(stopped: Path, tmp_path: Path) -> Path:
    """A run directory to go on with, or to spoil."""
    return shutil.copytree(stopped, tmp_path / "begun")


def refusal(kind: type[AllaPrimaError], data: Path, path: Path, recipe: Recipe | None) -> str:
    with pytest.raises(kind) as error:
        open_session(data, path, recipe, device=CPU)
    text = str(error.value)
    assert "\n" not in text
    return text


def content(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


# New runs


def test_a_new_run_has_a_configuration_that_tells_all(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "deep/run", tiny(gamma=None), device=CPU)
    config = json.loads((tmp_path / "deep/run/config.json").read_text())
    assert from_json(Recipe, config["recipe"]) == session.run.recipe
    assert config["recipe"]["gamma"] == pytest.approx(0.0002 * 64 / 4)
    assert config["data"] | {"fingerprint": ""} == {
        "name": "set",
        "fingerprint": "",
        "images": 10,
        "shape": [1, 8, 8],
        "label_dim": 0,
    }
    assert config["format_version"] == 1
    assert {"allaprima_version", "torch_version", "machine"} <= config.keys()
    assert session.provenance == {"data": config["data"], "recipe": dataclasses.asdict(session.run.recipe)}
    assert (session.run.step, session.notes) == (0, [])


def test_a_new_run_needs_a_recipe(data: Path, tmp_path: Path) -> None:
    assert refusal(ConfigError, data, tmp_path / "run", None) == "a new run needs a recipe"
    assert recipe_of(tmp_path / "run") is None


def test_an_empty_directory_will_do(data: Path, tmp_path: Path) -> None:
    assert open_session(data, tmp_path, tiny(), device=CPU).run.step == 0


def test_what_a_killed_start_leaves_is_no_obstacle_and_is_removed(data: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "snapshots").mkdir()
    leftovers = [tmp_path / ".config.json.123.tmp", tmp_path / ".reals.png.123.tmp"]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    open_session(data, tmp_path, tiny(), device=CPU)
    assert not any(leftover.exists() for leftover in leftovers)


def test_half_written_files_of_a_begun_run_are_removed(data: Path, begun: Path) -> None:
    before = content(begun)
    for name in ("state/.state-1.9.tmp", "snapshots/.tmp0pSwtJ", ".stats.jsonl.9.tmp", ".fakes000000.png.9.tmp"):
        (begun / name).write_bytes(b"half")
    open_session(data, begun, None, device=CPU)
    assert content(begun) == before


def test_a_run_that_has_trained_nothing_is_new(data: Path, tmp_path: Path) -> None:
    open_session(data, tmp_path / "run", tiny(), device=CPU)
    other = make_data(tmp_path / "other.zip", (6, 8, 3))
    session = open_session(other, tmp_path / "run", tiny(batch=2), device=CPU)
    assert session.run.batch == 2
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert (config["data"]["name"], config["recipe"]["batch"]) == ("other", 2)


# Directories that are no runs


def test_a_file_is_no_run(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("my notes")
    assert refusal(RunError, data, tmp_path / "run", tiny()) == (
        f"{tmp_path / 'run'} is a file, but a run is kept in a directory: give another name"
    )
    assert (tmp_path / "run").read_text() == "my notes"


def test_a_directory_of_other_things_is_let_alone(data: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    (home / "work/letter.txt").write_text("dear")
    text = refusal(RunError, data, home, tiny())
    assert text == f"{home} is not empty and holds no run (no config.json): give another directory"
    assert content(home) == {"work/letter.txt": b"dear"}


def test_a_directory_below_a_file_cannot_be_made(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    text = refusal(OutputError, data, tmp_path / "file/run", tiny())
    assert text.startswith(f"cannot make the directory {tmp_path / 'file/run'}: ")


DAMAGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "cut short": lambda config: json.dumps(config)[:-20],
    "no JSON": lambda config: "recipe: auto",
    "empty": lambda config: "",
    "a list": lambda config: "[]",
    "nothing in it": lambda config: "{}",
    "no data": lambda config: json.dumps({k: v for k, v in config.items() if k != "data"}),
    "no recipe": lambda config: json.dumps({k: v for k, v in config.items() if k != "recipe"}),
    "data is text": lambda config: json.dumps(config | {"data": "mine"}),
    "recipe is text": lambda config: json.dumps(config | {"recipe": "auto"}),
    "version is text": lambda config: json.dumps(config | {"format_version": "one"}),
    "batch is text": lambda config: json.dumps(config | {"recipe": config["recipe"] | {"batch": "4"}}),
    "batch is negative": lambda config: json.dumps(config | {"recipe": config["recipe"] | {"batch": -4}}),
    "mirror is text": lambda config: json.dumps(config | {"recipe": config["recipe"] | {"mirror": "yes"}}),
    "unknown field": lambda config: json.dumps(config | {"recipe": config["recipe"] | {"sparkle": 1}}),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_configuration_is_told(kind: str, data: Path, begun: Path) -> None:
    file = begun / "config.json"
    file.write_text(DAMAGED[kind](json.loads(file.read_text())))
    before = content(begun)
    for recipe in (tiny(), None):
        assert str(file) in refusal(RunError, data, begun, recipe)
    assert content(begun) == before


def test_bytes_that_are_no_text_are_told(data: Path, begun: Path) -> None:
    (begun / "config.json").write_bytes(b"\xff\xfe\x00\x80{")
    assert "config.json cannot be read" in refusal(RunError, data, begun, None)


def test_a_run_of_a_newer_version_is_told(data: Path, begun: Path) -> None:
    file = begun / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format_version": 2}))
    text = refusal(RunError, data, begun, None)
    assert text == f"{begun} was made by a newer allaprima: please install that one"


# Going on


def test_the_same_recipe_goes_on(data: Path, begun: Path) -> None:
    assert open_session(data, begun, tiny(), device=CPU).run.step == MIDDLE


def test_without_a_recipe_the_runs_own_goes_on(data: Path, begun: Path) -> None:
    own = recipe_of(begun)
    session = open_session(data, begun, None, device=CPU)
    assert session.run.recipe == own
    assert session.run.step == MIDDLE


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_precision_that_was_decided_once_stays(precision: str, data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", tiny(precision=precision, kimg=0.004))
    session = open_session(data, tmp_path / "run", tiny(precision="auto"), device=CPU)
    assert session.run.recipe.precision == precision


CHANGES: dict[str, Any] = {
    "cbase": 128,
    "cmax": 4,
    "z_dim": 9,
    "map_depth": 2,
    "g_architecture": "orig",
    "noise": False,
    "precision": "bf16",
    "batch": 8,
    "glr": 0.1,
    "gamma": 7.5,
    "style_mixing": 0.5,
    "ema_rampup": 0.05,
    "mirror": True,
    "seed": 1,
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_field_is_refused_by_name_with_both_values(field: str, data: Path, begun: Path) -> None:
    before = content(begun)
    wanted = tiny(**{field: CHANGES[field]})
    text = refusal(RunError, data, begun, wanted)
    old = getattr(recipe_of(begun), field)
    assert f"{begun} was started with {field}={old}, this command says {CHANGES[field]}:" in text
    assert content(begun) == before


def test_labels_cannot_be_added_later(data: Path, begun: Path) -> None:
    text = refusal(RunError, data, begun, tiny(cond=True))
    assert "was started with cond=False, this command says True" in text


@pytest.mark.parametrize("fields", [{"kimg": 1.0}, {"tick": 0.02}, {"snap": 7}, {"workers": 2}])
def test_length_and_reports_may_change(fields: dict[str, Any], data: Path, begun: Path) -> None:
    session = open_session(data, begun, tiny(**fields), device=CPU)
    assert session.run.recipe == dataclasses.replace(recipe_of(begun), **fields)


@pytest.mark.parametrize("recipe", [tiny(), tiny(gamma=None), None])
def test_other_images_are_refused(recipe: Recipe | None, data: Path, begun: Path, tmp_path: Path) -> None:
    before = content(begun)
    other = make_data(tmp_path / "other.zip", (8, 8, 1), count=11)
    text = refusal(RunError, other, begun, recipe)
    assert text == (
        f"{begun} was trained on other images (set, 10 images) than {other}: give those, or another run directory"
    )
    assert content(begun) == before


def test_images_of_another_size_are_other_images_whatever_that_does_to_the_recipe(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", tiny(gamma=None, kimg=0.004))
    other = make_data(tmp_path / "other.zip", (16, 16, 1))
    assert "was trained on other images" in refusal(RunError, other, tmp_path / "run", tiny(gamma=None))


def test_the_same_images_under_another_name_go_on(data: Path, begun: Path, tmp_path: Path) -> None:
    moved = shutil.copy(data, tmp_path / "moved.zip")
    assert open_session(Path(moved), begun, None, device=CPU).run.step == MIDDLE


def test_labels_are_needed_where_the_recipe_wants_them(tmp_path: Path) -> None:
    bare = make_data(tmp_path / "bare.zip")
    assert "has no labels" in refusal(DataError, bare, tmp_path / "run", tiny(cond=True))
    assert not (tmp_path / "run").exists()


def test_a_state_of_another_recipe_is_told(data: Path, begun: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "other", tiny(cmax=4, kimg=0.004))
    for state in (begun / "state").iterdir():
        shutil.copy(tmp_path / "other/state/state-000000000004.safetensors", state)
    text = refusal(RunError, data, begun, None)
    assert "does not fit the run's recipe" in text
    assert numbers(begun), "the numbers of the run are still there"


@pytest.mark.parametrize("missing", ["nothing.zip", "."])
def test_without_images_nothing_is_made(missing: str, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    refusal(DataError, tmp_path / "images" / missing, tmp_path / "run", tiny())
    assert not (tmp_path / "run").exists()


def test_a_batch_that_does_not_divide_makes_nothing(data: Path, tmp_path: Path) -> None:
    text = refusal(ConfigError, data, tmp_path / "run", Recipe(batch=None, batch_gpu=5))
    assert text == "batch_gpu is 5: it must divide the batch of 32"
    assert not (tmp_path / "run").exists()
