"""Processes that meet in a store of earlier meetings."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import torch.distributed as distributed

from allaprima.errors import RunError
from allaprima.rendezvous import meet

PATIENCE = timedelta(seconds=20)


def together(store: Any, ranks: dict[int, float], count: int) -> dict[int, Any]:
    """What each rank gets that comes after so many seconds."""
    found: dict[int, Any] = {}

    def come(rank: int, after: float) -> None:
        time.sleep(after)
        found[rank] = meet(store, rank, count, PATIENCE)

    threads = [threading.Thread(target=come, args=item) for item in ranks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def store() -> Any:
    return distributed.HashStore()


@pytest.mark.parametrize("late", [0, 1, 2])
def test_all_get_the_same_part_which_is_new(store: Any, late: int) -> None:
    """Thrice in one store, one of them late: what was said in an earlier meeting is not heard in a later one."""
    for attempt in range(3):
        parts = together(store, {rank: 0.3 if rank == late else 0.0 for rank in range(3)}, 3)
        assert not any(part.check(["address"]) for part in parts.values())
        parts[0].set("address", str(attempt))
        assert [parts[rank].get("address") for rank in range(3)] == [str(attempt).encode()] * 3


@pytest.mark.parametrize("gone", [0, 1])
def test_one_that_dies_while_they_meet_is_not_waited_for(store: Any, gone: int) -> None:
    """It has said who it is, or even proposed or agreed, and comes again as another."""
    with pytest.raises(RunError, match=r"of 2 processes not all have come within 0\.2 s"):
        meet(store, gone, 2, timedelta(seconds=0.2))
    parts = together(store, {0: 0.0, 1: 0.2} if gone else {0: 0.2, 1: 0.0}, 2)
    parts[1].set("address", "here")
    assert parts[0].get("address") == b"here"


def test_one_alone_meets_itself(store: Any) -> None:
    assert meet(store, 0, 1, PATIENCE) is not None


def test_nobody_goes_to_a_meeting_of_earlier_ones(store: Any) -> None:
    together(store, {0: 0.0, 1: 0.0}, 2)
    with pytest.raises(RunError):
        meet(store, 1, 2, timedelta(seconds=0.2))
