"""Workers die, and the studio goes on."""

import asyncio
import os
import signal
import time
from dataclasses import replace

import pytest

from allaprima.studio.errors import BrokenError, StudioError, WorkerDiedError
from allaprima.studio.places import Places
from allaprima.studio.work.process import answers, resolve
from allaprima.studio.worker import Worker
from tests.studio.conftest import studio
from tests.studio.loops import run

WISH = {"model": "progan", "seed": 1}


def test_a_worker_that_dies_is_replaced_and_whoever_waits_is_told(model_files):
    async def work() -> None:
        worker = Worker("painter", Places(models={"progan": str(model_files["progan"])}), device="cpu")
        try:
            assert (await worker.run("facts:describe", "progan"))["channels"] == 1
            first = worker.pid
            waiting = [asyncio.create_task(worker.run("facts:describe", "progan")) for _ in range(3)]
            os.kill(first, signal.SIGKILL)
            await asyncio.sleep(0)
            found = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(each, WorkerDiedError | dict) for each in found)
            while worker.pid == first:
                await asyncio.sleep(0.01)
            assert worker.deaths == 1
            assert (await worker.run("facts:describe", "progan"))["channels"] == 1
            assert worker.pid not in (None, first)
            worker.restart()  # on purpose: no death
            while worker.pid is not None:
                await asyncio.sleep(0.01)
            assert worker.deaths == 1
            with pytest.raises(StudioError, match="no model 'x'"):
                await worker.run("facts:describe", "x")
            with pytest.raises(BrokenError, match="TypeError"):
                await worker.run("facts:describe")
        finally:
            last = worker.pid
            await worker.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(last or 0, 0)

    run(work())


def test_pictures_come_although_the_painter_is_killed_again_and_again(settings, tmp_path):
    few = replace(settings, models={"progan": settings.models["progan"]}, out=tmp_path)
    with studio(few) as client:
        assert client.post("/api/picture", json=WISH).status_code == 200
        painter = client.app.state.studio.painting
        for kill in range(2):
            os.kill(painter.pid, signal.SIGKILL)
            assert client.post("/api/picture", json={**WISH, "seed": kill}).status_code == 200  # it was tried once more
        os.kill(painter.pid, signal.SIGKILL)
        answer = client.get("/api/models/progan/directions")  # what is no picture is not tried again
        assert answer.status_code in (200, 503)
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "1"
            assert "try once more" in answer.json()["detail"]
        assert client.get("/api/models/progan/directions").status_code == 200
        pids = [painter.pid, client.app.state.studio.working.pid]
    for pid in filter(None, pids):
        assert gone(pid)


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("task", ["os:system", "..files:lock", "facts", ":x", "bench:no", "nothing:x", "facts:"])
def test_a_task_that_there_is_not_is_answered_too(task):
    assert [kind for kind, _ in answers(None, task, ())] == ["broken"]


def test_tasks_are_those_of_one_package():
    assert resolve("facts:describe").__module__ == "allaprima.studio.work.facts"


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (MemoryError(), "refused", "ask for less"),
        (RuntimeError("CUDA out of memory. Tried"), "refused", "ask for less"),
        (RuntimeError("another"), "broken", "the log has the rest"),
        (ZeroDivisionError(), "broken", "ZeroDivisionError"),
    ],
)
def test_whatever_a_task_raises_is_a_sentence(monkeypatch, error, kind, says):
    def task(bench):
        yield {"done": 1}
        raise error

    monkeypatch.setattr("allaprima.studio.work.process.resolve", lambda name: task)
    steps = list(answers(None, "any:thing", ()))
    assert [each[0] for each in steps] == ["step", kind]
    assert says in steps[1][1]
