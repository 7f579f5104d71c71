"""The queue before the painter: batches for many, the live ones first, a bad wish takes no good one with it."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import chain
from typing import Any

import pytest

from allaprima.studio.errors import BrokenError, BusyError, LateError, StudioError, WorkerDiedError
from allaprima.studio.painter import LIVE_AT_ONCE, MOST_AT_ONCE, PIXELS_AT_ONCE, Painter
from allaprima.studio.settings import Limits
from allaprima.studio.wish import Wish
from tests.studio.loops import run

POISON, DEADLY, DEADLY_ONCE = 666, 667, 668


class Fake:
    """A worker that paints a wish as its seed, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.deadly = {DEADLY, DEADLY_ONCE}

    def start(self) -> None:
        pass

    async def run(self, task: str, wishes: list[Wish], found: dict[str, Any], format_: str) -> list[bytes]:
        seeds = [wish.seed or 0 for wish in wishes]
        self.batches.append(seeds)
        await self.go.wait()
        await asyncio.sleep(0)
        if met := self.deadly & set(seeds):
            self.deadly -= met & {DEADLY_ONCE}
            raise WorkerDiedError("the painter has died")
        if POISON in seeds:
            raise StudioError("this seed is poison")
        if any(wish.model == "strange" for wish in wishes):
            raise OSError("no process could be started")
        return [str(seed).encode() for seed in seeds]


def wish(seed: int, model: str = "m") -> Wish:
    return Wish(model=model, seed=seed)


def with_painter(test: Callable[[Painter, Fake], Coroutine[None, None, None]], **limits: Any) -> None:
    async def work() -> None:
        fake = Fake()
        painter = Painter(fake, Limits(**limits))  # type: ignore[arg-type]
        painter.pixels = {"m": 64 * 64, "big": 1024 * 1024, "strange": 1}
        painter.start()
        try:
            await asyncio.wait_for(test(painter, fake), 10)
        finally:
            await painter.stop()

    run(work())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def asked(painter: Painter, seeds: list[int], model: str = "m", **how: Any) -> list[asyncio.Task[bytes]]:
    return [asyncio.create_task(painter.paint(wish(seed, model), **how)) for seed in seeds]


def test_those_who_wait_together_are_painted_together_in_their_order():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        first = asked(painter, [1])
        await settle()
        rest = asked(painter, list(range(2, 100)))
        await settle()
        fake.go.set()
        assert [await task for task in first + rest] == [str(seed).encode() for seed in range(1, 100)]
        most = min(MOST_AT_ONCE, PIXELS_AT_ONCE // 64**2)
        assert [len(batch) for batch in fake.batches] == [1, *[most] * (98 // most), 98 % most]
        assert [*chain(*fake.batches)] == list(range(1, 100))

    with_painter(test)


def test_large_pictures_are_painted_one_by_one_and_kinds_are_not_mixed():
    async def test(painter: Painter, fake: Fake) -> None:
        tasks = [*asked(painter, [1, 2], "big"), *asked(painter, [3, 4]), *asked(painter, [5], format_="webp"),
                 *asked(painter, [6])]  # fmt: skip
        await asyncio.gather(*tasks)
        assert sorted(fake.batches) == [[1], [2], [3, 4, 6], [5]]

    with_painter(test)


def test_live_wishes_come_first():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        tasks = asked(painter, [1])
        await settle()
        tasks += asked(painter, list(range(100, 200))) + asked(painter, [2, 3], live=True)
        await settle()
        fake.go.set()
        await asyncio.gather(*tasks)
        assert fake.batches[1][:2] == [2, 3]

    with_painter(test)


def test_a_bad_wish_fails_alone():
    async def test(painter: Painter, fake: Fake) -> None:
        tasks = asked(painter, [1, 2, POISON, 3])
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [found[0], found[1], found[3]] == [b"1", b"2", b"3"]
        assert str(found[2]) == "this seed is poison"
        assert await painter.paint(wish(9)) == b"9"

    with_painter(test)


def test_one_that_kills_the_worker_gets_a_second_chance_and_no_third():
    async def test(painter: Painter, fake: Fake) -> None:
        tasks = asked(painter, [1, DEADLY, 2, DEADLY_ONCE])
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [found[0], found[2], found[3]] == [b"1", b"2", str(DEADLY_ONCE).encode()]
        assert isinstance(found[1], WorkerDiedError)
        assert sum(DEADLY in batch for batch in fake.batches) == 2

    with_painter(test)


def test_whatever_goes_wrong_the_next_one_is_painted():
    async def test(painter: Painter, fake: Fake) -> None:
        with pytest.raises(BrokenError, match="OSError"):
            await painter.paint(wish(1, "strange"))
        assert await painter.paint(wish(2)) == b"2"

    with_painter(test)


def test_who_has_gone_away_is_left_out():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        first = asked(painter, [1])
        await settle()
        tasks = asked(painter, [2, 3, 4])
        await settle()
        tasks[1].cancel()
        await settle()
        fake.go.set()
        assert [await first[0], await tasks[0], await tasks[2]] == [b"1", b"2", b"4"]
        assert fake.batches == [[1], [2, 4]]

    with_painter(test)


def test_a_full_queue_says_so_and_those_who_have_gone_do_not_fill_it():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        first = asked(painter, [1])
        await settle()
        waiting = asked(painter, [2, 3, 4])
        await settle()
        with pytest.raises(BusyError, match="3 pictures are waiting"):
            await painter.paint(wish(5))
        with pytest.raises(BusyError):
            await painter.paint_many([wish(6), wish(7)])
        for task in waiting[:2]:
            task.cancel()
        await settle()
        late = asked(painter, [8, 9])
        await settle()
        fake.go.set()
        assert [await task for task in (*first, waiting[2], *late)] == [b"1", b"4", b"8", b"9"]

    with_painter(test, queue=3)


def test_an_order_of_many_that_does_not_fit_leaves_nothing_behind():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        first = asked(painter, [1])
        await settle()
        with pytest.raises(BusyError):
            await painter.paint_many([wish(seed) for seed in range(2, 9)])
        fake.go.set()
        await first[0]
        await settle()
        assert painter.waiting == 0
        assert [*chain(*fake.batches)] == [1]

    with_painter(test, queue=3)


def test_nobody_waits_for_ever():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        with pytest.raises(LateError, match=r"within 0\.05 s"):
            await painter.paint(wish(1))
        fake.go.set()
        assert await painter.paint(wish(2)) == b"2"

    with_painter(test, seconds=0.05)


def test_who_waits_when_the_studio_closes_is_told():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        tasks = asked(painter, [1, 2, 3])
        await settle()
        late = asked(painter, [4])
        await settle()
        await painter.stop()
        found = await asyncio.gather(*tasks, *late, return_exceptions=True)
        assert [str(each) for each in found] == ["the studio is closing"] * 4

    with_painter(test)


def test_while_somebody_paints_live_batches_are_short():
    async def test(painter: Painter, fake: Fake) -> None:
        fake.go.clear()
        asked = [asyncio.create_task(painter.paint(wish(0)))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked += [asyncio.create_task(painter.paint(wish(seed))) for seed in range(1, 21)]
        asked.append(asyncio.create_task(painter.paint(wish(99), live=True)))
        for _ in range(5):
            await asyncio.sleep(0)
        fake.go.set()
        await asyncio.gather(*asked)
        assert [len(batch) for batch in fake.batches] == [1, LIVE_AT_ONCE, 21 - LIVE_AT_ONCE]
        assert fake.batches[1][0] == 99

    with_painter(test)
