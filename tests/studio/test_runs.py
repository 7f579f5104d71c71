"""Trainings are watched as they write, and those that pages start can always be gone on with."""

import asyncio
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

import allaprima
from allaprima.studio.errors import BusyError, StudioError
from allaprima.studio.run_statistics import Statistics
from allaprima.studio.runs import Run, Runs, is_locked
from allaprima.studio.settings import Settings
from allaprima.studio.trainings import Plan, Trainings
from tests.studio.conftest import finished, studio

TINY = ("cbase=64", "gamma=none", "cmax=8", "z_dim=8", "w_dim=8", "map_depth=1", "batch=32", "precision=fp32",
        "tick=0.256", "snap=2", "holdout=2", "workers=0")  # fmt: skip
PLAN = Plan(data="pictures", recipe="laptop", kimg=100.0, settings=TINY)
TICK = 0.256  # kimg
PATIENCE = 120.0  # seconds
HOLD = """
import sys
from pathlib import Path
from allaprima.files import lock
held = lock(Path(sys.argv[1]))
print("held", flush=True)
input()
"""


@dataclass
class Story:
    """A training that was started by a page, was running when its studio closed, and went on in the next one."""

    settings: Settings
    phases: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    kimg: list[float] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.settings.out / "runs" / "tiny"


async def live(story: Story) -> None:
    first = Trainings(story.settings)
    run = Run("tiny", story.path)
    training = await first.start("tiny", PLAN)
    until = time.monotonic() + PATIENCE
    while run.statistics.count < 2 and time.monotonic() < until and not training.is_over:
        await asyncio.sleep(0.05)
        run.statistics.read()
    assert run.state(None) == "running", first.output(training)
    story.phases.append(training.phase)
    with pytest.raises(BusyError) as refusal:
        await first.start("other", PLAN)
    story.refusals.append(str(refusal.value))
    await first.close()
    story.phases.append(training.phase)
    story.said += first.output(training)
    run.statistics.read()
    story.kimg.append(run.kimg() or 0.0)
    second = Trainings(story.settings)
    goal = math.ceil((run.kimg() or 0.0) / TICK + 4) * TICK
    training = await second.go_on(run, None, goal)
    assert training.watcher is not None
    await asyncio.wait_for(training.watcher, PATIENCE)
    story.phases.append(training.phase)
    story.said += second.output(training)
    run.statistics.read()
    story.kimg += [run.kimg() or 0.0, goal]
    with pytest.raises(StudioError) as end:
        await second.go_on(run, None, None)
    story.refusals.append(str(end.value))


