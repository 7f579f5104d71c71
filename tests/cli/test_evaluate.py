"""allaprima evaluate, and metrics in a training."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch

from allaprima.checkpoint import Networks, save
from allaprima.cli.following import last, progress
from allaprima.cli.main import main
from allaprima.cli.stopping import Stop
from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.images import encode_png, write_png
from allaprima.metrics.history import append_history, read_history
from allaprima.metrics.in_training import MetricWatch, Wanted, parse_wanted
from allaprima.metrics.in_training import _Measurement as Measurement
from allaprima.metrics.own_features import OwnNetwork
from tests.surgery.small import generator
from tests.training.side_by_side import side_by_side

Run = Callable[..., tuple[int, str, str]]
TINY = [
    "cbase=64",
    "cmax=8",
    "z_dim=8",
    "w_dim=8",
    "map_depth=1",
    "batch=64",
    "gamma=1",
    "tick=1",
    "snap=1",
    "precision=fp32",
]
SETTINGS = ["--recipe", "laptop", "--device", "cpu", *(word for field in TINY for word in ("--set", field))]


SOURCE = str(Path(__file__).parents[2] / "src")
ENVIRONMENT = {**os.environ, "PYTHONPATH": SOURCE, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Own features are those of a network that has learned nothing: learning has tests of its own, and takes long."""

    def untrained(images: ImageDataset, **_: object) -> OwnNetwork:
        torch.manual_seed(0)
        return OwnNetwork(images.num_channels).eval().requires_grad_(requires_grad=False)

    monkeypatch.setattr("allaprima.metrics.own_detector.train_own", untrained)
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", SOURCE)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(str(end.value.code)), said.out, said.err

    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "set.zip"
    with archive_writer(path) as archive:
        for i in range(80):
            archive.add(np.random.RandomState(i).randint(0, 256, (16, 16, 3), dtype=np.uint8))
        archive.finish()
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save(Networks(G_ema=generator("skip", 16, 16)), path)
    return path


