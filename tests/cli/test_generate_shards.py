"""allaprima generate --shards: the same files by any processes, after any kill; refusals are one sentence."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import allaprima
from allaprima.checkpoint import Networks, save
from allaprima.cli.sharing import piece_of, share_of
from allaprima.errors import ConfigError
from allaprima.generation.batches import one_thread
from allaprima.models import build
from allaprima.torchrun import rank_of
from tests.models.stylegan2.small import small_generator
from tests.training.side_by_side import side_by_side

Run = Callable[..., tuple[int, str, str]]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(allaprima.__file__).parents[1]), "OMP_NUM_THREADS": "2"}


@pytest.fixture
def run(generate: Run) -> Run:
    return generate


def model_of(path: Path, class_names: list[str] | None = None, channels: int = 3, **fields: Any) -> Path:
    G = build(small_generator(24, 16, channels, map_depth=1, **fields))
    for name, parameter in G.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(parameter, 0.3)
    torch.nn.init.normal_(G.mapping.w_avg)
    save(Networks(G_ema=G, class_names=class_names), path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of(tmp_path_factory.mktemp("model") / "model.safetensors")


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of(tmp_path_factory.mktemp("pets") / "pets.safetensors", ["cat", "dog", "newt"], c_dim=3)


def contents(directory: Path | str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(directory).iterdir()}


def images(directory: Path | str) -> dict[int, tuple[Any, np.ndarray[Any, Any]]]:
    """Class and pixels of each seed."""
    found = {}
    for record in Path(directory).glob("shard-*.json"):
        with zipfile.ZipFile(record.with_suffix(".zip")) as archive:
            for row in json.loads(record.read_text())["images"]:
                found[row["seed"]] = row["class"], np.asarray(Image.open(io.BytesIO(archive.read(row["file"]))))
    return found


# What it paints.


def test_shards_hold_the_images_that_the_command_paints_without_them(model: Path, run: Run) -> None:
    options = ["--seeds", "3-12", "--truncation", "0.6", "--cutoff", "2", "--noise", "random"]
    status, out, err = run(model, *options, "--shards", "3", "--out", "many")
    assert (status, err) == (0, "")
    assert re.search(r"^shard-00002.zip: \S+ images/s, 0m 00s to go$", out, re.M)
    assert re.search(r"^painted 10 images into 3 shards, \S+ images/s$", out, re.M)
    assert out.endswith("all 3 shards are finished: many/manifest.json\n")
    run(model, *options, "--out", "single")
    found = images("many")
    assert sorted(found) == list(range(3, 13))
    for seed, (_, pixels) in found.items():
        own = np.asarray(Image.open(f"single/seed{seed:04d}.png"))
        assert np.abs(pixels.astype(int) - own.astype(int)).max() <= 1


@pytest.mark.parametrize(("wish", "label"), [("dog", 1), ("2", 2), ("cat+dog", "cat+dog"), ("0.5,0,1", "0.5,0,1")])
def test_a_class_is_that_of_all(pets: Path, run: Run, wish: str, label: object) -> None:
    assert run(pets, "--seeds", "0-3", "--shards", "2", "--class", wish, "--out", "many")[0] == 0
    run(pets, "--seeds", "0-3", "--class", wish, "--out", "single")
    for seed, (name, pixels) in images("many").items():
        assert name == label
        own = np.asarray(Image.open(f"single/seed{seed:04d}.png"))
        assert np.abs(pixels.astype(int) - own.astype(int)).max() <= 1


def test_each_seed_may_have_its_own_class(pets: Path, run: Run) -> None:
    options = ["--seeds", "0-5", "--truncation", "0.5@4"]
    assert run(pets, *options, "--class", "each", "--shards", "2", "--out", "many")[0] == 0
    for seed, (number, _) in images("many").items():
        assert number == seed % 3
    run(pets, "--seeds", "0-5", "--class", "each", "--shards", "2", "--out", "plain")
    for seed, (number, pixels) in images("plain").items():
        run(pets, "--seeds", seed, "--class", number, "--out", "single")
        own = np.asarray(Image.open(f"single/seed{seed:04d}.png"))
        assert np.abs(pixels.astype(int) - own.astype(int)).max() <= 1


def test_truncation_towards_clusters_is_painted_and_known_by_the_centres(model: Path, run: Run) -> None:
    options = ["--seeds", "0-5", "--noise", "random", "--shards", "2"]
    assert run(model, *options, "--truncation", "0.4@3", "--out", "many")[0] == 0
    order = json.loads(Path("many/order.json").read_text())
    assert order["truncation"] == "0.4@3"
    assert len(order["centres_sha256"]) == 64
    run(model, "--seeds", "0-5", "--noise", "random", "--truncation", "0.4@3", "--out", "single")
    for seed, (_, pixels) in images("many").items():
        own = np.asarray(Image.open(f"single/seed{seed:04d}.png"))
        assert np.abs(pixels.astype(int) - own.astype(int)).max() <= 1


# By any processes.


def test_pieces_together_are_the_whole(model: Path, run: Run) -> None:
    options = [model, "--seeds", "0-19", "--shards", "5", "--format", "tar"]
    run(*options, "--out", "whole")
    for piece in (2, 3):
        status, out, _ = run(*options, "--shard", f"{piece}/3", "--out", "pieces")
        assert status == 0
    assert out.endswith("2 of 5 shards are still missing in pieces\n")
    assert not Path("pieces/manifest.json").exists()
    assert run(*options, "--shard", "1/3", "--out", "pieces")[1].endswith(
        "all 5 shards are finished: pieces/manifest.json\n"
    )
    assert contents("pieces") == contents("whole")


def test_a_piece_alone_is_one_shard(model: Path, run: Run) -> None:
    for piece in (1, 2):
        run(model, "--seeds", "0-3", "--shard", f"{piece}/2", "--out", "pieces")
    assert len(list(Path("pieces").glob("shard-*.zip"))) == 2


def test_given_again_it_paints_nothing(model: Path, run: Run) -> None:
    run(model, "--seeds", "0-3", "--shards", "2", "--out", "a")
    before = {path.name: path.stat().st_mtime_ns for path in Path("a").iterdir()}
    status, out, _ = run(model, "--seeds", "0-3", "--shards", "2", "--out", "a")
    assert (status, out) == (
        0,
        "2 shards were there already, and are whole\nall 2 shards are finished: a/manifest.json\n",
    )
    assert {path.name: path.stat().st_mtime_ns for path in Path("a").iterdir()} == before


def test_a_damaged_shard_is_named_and_painted_again(model: Path, run: Run) -> None:
    run(model, "--seeds", "0-3", "--shards", "2", "--out", "a")
    before = contents("a")
    Path("a/shard-00001.zip").write_bytes(before["shard-00001.zip"][:-7])
    _, out, err = run(model, "--seeds", "0-3", "--shards", "2", "--out", "a")
    assert err == "a/shard-00001.zip is damaged: it is painted again\n"
    assert "1 shards were there already" in out
    assert contents("a") == before


def command(*arguments: object) -> list[str]:
    return ["-m", "allaprima", "generate", "--device", "cpu", *map(str, arguments)]


def test_two_processes_make_the_files_of_one(model: Path, run: Run) -> None:
    options = [model, "--seeds", "0-19", "--shards", "5"]
    run(*options, "--out", "one")
    done = side_by_side("2", *command(*options, "--out", "two"), OMP_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    assert "into 3 shards" in done.stdout
    assert "into 2 shards" in done.stdout
    assert contents("two") == contents("one")


def test_killed_at_any_moment_it_goes_on_to_the_same_files(model: Path, run: Run) -> None:
    options = [model, "--seeds", "0-799", "--shards", "20"]
    run(*options, "--out", "peace")
    kills = 0
    for shards in (1, 6, 13):  # killed as soon as so many archives are there, at whatever is done then
        process = subprocess.Popen(
            [sys.executable, *command(*options, "--out", "war")], env=ENVIRONMENT, stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 120
        while len(list(Path("war").glob("shard-*.zip"))) < shards and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills == 3
    status, out, err = run(*options, "--out", "war")
    assert (status, err) == (0, "")
    assert "were there already, and are whole" in out
    assert contents("war") == contents("peace")


def test_the_same_command_twice_at_once_paints_each_shard_once(model: Path, run: Run) -> None:
    options = [model, "--seeds", "0-799", "--shards", "20"]
    run(*options, "--out", "one")
    words = [sys.executable, *command(*options, "--out", "two")]
    both = [subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    painted = sum(int(count) for text in told for count in re.findall(r"images into (\d+) shards", text))
    assert painted == 20
    assert contents("two") == contents("one")


def test_ctrl_c_says_what_stays(model: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from allaprima.generation import shards

    real, calls = shards.painted_files, []

    def interrupted(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(shards, "painted_files", interrupted)
    status, _, err = run(model, "--seeds", "0-9", "--shards", "5", "--out", "a")
    assert status == 130
    assert err == ("allaprima: stopped: 2 of 5 shards are finished in a and stay, and the same command goes on\n")
    assert len(list(Path("a").glob("shard-*.zip"))) == 2
    assert not list(Path("a").glob("*.tmp"))


# What it refuses.


def assert_refused(run: Run, *arguments: object, sentence: str) -> None:
    before = sorted(Path().rglob("*"))
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert re.match(rf"allaprima: {sentence}", err), err
    assert err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--shards", "0"], "Invalid value for '--shards'"),
        (["--shards", "33"], "32 images cannot fill 33 shards: give 1 to 32$"),
        (["--shards", "2", "--seeds", "1,2,1"], "a seed comes twice in the order"),
        (["--shards", "2", "--seeds", "x"], "'x' is no seed"),
        (["--shard", "0/2"], "--shard '0/2' is no piece: give 1/8 to 8/8 for eight processes$"),
        (["--shard", "3/2"], "--shard '3/2' is no piece"),
        (["--shard", "half"], "--shard 'half' is no piece"),
        (["--format", "zip"], "--format is for shards: give --shards too$"),
        (["--shards", "2", "--format", "rar"], "Invalid value for '--format'"),
        (["--shards", "2", "--grid"], "shards are painted from seeds, one image for each: leave --grid out$"),
        (["--shards", "2", "--latents", "w.npz"], "shards are painted from seeds, .* leave --latents out$"),
        (["--shards", "2", "--noise", "saved"], "shards are painted from seeds, .* leave --noise saved out$"),
        (["--shards", "2", "--class", "0"], "this model knows no classes: paint without one$"),
        (["--shards", "2", "--class", "each"], "--class each is for models with several classes"),
        (["--shards", "2", "--truncation", "x"], "'x' is no truncation"),
    ],
)
def test_a_wrong_option_is_one_sentence(model: Path, run: Run, options: list[str], sentence: str) -> None:
    assert_refused(run, model, *options, sentence=sentence)


def test_a_wrong_class_is_one_sentence(pets: Path, run: Run) -> None:
    assert_refused(run, pets, "--shards", "2", sentence="this model has 3 classes: say which, from 0 to 2$")
    assert_refused(run, pets, "--shards", "2", "--class", "3", sentence="there is no class 3")
    each = ["--shards", "2", "--class", "each", "--truncation", "0.5@class"]
    assert_refused(run, pets, *each, sentence="--class each is for models with several classes, and without")


def test_a_model_that_no_png_holds_is_one_sentence(tmp_path: Path, run: Run) -> None:
    path = model_of(tmp_path / "five.safetensors", channels=5)
    assert_refused(run, path, "--shards", "2", sentence="this model paints 5 channels: a PNG holds 4 at most$")


def test_another_order_in_the_same_directory_is_one_sentence(model: Path, run: Run, tmp_path: Path) -> None:
    run(model, "--seeds", "0-3", "--shards", "2", "--out", "a")
    before = contents("a")
    again = ["--seeds", "0-3", "--shards", "2", "--out", "a"]
    assert_refused(
        run, model, *again, "--truncation", "0.5", sentence="a holds shards of another order: its truncation"
    )
    assert_refused(
        run, model, *again, "--noise", "none", sentence="a holds shards of another order: its noise is const"
    )
    torch.manual_seed(1)
    other = model_of(tmp_path / "other.safetensors")
    assert_refused(run, other, *again, sentence="a holds shards of another order: its generator_sha256 is")
    assert contents("a") == before


def test_a_directory_that_cannot_be_written_is_one_sentence(model: Path, run: Run) -> None:
    Path("file").write_text("old")
    assert_refused(
        run, model, "--shards", "2", "--out", "file", sentence="cannot make the directory file: File exists$"
    )
    assert_refused(run, model, "--shards", "2", "--out", "/proc/1", sentence="cannot (write|make) .*/proc/1")


def test_a_full_disk_is_one_sentence_and_finished_shards_stay(
    model: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from allaprima import files

    real = files.sync

    def full(path: Path) -> None:
        if "shard-00001.zip" in path.name:
            raise OSError(28, "No space left on device")
        real(path)

    monkeypatch.setattr(files, "sync", full)
    status, _, err = run(model, "--seeds", "0-5", "--shards", "3", "--out", "a")
    assert status == 2
    assert err == (
        "allaprima: cannot write a/shard-00001.zip: No space left on device: "
        "1 of 3 shards are finished in a and stay, and the same command goes on\n"
    )
    monkeypatch.undo()


# Which shards are whose.


@pytest.mark.parametrize("pieces", [1, 2, 3, 8])
@pytest.mark.parametrize("processes", [1, 2, 5])
def test_every_shard_is_painted_by_exactly_one_process(pieces: int, processes: int) -> None:
    indices: list[int] = []
    for piece in range(1, pieces + 1):
        for rank in range(processes):
            place = {"WORLD_SIZE": str(processes), "RANK": str(rank), "LOCAL_RANK": str(rank)}
            share = share_of(11, f"{piece}/{pieces}", None, place)
            assert share is not None
            indices += share.indices
    assert sorted(indices) == list(range(11))


def test_pieces_count_from_one() -> None:
    assert (piece_of("3/8"), piece_of(None), piece_of(" 8 / 8 ")) == ((2, 8), (0, 1), (7, 8))


def test_half_of_torchruns_environment_is_refused() -> None:
    with pytest.raises(ConfigError, match="torchrun sets all of them"):
        rank_of({"WORLD_SIZE": "2", "RANK": "0"})
    with pytest.raises(ConfigError, match="torchrun sets all of them"):
        rank_of({"WORLD_SIZE": "two", "RANK": "0", "LOCAL_RANK": "0"})
    assert rank_of({"RANK": "3"}) == (0, 1, 0)


def test_threads_of_the_process_come_back(model: Path, run: Run) -> None:
    before = torch.get_num_threads()
    run(model, "--seeds", "0-1", "--shards", "1", "--out", "a")
    assert torch.get_num_threads() == before
    with one_thread(torch.device("cpu")):
        assert torch.get_num_threads() == 1
