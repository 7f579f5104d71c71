"""allaprima film: two films, or one sentence."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from allaprima.cli.film import film
from allaprima.errors import AllaPrimaError, ConfigError, DataError, OutputError, RunError
from tests.training.small import make_data, tiny, train
from tests.visuals.small_footage import make_run

SHORT = ["--seconds", 0.5, "--fps", 8, "--format", "gif", "--device", "cpu"]


@pytest.fixture(autouse=True)
def _few_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allaprima.visuals.film_records.SAMPLE", 4)
    monkeypatch.setattr("allaprima.training.recorder.SAMPLE", 4)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(film, [str(argument) for argument in (*arguments, *SHORT)])


def frames(path: Path) -> int:
    with Image.open(path) as image:
        return int(getattr(image, "n_frames", 1))


def error(*arguments: object) -> AllaPrimaError:
    found = run(*arguments).exception
    assert isinstance(found, AllaPrimaError), found
    assert "\n" not in str(found)
    return found


def test_films_from_snapshots(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    result = run(path, "--out", tmp_path / "films")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "no real images in the film: --data ARCHIVE shows them too\n3 moments from snapshots\n"
        f"{tmp_path}/films/learning.gif: 4 frames\n{tmp_path}/films/assessment.gif: 4 frames\n"
    )
    assert frames(tmp_path / "films/learning.gif") >= 2


@pytest.mark.parametrize(("has_av", "suffix"), [(True, "mp4"), (False, "gif")])
def test_without_a_codec_the_films_are_gifs(
    has_av: bool, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("allaprima.cli.film.find_spec", lambda name: name if has_av else None)
    monkeypatch.setattr("allaprima.images.film.check_film", lambda path, fps: written.append(path.name))
    monkeypatch.setattr("allaprima.cli.filming.film", lambda *arguments, **style: 4)
    result = CliRunner().invoke(film, [str(make_run(tmp_path / "run")), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    assert written == [f"learning.{suffix}", f"assessment.{suffix}"]


def test_films_from_records_and_from_snapshots_of_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allaprima.training.recorder.SHARE", float("inf"))
    data = make_data(tmp_path / "set.zip", (16, 16, 1), classes=2)
    train(data, tmp_path / "run", tiny(cond=True, kimg=0.016, snap=1, tick=0.008))
    result = run(tmp_path / "run")
    assert result.stdout.startswith("3 moments that the training kept\n")
    assert (tmp_path / "run/assessment.gif").is_file()
    (tmp_path / "run/snapshots/network-snapshot-000001.safetensors").write_bytes(
        (tmp_path / "run/snapshots/network-snapshot-000000.safetensors").read_bytes()
    )
    result = run(tmp_path / "run", "--from", "snapshots", "--data", data)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 moments from snapshots\n")
    other = make_data(tmp_path / "other.zip", (16, 16, 1), count=7, classes=2)
    result = run(tmp_path / "run", "--from", "snapshots", "--data", other)
    assert result.stdout.startswith("these are other images than those that")


def test_without_a_discriminator_there_is_one_film(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run", ("skip", None))
    result = run(path)
    assert "there is no assessment film" in result.stdout
    assert (path / "learning.gif").is_file()
    assert not (path / "assessment.gif").exists()
    assert "no discriminator" in str(error(path, "--what", "assessment"))


def test_a_stop_leaves_the_film_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_run(tmp_path / "run")
    from allaprima.visuals import learning_film

    original = learning_film.learning_frames

    def interrupted(*arguments: object, **options: object) -> object:
        for number, frame in enumerate(original(*arguments, **options)):  # type: ignore[arg-type]
            if number == 3:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(learning_film, "learning_frames", interrupted)
    result = run(path, "--what", "learning")
    assert result.exit_code == 130
    assert f"stopped: {path}/learning.gif holds the first 3 of 4 frames" in result.output
    assert frames(path / "learning.gif") >= 1


def test_bad_input_is_told_before_any_work(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    assert isinstance(error(tmp_path / "nothing"), RunError)
    found = CliRunner().invoke(film, [str(path), "--seconds", "0"]).exception
    assert isinstance(found, ConfigError)
    assert "length of more than 0" in str(found)
    found = CliRunner().invoke(film, [str(path), "--fps", "0"]).exception
    assert isinstance(found, ConfigError)
    (tmp_path / "file").write_text("")
    assert isinstance(error(path, "--out", tmp_path / "file"), OutputError)
    assert "no records" in str(error(path, "--from", "records"))
    assert isinstance(error(path, "--data", make_data(tmp_path / "set.zip", (8, 8, 3))), DataError)
    single = make_run(tmp_path / "single", kimgs=(4,))
    assert "one moment" in str(error(single))