@pytest.fixture(scope="session")
def story(model_files: dict[str, Path], image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    story = Story(
        Settings(
            models={"progan": str(model_files["progan"])},
            datasets={"pictures": image_folder},
            out=tmp_path_factory.mktemp("trainings"),
            device="cpu",
            allow_training=True,
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allaprima.studio.trainings.NICENESS", 0)  # nobody paints meanwhile
        with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
            thread.submit(lambda: asyncio.run(live(story))).result()
    return story


@pytest.fixture(scope="module")
def watcher(story: Story) -> Iterator[TestClient]:
    """A studio that serves the run of the story."""
    with studio(story.settings) as client:
        yield client


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(data)))


def tick(kimg: float, **means: float) -> bytes:
    row = {"Progress/kimg": kimg} | means
    return json.dumps({name: {"num": 1, "mean": mean, "std": 0} for name, mean in row.items()}).encode() + b"\n"


def test_a_training_saves_and_stops_when_the_studio_closes_and_goes_on_in_the_next(story):
    assert story.phases == ["running", "stopped", "done"]
    assert any("stopped, state saved" in line for line in story.said)
    assert any(line.startswith("going on at") for line in story.said)
    before, after, goal = story.kimg
    assert 0 < before < after
    assert after == pytest.approx(goal, abs=0.032)


def test_a_second_training_waits_and_a_finished_one_asks_for_a_length(story):
    assert "tiny is training" in story.refusals[0]
    assert "give a larger length" in story.refusals[1]


def test_what_a_training_says_names_no_path_of_the_server(story):
    assert not [line for line in story.said if str(story.settings.out) in line]
    assert any("run directory: tiny" in line for line in story.said)


def test_a_run_is_described(watcher, story):
    facts = watcher.get("/api/runs/tiny").json()
    assert facts["state"] == "finished"
    assert facts["kimg"] == pytest.approx(story.kimg[1])
    assert facts["wanted"] == pytest.approx(story.kimg[2])
    assert facts["shape"] == [4, 16, 16]
    assert facts["condition"] == "healthy"
    assert facts["num_records"] >= 1
    assert facts["images_per_second"] > 0
    assert {sheet["name"] for sheet in facts["sheets"]} == {path.name for path in story.path.glob("fakes*.png")}
    assert [snapshot["name"] for snapshot in facts["snapshots"]] == [
        path.stem for path in sorted((story.path / "snapshots").iterdir())
    ]
    assert str(story.settings.out) not in json.dumps(facts)
    (brief,) = watcher.get("/api/runs").json()
    assert brief["name"] == "tiny"
    assert brief["kimg"] == facts["kimg"]


def test_numbers_are_those_of_the_file_however_they_are_asked_for(watcher, story):
    rows = [json.loads(line) for line in (story.path / "stats.jsonl").read_text().splitlines()]
    whole = watcher.get("/api/runs/tiny/statistics").json()
    assert whole["total"] == len(rows)
    for name, values in whole["columns"].items():
        expected = [row[name]["mean"] if name in row else math.nan for row in rows]
        found = [math.nan if value is None else value for value in values]
        assert found == pytest.approx(expected, rel=1e-5, nan_ok=True)
    for after in range(len(rows) + 2):
        rest = watcher.get("/api/runs/tiny/statistics", params={"after": after, "edition": whole["edition"]}).json()
        assert rest["first"] == min(after, len(rows))
        assert rest["columns"] == {name: values[after:] for name, values in whole["columns"].items()}
    assert watcher.get("/api/runs/tiny/statistics", params={"after": 2, "edition": "other"}).json() == whole


def test_a_line_is_read_when_it_is_whole(tmp_path):
    path = tmp_path / "stats.jsonl"
    statistics = Statistics(tmp_path)
    statistics.read()
    assert statistics.count == 0
    path.write_bytes(tick(1, a=2) + tick(2, a=3)[:20])
    statistics.read()
    edition = statistics.edition
    assert statistics.since(0, "") == (0, {"Progress/kimg": [1.0], "a": [2.0]})
    path.write_bytes(tick(1, a=2) + tick(2, a=3) + tick(3, b=math.nan))
    statistics.read()
    assert statistics.edition == edition
    assert statistics.since(1, edition) == (1, {"Progress/kimg": [2.0, 3.0], "a": [3.0, None], "b": [None, None]})


def test_a_file_that_was_written_anew_is_told_anew(tmp_path):
    path = tmp_path / "stats.jsonl"
    path.write_bytes(tick(1) + tick(2))
    statistics = Statistics(tmp_path)
    statistics.read()
    edition = statistics.edition
    (tmp_path / "new").write_bytes(tick(1) + tick(1.5) + tick(1.75))
    (tmp_path / "new").replace(path)
    statistics.read()
    assert statistics.edition != edition
    assert statistics.since(2, edition) == (0, {"Progress/kimg": [1.0, 1.5, 1.75]})


def test_what_is_no_tick_is_passed_over(tmp_path):
    (tmp_path / "stats.jsonl").write_bytes(
        b"[1]\nnull\n{}\nno json\n" + b"[" * 10_000 + b"\n" + tick(1) + b'{"a": {"mean": 1}}\n'
    )
    statistics = Statistics(tmp_path)
    statistics.read()
    assert statistics.since(0, "") == (0, {"Progress/kimg": [1.0]})


def test_a_lock_is_asked_about_and_not_taken(tmp_path):
    path = tmp_path / ".lock"
    assert is_locked(path) is None
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    assert is_locked(path) is True
    holder.communicate(b"\n")
    assert is_locked(path) is False


def test_metrics_are_read_as_the_reference_writes_them(tmp_path):
    lines = [
        '{"results": {"fid50k": 9.5}, "metric": "fid50k", "snapshot_pkl": "network-snapshot-000040.pkl"}',
        '{"results": {"fid50k": 99}, "snapshot_pkl": "network-snapshot-000020.safetensors", "kimg": 20}',
        '{"results": {"fid50k": 30}, "snapshot_pkl": "network-snapshot-000020.pkl"}',
        '{"results": [1]}',
        "half",
    ]
    (tmp_path / "metric-fid50k.jsonl").write_text("\n".join(lines))
    assert Run("x", tmp_path).metrics() == {"fid50k": [(20.0, 30.0), (40.0, 9.5)]}


def test_a_directory_that_holds_nothing_is_a_run_that_has_not_begun(tmp_path):
    run = Run("x", tmp_path / "nowhere")
    run.statistics.read()
    assert run.state(None) == "empty"
    assert run.config() == run.sheets() == run.snapshots() == run.metrics() == {}


def test_only_runs_that_were_named_or_begun_here_are_found(tmp_path):
    inside = tmp_path / "runs"
    (inside / "mine").mkdir(parents=True)
    (inside / "mine" / "config.json").write_text("{}")
    (inside / "other").mkdir()
    runs = Runs({"named": tmp_path / "elsewhere"}, inside, {})
    assert runs.names() == ["named", "mine"]
    assert runs.find("mine").path == inside / "mine"
    for name in ("other", "..", "mine/../mine", "", "../runs/mine"):
        with pytest.raises(StudioError):
            runs.find(name)


def test_a_snapshot_paints_what_generate_paints(watcher, story):
    snapshot = sorted((story.path / "snapshots").iterdir())[0]
    answer = watcher.get(f"/api/runs/tiny/snapshots/{snapshot.stem}/picture", params={"seed": 5, "truncation": 0.7})
    expected = next(iter(allaprima.generate(allaprima.load(snapshot), seeds=[5], truncation_psi=0.7)))
    assert np.abs(pixels(answer.content).astype(int) - expected.astype(int)).max() <= 1


def test_a_sheet_is_the_file(watcher, story):
    for name in ("reals.png", "fakes_init.png"):
        assert watcher.get(f"/api/runs/tiny/sheets/{name}").content == (story.path / name).read_bytes()


def test_a_training_is_filmed(watcher, story):
    order = {"what": "assessment", "seconds": 1, "data": "pictures"}
    made = watcher.post("/api/runs/tiny/film", json=order).json()
    assert made["order"] == {"run": "tiny", "format": "webm", **order}
    job = finished(watcher, made)
    assert job["state"] == "done", job["sentence"]
    assert job["files"] == ["assessment.webm"]
    data = watcher.get(f"/api/jobs/{job['id']}/files/assessment.webm").content
    with av.open(BytesIO(data)) as film:
        assert sum(1 for _ in film.decode(video=0)) == job["result"]["frames"] == 24


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/runs/none", 404),
        ("/api/runs/..%2Ftiny", 404),
        ("/api/runs/none/statistics", 404),
        ("/api/runs/tiny/statistics?after=-1", 422),
        ("/api/runs/tiny/sheets/config.json", 404),
        ("/api/runs/tiny/sheets/..%2Freals.png", 404),
        ("/api/runs/tiny/snapshots/none/picture", 404),
        ("/api/runs/tiny/snapshots/none/picture?seed=x", 422),
    ],
)
def test_what_is_not_there_is_said(watcher, address, status):
    answer = watcher.get(address)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_films_that_cannot_be_made_are_refused(watcher):
    assert watcher.post("/api/runs/tiny/film", json={"data": "none"}).status_code == 404
    assert watcher.post("/api/runs/tiny/film", json={"seconds": 1e9}).status_code == 422
    assert watcher.post("/api/runs/tiny/film", json={"seconds": 80}).status_code == 413


