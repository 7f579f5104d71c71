"""Long works: one after the other, stopped, removed, gone on with; a bad one does not stop the line."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from allaprima.studio.errors import BusyError, StudioError, UnknownError, WorkerDiedError
from allaprima.studio.jobs import RECORD, Job, Jobs
from allaprima.studio.settings import Limits
from tests.studio.loops import run


class Fake:
    """A worker whose tasks are told by the order: how often it dies, what it makes, whether it waits to be killed."""

    def __init__(self) -> None:
        self.deaths, self.done = 0, []
        self.killed = asyncio.Event()

    async def run(self, task: str, folder: str, order: dict[str, Any], on_step: Callable[[Any], None]) -> Any:
        self.done.append(order["name"])
        on_step({"done": len(self.done), "total": 9} if order.get("steps") else {"done": 1, "total": 9})
        (Path(folder) / "made.png").write_bytes(b"png")
        (Path(folder) / ".half.png").write_bytes(b"half")
        await asyncio.sleep(0)
        if order.get("waits"):
            await self.killed.wait()
            (Path(folder) / ".late.png").parent.mkdir(exist_ok=True)
            (Path(folder) / ".late.png").write_bytes(b"made while it was being removed")
            raise WorkerDiedError("it has died")
        if self.done.count(order["name"]) <= order.get("dies", 0):
            self.deaths += 1
            raise WorkerDiedError("it has died")
        if order.get("fails"):
            raise StudioError("it cannot be done")
        if order.get("breaks"):
            raise TypeError("nobody thought of this")
        return {"strange": {1, 2}} if order.get("strange") else {"name": order["name"]}

    def restart(self) -> None:
        self.killed.set()


def with_jobs(test: Callable[[Jobs, Fake], Coroutine[None, None, None]], directory: Path, **limits: Any) -> None:
    async def work() -> None:
        fake = Fake()
        jobs = Jobs(fake, directory, Limits(**limits))  # type: ignore[arg-type]
        jobs.start()
        try:
            await asyncio.wait_for(test(jobs, fake), 10)
        finally:
            await jobs.stop()

    run(work())


def order(jobs: Jobs, name: str, *, resumes: bool = False, **how: Any) -> Job:
    return jobs.order("kind", name, "module:task", {"name": name, **how}, resumes=resumes)


async def over(*jobs: Job) -> list[str]:
    while not all(job.is_over for job in jobs):
        await asyncio.sleep(0.001)
    return [job.state for job in jobs]


def test_works_are_done_one_after_the_other_and_their_files_can_be_fetched(tmp_path):
    async def test(jobs: Jobs, fake: Fake) -> None:
        made = [order(jobs, name) for name in "abc"]
        assert await over(*made) == ["done"] * 3
        assert fake.done == ["a", "b", "c"]
        assert list(jobs.files(made[0])) == ["made.png"]
        assert jobs.find(made[1].id).result == {"name": "b"}
        with pytest.raises(UnknownError):
            jobs.find("../" + made[0].id)

    with_jobs(test, tmp_path)


@pytest.mark.parametrize("how", [{"fails": True}, {"breaks": True}, {"strange": True}, {"dies": 5}])
def test_after_a_bad_one_the_next_is_done(tmp_path, how):
    async def test(jobs: Jobs, fake: Fake) -> None:
        bad, good = order(jobs, "bad", **how), order(jobs, "good")
        assert await over(bad, good) == ["failed", "done"]
        assert len(bad.sentence) > 5
        for job in (bad, good):
            assert json.loads((jobs.folder(job) / RECORD).read_text())["state"] == job.state

    with_jobs(test, tmp_path)


@pytest.mark.parametrize(
    ("how", "state", "tries"),
    [
        ({"dies": 1}, "done", 2),
        ({"dies": 2}, "done", 3),  # the first try came further than none before
        ({"dies": 9}, "failed", 3),  # it comes no further
        ({"dies": 6, "steps": True}, "done", 7),  # it comes further each time
    ],
)
def test_a_work_that_can_go_on_does_so_as_long_as_it_comes_further(tmp_path, how, state, tries):
    async def test(jobs: Jobs, fake: Fake) -> None:
        job = order(jobs, "a", resumes=True, **how)
        assert (await over(job), len(fake.done)) == ([state], tries)

    with_jobs(test, tmp_path)


def test_a_work_that_cannot_go_on_fails_when_its_worker_dies(tmp_path):
    async def test(jobs: Jobs, fake: Fake) -> None:
        assert await over(job := order(jobs, "a", dies=1)) == ["failed"]
        assert job.sentence == "it has died"

    with_jobs(test, tmp_path)


def test_stopping_the_one_that_runs_lets_the_next_begin(tmp_path):
    async def test(jobs: Jobs, fake: Fake) -> None:
        first, second, third = order(jobs, "a", waits=True, resumes=True), order(jobs, "b"), order(jobs, "c")
        await asyncio.sleep(0.01)
        jobs.stop_one(second)
        jobs.stop_one(first)
        assert await over(first, second, third) == ["stopped", "stopped", "done"]
        assert fake.done == ["a", "c"]
        jobs.stop_one(third)
        assert third.state == "done"

    with_jobs(test, tmp_path)


def test_removing_the_one_that_runs_leaves_no_file(tmp_path):
    async def test(jobs: Jobs, fake: Fake) -> None:
        first, second = order(jobs, "a", waits=True), order(jobs, "b")
        await asyncio.sleep(0.01)
        jobs.remove(first)
        await over(second)
        assert [path.name for path in tmp_path.iterdir()] == [second.id]
        with pytest.raises(UnknownError):
            jobs.find(first.id)

    with_jobs(test, tmp_path)


def test_what_was_left_is_gone_on_with_by_the_next_studio_if_it_can_be(tmp_path):
    left: list[Job] = []

    async def first(jobs: Jobs, fake: Fake) -> None:
        left.extend([order(jobs, "a", waits=True, resumes=True), order(jobs, "b"), order(jobs, "c", resumes=True)])
        await asyncio.sleep(0.01)

    async def second(jobs: Jobs, fake: Fake) -> None:
        again = [jobs.find(job.id) for job in left]
        again[0].order["waits"] = False
        assert await over(*again) == ["done", "stopped", "done"]
        assert again[1].sentence == "the studio was closed"
        assert fake.done == ["a", "c"]

    with_jobs(first, tmp_path)
    with_jobs(second, tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"id": "x"}', "null"])
def test_a_record_that_cannot_be_read_is_left_alone(tmp_path, text):
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / RECORD).write_text(text)

    async def test(jobs: Jobs, fake: Fake) -> None:
        assert not jobs.all
        assert await over(order(jobs, "a")) == ["done"]

    with_jobs(test, tmp_path)
    assert (tmp_path / "strange" / RECORD).read_text() == text


def test_too_many_are_refused_and_old_ones_forgotten(tmp_path):
    async def test(jobs: Jobs, fake: Fake) -> None:
        waiting = [order(jobs, "a", waits=True), order(jobs, "b")]
        with pytest.raises(BusyError, match="2 works are waiting"):
            order(jobs, "c")
        await asyncio.sleep(0.01)
        jobs.stop_one(waiting[0])
        await over(*waiting)
        for name in "defg":
            await over(order(jobs, name))
        assert len(jobs.all) == 4
        assert {path.name for path in tmp_path.iterdir()} == set(jobs.all)

    with_jobs(test, tmp_path, jobs=2, kept=3)
