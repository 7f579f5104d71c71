"""Orders: each picture is the one of its seed, classes come in their shares, and what was broken off goes on."""

import csv
import hashlib
import io
import json
import os
import signal
import time
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from allaprima.errors import OutputError
from allaprima.studio.settings import Settings
from allaprima.studio.work import bulk
from allaprima.studio.work.bench import Bench
from tests.studio.conftest import finished, studio

MODELS = ["stylegan2", "classes", "stylegan3", "stylegan", "progan", "r3gan"]


def ordered(client: TestClient, **order: Any) -> zipfile.ZipFile:
    answer = client.post("/api/bulk", json=order)
    assert answer.status_code == 200, answer.text
    job = finished(client, answer.json())
    assert job["state"] == "done", job["sentence"]
    assert job["files"] == ["pictures.zip"]
    data = client.get(f"/api/jobs/{job['id']}/files/pictures.zip").content
    assert job["result"] == {"file": "pictures.zip", "bytes": len(data), "images": order["count"]}
    return zipfile.ZipFile(io.BytesIO(data))


@pytest.mark.parametrize("model", MODELS)
def test_each_picture_is_that_of_its_seed(client, model):
    archive = ordered(client, model=model, count=5, seed=2**32 - 2, truncation=0.7)
    manifest = json.loads(archive.read("manifest.json"))
    assert [row["seed"] for row in manifest["images"]] == [2**32 - 2, 2**32 - 1, 0, 1, 2]
    for row in manifest["images"]:
        fields = {"seed": row["seed"], "truncation": 0.7} | ({} if row["class"] is None else {"class": row["class"]})
        own = client.get(f"/api/models/{model}/picture", params=fields).content
        shown, wanted = (
            np.asarray(Image.open(io.BytesIO(data))).astype(int) for data in (archive.read(row["file"]), own)
        )
        assert np.abs(shown - wanted).max() <= 1


def test_the_manifest_says_what_each_was_made_from(client):
    archive = ordered(client, model="classes", count=6, seed=3, classes={"0": 1, "2": 0.5}, format="webp")
    assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    manifest = json.loads(archive.read("manifest.json"))
    rows = manifest["images"]
    assert manifest["model"] == "classes"
    assert len(manifest["generator_sha256"]) == 64
    assert Counter(row["class_name"] for row in rows) == {"cat": 4, "newt": 2}
    assert [row["sha256"] for row in rows] == [hashlib.sha256(archive.read(row["file"])).hexdigest() for row in rows]
    table = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
    assert table == [{name: str(value) for name, value in row.items()} for row in rows]
    assert set(archive.namelist()) == {row["file"] for row in rows} | {"manifest.json", "manifest.csv"}
    assert Image.open(io.BytesIO(archive.read(rows[0]["file"]))).format == "WEBP"


def test_without_a_seed_one_is_drawn_and_without_classes_all_come(client):
    rows = [json.loads(ordered(client, model="classes", count=6).read("manifest.json"))["images"] for _ in range(2)]
    assert rows[0][0]["seed"] != rows[1][0]["seed"]
    assert Counter(row["class"] for row in rows[0]) == {0: 2, 1: 2, 2: 2}


@pytest.mark.parametrize(
    ("order", "status", "says"),
    [
        ({"model": "nobody", "count": 1}, 404, "no model 'nobody'"),
        ({"model": "progan", "count": 0}, 422, "count"),
        ({"model": "progan", "count": 10_001}, 413, "at most 10,000"),
        ({"model": "progan", "count": 1, "classes": {"0": 1}}, 400, "no classes"),
        ({"model": "classes", "count": 1, "classes": {"3": 1}}, 400, "no class 3"),
        ({"model": "classes", "count": 1, "classes": {"1": 0}}, 400, "weight above 0"),
        ({"model": "classes", "count": 1, "classes": {"1": -1}}, 422, "classes"),
        ({"model": "progan", "count": 1, "seed": 2**32}, 422, "seed"),
        ({"model": "progan", "count": 1, "out": "/tmp"}, 422, "out"),
    ],
)
def test_what_cannot_be_ordered_is_refused_with_a_sentence(client, order, status, says):
    answer = client.post("/api/bulk", json=order)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text


@pytest.mark.parametrize("seed", range(20))
def test_classes_come_evenly_at_any_weights(seed):
    draw = np.random.default_rng(seed)
    weights = {number: float(weight) for number, weight in enumerate(draw.random(draw.integers(1, 9)))}
    got, total = Counter(), sum(weights.values())
    for index, number in enumerate(bulk.spread(weights, 500), start=1):
        got[number] += 1
        assert all(abs(got[each] - weight / total * index) < 1.5 for each, weight in weights.items())


def test_a_class_without_weight_never_comes():
    assert set(bulk.spread({0: 0.0, 1: 1.0, 2: 0.0}, 50)) == {1}
    assert list(bulk.spread({}, 2)) == [None, None]


@pytest.fixture
def bench(model_files) -> Bench:
    return Bench({"progan": str(model_files["progan"])}, torch.device("cpu"))


def order_of(count: int = 40) -> dict[str, Any]:
    return {"model": "progan", "count": count, "seed": 5, "truncation": 1.0, "classes": {}, "format": "png"}


def paint_all(bench: Bench, folder: Path, order: dict[str, Any]) -> bytes:
    folder.mkdir(exist_ok=True)
    for _ in bulk.paint(bench, str(folder), order):
        pass
    return (folder / bulk.ARCHIVE).read_bytes()


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(bulk, "MOST_IN_A_PART", 8)
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 4)