def in_two_processes(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, side by side with itself."""
    return side_by_side("2", "-m", "allaprima", *arguments, ALLAPRIMA_HOME=os.environ["ALLAPRIMA_HOME"])


def with_snapshots(model: Path, *kimg: int) -> Path:
    folder = Path("run/snapshots")
    folder.mkdir(parents=True)
    for each in kimg:
        shutil.copy(model, folder / f"network-snapshot-{each:06d}.safetensors")
    return folder


def test_it_prints_a_line_for_each_number_with_its_interval(run, model, data, tmp_path):
    status, out, err = run(
        "evaluate", model, data, "--metric", "swd128,pr64_own", "--metric", "copies64_own", "--out", "found"
    )
    assert status == 0, err
    assert out.startswith(f"{model} and the 80 images of set, on ")
    assert re.search(r"^swd128 +mean +\S+   +less is better$", out, re.M)
    assert re.search(r"^ +level 16 +\S+$", out, re.M)
    assert re.search(r"^pr64_own +precision +\S+   \S+ to \S+ +more is better$", out, re.M)
    assert re.search(r"^ +recall +\S+   \S+ to \S+$", out, re.M)
    assert re.search(r"^  painted \S+ images a second, \S+ through own network of set", out, re.M)
    found = json.loads((tmp_path / "found/evaluation.json").read_text())
    assert [result["name"] for result in found["results"]] == ["swd128", "pr64_own", "copies64_own"]
    assert (tmp_path / "found/closest-pairs.png").is_file()


def test_two_processes_say_what_one_says(run, model, data):
    """Also 80 images in batches of 7 and parts of 64, which two do not share evenly."""
    names = "swd64,fd64_own,pr64_own,kid64_own,msssim64,copies64_own"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    status, _, err = run("evaluate", model, data, "--metric", names, "--batch", "7", "--device", "cpu", "--out", "one")
    torch.set_num_threads(threads)
    assert status == 0, err
    for path in Path("home/metrics").glob("reals-*"):
        path.unlink()
    done = in_two_processes(
        "evaluate", model, data, "--metric", names, "--batch", "7", "--device", "cpu", "--out", "two", "--history", "."
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("fd64_own") == 1
    one, two = (json.loads(Path(f"{name}/evaluation.json").read_text())["results"] for name in ("one", "two"))
    assert [result["name"] for result in two] == names.split(",")
    for wanted, got in zip(one, two, strict=True):
        for field in ("values", "intervals"):
            assert got[field].keys() == wanted[field].keys()
            for key, value in wanted[field].items():
                assert got[field][key] == pytest.approx(value, rel=1e-6, abs=1e-9)
        for field in ("detector_sha256", "reals", "fakes", "notes"):
            assert got[field] == wanted[field]
        assert [pair[:2] for pair in got["pairs"]] == [pair[:2] for pair in wanted["pairs"]]
    assert [len(read_history(Path(), name)) for name in names.split(",")] == [1] * 6


def test_what_goes_wrong_in_the_second_process_is_told_once(run, model, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    for i in range(80):
        content = encode_png(np.full((16, 16, 3), i, np.uint8))
        (folder / f"{i:02d}.png").write_bytes(content[:-40] if i == 70 else content)
    run("evaluate", model, folder, "--metric", "fd64_own")  # leaves the network of these images behind
    assert list(Path("home/metrics").glob("own-*"))
    done = in_two_processes("evaluate", model, folder, "--metric", "fd64_own", "--device", "cpu")
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if line.startswith("allaprima: ")]
    assert len(told) == 1, done.stderr
    assert "70.png" in told[0]
    assert "in evaluate" not in done.stderr  # no traceback of ours


def test_every_snapshot_is_measured_once(run, model, data, tmp_path):
    folder = with_snapshots(model, 4, 8)
    status, out, err = run("evaluate", "run", data, "--metric", "swd64", "--all-snapshots")
    assert status == 0, err
    assert "best" in out
    assert [entry.kimg for entry in read_history(Path("run"), "swd64")] == [4, 8]
    assert Path("run/metric-swd64.png").is_file()
    save(Networks(G_ema=generator("skip", 16, 16, seed=5)), folder / "network-snapshot-000012.safetensors")
    (folder / "network-snapshot-000016.safetensors").write_bytes(b"cut off")
    status, out, _ = run("evaluate", "run", data, "--metric", "swd64", "--all-snapshots")
    assert status == 0
    assert "000012" in out
    assert re.search(r"000016.safetensors\n  left out: ", out)
    assert "000004.safetensors\nswd64" not in out
    assert len(Path("run/metric-swd64.jsonl").read_text().splitlines()) == 3
    run("evaluate", "run", data, "--metric", "swd64", "--all-snapshots", "--seed", "1000")
    assert len(Path("run/metric-swd64.jsonl").read_text().splitlines()) == 6


def test_ctrl_c_keeps_what_is_measured(run, model, data, monkeypatch):
    with_snapshots(model, 4, 8)
    draw = []

    def append(*words: object) -> None:
        if draw:
            raise KeyboardInterrupt
        draw.append(words)
        append_history(*words)

    monkeypatch.setattr("allaprima.metrics.history.append_history", append)
    status, out, err = run("evaluate", "run", data, "--metric", "swd64", "--all-snapshots")
    assert status == 130
    assert "1 new results are kept in run; the same command goes on from there" in out
    assert "swd64: best" in out
    assert err.strip() == "allaprima: stopped"
    assert [entry.kimg for entry in read_history(Path("run"), "swd64")] == [4]


def test_it_stops_when_the_training_beside_it_is_gone():
    code = "import time; from allaprima.cli.evaluate import stop_at_end_of; stop_at_end_of(0); print(1); time.sleep(60)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-u", "-c", code], env=ENVIRONMENT, **pipes) as process:
        assert process.stdout.readline() == b"1\n"
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(30) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--metric", "beauty"], "there is no metric 'beauty'"),
        (["--metric", "fid50k_full"], "pt_inception.* not on this machine|fetch"),
        (["--metric", "swd1"], "must be at least 2"),
        (["--metric", "swd64", "--all-snapshots"], "no run directory with snapshots"),
        (["--metric", "swd64", "--history", "nowhere"], "cannot write into nowhere"),
    ],
)
def test_a_wrong_wish_is_one_sentence(run, model, data, options, sentence):
    status, _, err = run("evaluate", model, data, *options)
    assert status == 2
    assert re.search(sentence, err), err
    assert len(err.strip().splitlines()) == 1


def test_data_of_another_shape_is_one_sentence(run, model, tmp_path):
    (tmp_path / "wide").mkdir()
    write_png(tmp_path / "wide/0.png", np.zeros((16, 24, 3), np.uint8))
    status, _, err = run("evaluate", model, "wide", "--metric", "swd64")
    assert status == 2
    assert "the model paints [3, 16, 16], but wide holds [3, 16, 24]" in err


def test_a_training_measures_its_snapshots_beside_it(run, data):
    metrics = ["--metric", "swd64@1", "--metric", "msssim64@0.5", "--metric", "spectra64@2"]
    status, out, err = run("train", data, "run", *SETTINGS, "--kimg", "1", *metrics)
    assert status == 0, err
    found = {name: [entry.kimg for entry in read_history(Path("run"), name)] for name in ("swd64", "msssim64")}
    assert found == {"swd64": [1], "msssim64": [1]}
    assert not read_history(Path("run"), "spectra64")
    assert re.search(r"swd64 \S+ at 1 kimg, the best so far", out)
    assert Path("run/best-swd64.safetensors").is_file()
    assert run("generate", "run/best-swd64.safetensors", "--seeds", "0")[0] == 0


@pytest.mark.parametrize(("kimg", "due"), [(0, False), (10, False), (20, True), (40, True), (44, False), (60, True)])
def test_the_first_snapshot_of_each_span_is_due(data, tmp_path, kimg, due):
    line = {"results": {"swd64": 5.0}, "snapshot_pkl": "s"}
    if kimg > 40:
        (tmp_path / "metric-swd64.jsonl").write_text(json.dumps({**line, "kimg": 40}) + "\n")
    wanted = Wanted(name="swd64", every=20)
    watch = MetricWatch(run=tmp_path, data=data, wanted=[wanted])
    assert watch._is_due(wanted, Path(f"network-snapshot-{kimg:06d}.safetensors")) is due


def watching(run: Path, data: Path, code: str) -> MetricWatch:
    """What watches a process with this code in place of an evaluation of the snapshot of 4 kimg."""
    snapshot = run / "network-snapshot-000004.safetensors"
    watch = MetricWatch(run=run, data=data, wanted=[Wanted(name="swd64", every=1)])
    said = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=said)
    watch._now = Measurement(snapshot, ["swd64"], process, said)
    return watch


def test_what_goes_wrong_beside_a_training_is_a_sentence(data, tmp_path):
    watch = watching(tmp_path, data, "import sys; print('allaprima: no such thing'); sys.exit(2)")
    name = "network-snapshot-000004.safetensors"
    assert list(watch.news(wait=True)) == [f"swd64 of {name} could not be measured: no such thing"]
    assert not watch.is_waiting


def test_a_best_snapshot_that_cannot_be_kept_does_not_stop_a_training(model, data, tmp_path):
    watch = watching(tmp_path, data, "")
    shutil.copy(model, tmp_path / "network-snapshot-000004.safetensors")
    line = {"results": {"swd64": 5.0}, "snapshot_pkl": "network-snapshot-000004.safetensors", "kimg": 4}
    (tmp_path / "metric-swd64.jsonl").write_text(json.dumps(line) + "\n")
    (tmp_path / "best-swd64.safetensors/in-the-way").mkdir(parents=True)
    (told,) = watch.news(wait=True)
    assert "cannot write" in told
    assert not watch.is_waiting


def test_a_history_that_cannot_be_read_does_not_stop_a_training(data, tmp_path):
    (tmp_path / "metric-swd64.jsonl").mkdir()
    watch = MetricWatch(run=tmp_path, data=data, wanted=[Wanted(name="swd64", every=1)], patience=1)
    assert not watch.wishes_to_stop
    assert list(watching(tmp_path, data, "").news(wait=True)) == []


def test_ctrl_c_leaves_the_last_measurements_out(data, tmp_path, capsys):
    stop = Stop()
    stop.wished = True
    watch = watching(tmp_path, data, "import time; time.sleep(60)")
    with closing(watch), progress(0, 1) as bar:
        last(watch, bar, stop)
    assert "left out: allaprima evaluate --all-snapshots" in capsys.readouterr().out


def test_a_training_that_ends_leaves_no_process(data, tmp_path):
    watch = watching(tmp_path, data, "import time; time.sleep(60)")
    process = watch._now.process
    watch.close()
    assert process.returncode == -signal.SIGTERM
    assert not watch.is_waiting


@pytest.mark.parametrize("text", ["fd5k_own", "fd5k_own@", "fd5k_own@0", "fd5k_own@x", "beauty@5", "@5"])
def test_how_often_must_be_said(run, data, text):
    status, _, err = run("train", data, "run", *SETTINGS, "--metric", text)
    assert status == 2
    assert "NAME@KIMG" in err or "there is no metric" in err
    assert not Path("run").exists()


def test_patience_needs_a_metric(run, data):
    status, _, err = run("train", data, "run", *SETTINGS, "--patience", "5")
    assert (status, "--patience waits for a metric" in err) == (2, True)


def test_patience_counts_from_the_best(tmp_path):
    lines = [(10, 5.0), (20, 3.0), (30, 4.0), (60, 3.5)]
    text = "".join(
        json.dumps({"results": {"swd64": value}, "metric": "swd64", "snapshot_pkl": f"s{kimg}", "kimg": kimg}) + "\n"
        for kimg, value in lines
    )
    (tmp_path / "metric-swd64.jsonl").write_text(text)
    wanted = [Wanted(name="swd64", every=10)]
    for patience, wish in [(39, True), (40, True), (41, False), (None, False)]:
        watch = MetricWatch(run=tmp_path, data=tmp_path, wanted=wanted, patience=patience)
        assert watch.wishes_to_stop is wish
    assert parse_wanted("swd64@2.5") == Wanted(name="swd64", every=2.5)


def test_a_picture_alone_is_no_data(run, model, tmp_path):
    write_png(tmp_path / "one.png", np.zeros((16, 16, 3), np.uint8))
    status, _, err = run("evaluate", model, tmp_path / "one.png")
    assert status == 2
    assert len(err.strip().splitlines()) == 1
