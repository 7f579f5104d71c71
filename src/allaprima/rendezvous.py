"""Where processes that torchrun has started meet, also when it starts them again.

They find one another's addresses in a store. After a failure torchrun starts all of them again, but with the store of
the first time (PyTorch 2.13), where the addresses of processes that are gone still stand: one that comes early would
call these. So those that meet agree on a part of the store that nobody has used before.
"""

import json
import time
import uuid
from datetime import timedelta
from typing import Any

from allaprima.errors import RunError

PAUSE = 0.02  # seconds between two looks


def meet(store: Any, rank: int, count: int, patience: timedelta) -> Any:
    """A part of ``store`` that is new to all of ``count`` processes, which call this once each.

    Each says who it is. The first proposes a meeting of those whom it sees, and proposes anew when it sees others; who
    finds himself in the proposal agrees; when all have agreed to one, the first says that it holds. Whatever is left
    of earlier meetings names others, and nobody agrees to it.

    Args:
        store: A ``torch.distributed.Store``.
        rank: Which process this is, from 0.
        count: How many there are.
        patience: How long to wait for all.

    Raises:
        RunError: Not all have come.
    """
    from torch.distributed.distributed_c10d import PrefixStore

    me, deadline = uuid.uuid4().hex, time.monotonic() + patience.total_seconds()
    store.set(f"who/{rank}", me)
    proposal = ""
    while time.monotonic() < deadline:
        if rank == 0:
            present = [_read(store, f"who/{other}") for other in range(count)]
            if None not in present and json.dumps(present) != proposal:
                proposal = json.dumps(present)
                store.set("proposal", proposal)
            if proposal and all(_read(store, f"agreed/{other}/{proposal}") for other in range(1, count)):
                store.set(f"holds/{proposal}", "1")
                return PrefixStore(_name(proposal), store)
        else:
            proposal = _read(store, "proposal") or ""
            if proposal and json.loads(proposal)[rank : rank + 1] == [me]:
                store.set(f"agreed/{rank}/{proposal}", "1")
                if _read(store, f"holds/{proposal}"):
                    return PrefixStore(_name(proposal), store)
        time.sleep(PAUSE)
    raise RunError(f"of {count} processes not all have come within {patience.total_seconds():g} s")


def _read(store: Any, key: str) -> str | None:
    if not store.check([key]):
        return None
    text: str = store.get(key).decode()
    return text


def _name(proposal: str) -> str:
    return f"meeting/{uuid.uuid5(uuid.NAMESPACE_OID, proposal).hex}"