def test_what_is_broken_off_anywhere_becomes_the_same_archive(bench, tmp_path, small_parts, monkeypatch):
    whole = paint_all(bench, tmp_path / "whole", order_of())
    for steps in (1, 3, 6, 11, 12):
        folder = tmp_path / str(steps)
        folder.mkdir()
        work = bulk.paint(bench, str(folder), order_of())
        for _ in range(steps):
            next(work)
        work.close()
        assert paint_all(bench, folder, order_of()) == whole
        assert [path.name for path in folder.iterdir()] == [bulk.ARCHIVE]


def test_finished_parts_are_not_painted_again_and_broken_ones_are(bench, tmp_path, small_parts, monkeypatch):
    painted: list[int] = []

    def counted(bench, wishes, *rest):
        painted.extend(wish.seed for wish in wishes)
        return paint_files(bench, wishes, *rest)

    paint_files = bulk.paint_files
    monkeypatch.setattr(bulk, "paint_files", counted)
    work = bulk.paint(bench, str(tmp_path), order_of())
    while next(work)["done"] < 36:  # four parts are there, and the half of the fifth is lost
        pass
    work.close()
    parts = sorted(tmp_path.glob(".part-*"))
    assert len(parts) == 4
    parts[1].write_bytes(parts[1].read_bytes()[:-40])
    damaged = bytearray(parts[2].read_bytes())
    damaged[100] ^= 255
    parts[2].write_bytes(damaged)
    (tmp_path / "..part-00009.zip.1.tmp").write_bytes(b"left behind by a kill")
    painted.clear()
    first = next(work := bulk.paint(bench, str(tmp_path), order_of()))
    assert (first["done"], first["total"]) == (16, 40)
    for _ in work:
        pass
    assert painted == [*range(13, 29), *range(37, 45)]
    assert [path.name for path in tmp_path.iterdir()] == [bulk.ARCHIVE]


def test_parts_of_other_weights_are_painted_again(bench, model_files, tmp_path, small_parts):
    work = bulk.paint(bench, str(tmp_path), order_of())
    while next(work)["done"] < 20:
        pass
    work.close()
    G = bench.generator("progan")
    with torch.no_grad():
        next(G.parameters()).mul_(0.5)
    bench._hashes.clear()  # within one studio weights stay: it is another one that goes on
    assert next(bulk.paint(bench, str(tmp_path), order_of()))["done"] == 0


def test_a_full_disk_is_told_before_it_is_full(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bulk.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match="make room"):
        paint_all(bench, tmp_path, order_of())
    assert not list(tmp_path.iterdir())


def test_an_order_that_the_disk_cannot_hold_is_not_taken(client, monkeypatch):
    monkeypatch.setattr("allaprima.studio.routes.bulk.shutil.disk_usage", lambda path: SimpleNamespace(free=2**20))
    answer = client.post("/api/bulk", json={"model": "stylegan2", "count": 1000})
    assert answer.status_code == 413
    assert "make room" in answer.json()["detail"]


@pytest.fixture
def alone(settings: Settings, tmp_path: Path, monkeypatch) -> Settings:
    """A studio of its own with one slow model, whose long work does not wait for other programs."""
    monkeypatch.setattr("allaprima.studio.studio.NICENESS", 0)
    monkeypatch.setattr("allaprima.studio.worker.GOODBYE", 0.0)  # what is at work is broken off at once
    return replace(settings, models={"stylegan3": settings.models["stylegan3"]}, out=tmp_path)


def test_an_order_goes_on_after_a_kill_and_after_the_studio_was_closed(alone, tmp_path):
    with studio(alone) as client:
        job = client.post("/api/bulk", json={"model": "stylegan3", "count": 700, "seed": 1}).json()
        painted(client, job, 290)
        os.kill(client.app.state.studio.working.pid, signal.SIGKILL)
        while not client.app.state.studio.working.deaths:
            time.sleep(0.01)
        painted(client, job, 320)
    kept = sorted((tmp_path / job["id"]).glob(".part-*"))
    assert kept
    time_ = kept[0].stat().st_mtime_ns
    with studio(alone) as client:
        painted(client, job, 280)
        assert kept[0].stat().st_mtime_ns == time_  # what was there is not painted again
        assert finished(client, job)["state"] == "done"
    archive = zipfile.ZipFile(tmp_path / job["id"] / "pictures.zip")
    assert archive.testzip() is None
    assert [row["seed"] for row in json.loads(archive.read("manifest.json"))["images"]] == list(range(1, 701))


def painted(client: TestClient, job: dict[str, Any], count: int) -> None:
    """Wait until so many are painted."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        now = client.get(f"/api/jobs/{job['id']}").json()
        assert now["state"] in ("waiting", "running"), now
        if now["step"].get("done", 0) >= count:
            return
        time.sleep(0.02)
    raise AssertionError(now)


def test_a_job_that_is_thrown_away_while_it_runs_leaves_nothing(alone, tmp_path):
    with studio(alone) as client:
        job = client.post("/api/bulk", json={"model": "stylegan3", "count": 2000, "seed": 1}).json()
        painted(client, job, 10)
        assert client.delete(f"/api/jobs/{job['id']}").status_code == 204
        second = client.post("/api/bulk", json={"model": "stylegan3", "count": 3}).json()
        assert finished(client, second)["state"] == "done"
        assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {second["id"]}