def test_a_training_is_checked_in_words(watcher):
    plan = {"data": "pictures", "recipe": "laptop", "size": "tiny", "mirror": True, "settings": ["cmax=16"]}
    checked = watcher.post("/api/trainings/check", json=plan).json()
    assert checked["recipe"]["mirror"] is True
    assert checked["recipe"]["cbase"] == 512
    assert checked["recipe"]["cmax"] == 16  # what is said last counts
    assert any("images of 16×16 pixels" in line for line in checked["sentences"])
    assert not list(Path(watcher.app.state.studio.settings.out / "runs").glob("*check*"))


def test_recipes_are_those_of_the_command(watcher):
    assert {"auto", "laptop", "stylegan3-t", "r3gan-cifar10"} <= set(watcher.get("/api/recipes").json())


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../x"}, {"name": ".x"}, {"name": "a b"}, {"name": "x" * 41}, {"name": ""}, {"recipe": "--help"},
        {"settings": ["--out=x"]}, {"settings": ["a=b;c"]}, {"settings": ["a"]}, {"settings": ["data=/etc"]},
        {"kimg": 0}, {"kimg": 1e99}, {"size": "huge"}, {"out": "x"},
    ],
)  # fmt: skip
def test_a_training_of_a_wrong_form_is_refused(watcher, fields):
    answer = watcher.post("/api/trainings", json={"name": "fine", "data": "pictures"} | fields)
    assert answer.status_code == 422
    assert watcher.get("/api/trainings").json() == []


def test_trainings_that_cannot_start_are_refused(watcher):
    fine: dict[str, Any] = {"name": "fine", "data": "pictures"}
    assert watcher.post("/api/trainings", json=fine | {"data": "/etc"}).status_code == 404
    taken = watcher.post("/api/trainings", json=fine | {"name": "TINY"})
    assert (taken.status_code, "already" in taken.json()["detail"]) == (400, True)
    assert watcher.post("/api/trainings/tiny/stop").status_code == 404
    assert watcher.post("/api/runs/tiny/go-on", json={"data": "none"}).status_code == 400


def test_a_training_is_started_stopped_and_shown(watcher):
    plan = {"name": "short", "data": "pictures", "recipe": "laptop", "settings": list(TINY)}
    assert watcher.post("/api/trainings", json=plan).json()["phase"] == "running"
    assert watcher.post("/api/trainings", json=plan).status_code == 400
    assert watcher.post("/api/trainings", json=plan | {"name": "next"}).status_code == 429
    assert "short" in [run["name"] for run in watcher.get("/api/runs").json()]
    assert watcher.post("/api/trainings/short/stop").json()["phase"] == "stopping"
    until = time.monotonic() + PATIENCE
    while (facts := watcher.get("/api/runs/short").json())["phase"] == "stopping" and time.monotonic() < until:
        time.sleep(0.05)
    assert facts["phase"] == "stopped"


def test_without_leave_no_training_is_started(client):
    plan = {"name": "fine", "data": "pictures"}
    for address, content in (("/api/trainings", plan), ("/api/trainings/check", {"data": "pictures"})):
        answer = client.post(address, json=content)
        assert answer.status_code == 400
        assert "--allow-training" in answer.json()["detail"]
    assert client.post("/api/trainings/tiny/stop").status_code == 400
    assert client.get("/api/runs").json() == []
