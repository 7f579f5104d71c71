"""Several processes that share the work of one evaluation or one training, as ``torchrun`` starts them.

An evaluation is cut into parts as for one process, so that the numbers, too, are those of one: each process takes whole
parts by turns, and the first gets what comes of all of them in the order in which one process would have made them.
What is passed then are features and small images, which lie in the CPU's memory whatever computed them: so gloo carries
them, also between GPUs. A training adds up gradients, and these go the way of the device they are on.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from allaprima.errors import RunError
from allaprima.rendezvous import meet
from allaprima.torchrun import rank_of

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")
PATIENCE = timedelta(days=1)  # what the first process does alone, as neighbours of many features, takes its time


class LostProcessError(RunError):
    """Another process of the same work is gone. Its own words, not these, say why."""


@dataclass(frozen=True, slots=True)
class Processes:
    """One of ``count`` processes, which all do the same calls in the same order.

    What goes wrong in one of them is raised in all, and the first alone should tell it.

    Attributes:
        rank: Which one this is, from 0 …
        count: … of so many.
        local_rank: Which one it is on its machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    def share(self, total: int) -> range:
        """Which of 0, 1 … below ``total`` are this process's: all have as many, but for one."""
        return range(total * self.rank // self.count, total * (self.rank + 1) // self.count)

    def add_up(self, numbers: "Tensor") -> None:
        """Replace ``numbers`` [any shape] in each process by their sum over all. Raises `LostProcessError`."""
        if self.count > 1:
            from torch import distributed

            with _company():
                distributed.all_reduce(numbers)

    def any_of(self, wishes: Sequence[bool]) -> list[bool]:
        """Of each of ``wishes``, whether it is true in any process. Raises `LostProcessError`."""
        if self.count == 1:
            return list(wishes)
        import torch

        counts = torch.tensor([float(wish) for wish in wishes])
        self.add_up(counts)
        return [count > 0 for count in counts.tolist()]

    def given_by_first(self, tensors: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
        """In each process the ``tensors`` [any shape] of the first, wherever these are. Raises `LostProcessError`."""
        if self.count == 1:
            return dict(tensors)
        import torch
        from torch import distributed

        kinds = self.of_first(lambda: {name: (t.shape, t.dtype) for name, t in tensors.items()})
        found = {}
        for name, (shape, dtype) in kinds.items():
            tensor = tensors[name].detach().cpu().contiguous() if self.is_first else torch.empty(shape, dtype=dtype)
            with _company():
                distributed.broadcast(tensor, src=0)
            found[name] = tensor
        return found

    @property
    def is_first(self) -> bool:
        """Whether this is the one that gets all results."""
        return self.rank == 0

    def each(self, work: Callable[[], T]) -> T:
        """Do the same in every process; wait for the others.

        Raises:
            AllaPrimaError: What it raised in any process, the first of them.
            LostProcessError: Another process is gone.
        """
        if self.count == 1:
            return work()
        made: list[T] = []
        failure: Exception | None = None
        try:
            made.append(work())
        except Exception as error:  # whatever it is, the others wait for a word
            failure = error
        failures = self._collected(failure)
        for found in failures:
            if found is not None:
                raise found
        return made[0]

    def gathered(self, work: Callable[[], T]) -> list[T]:
        """Do the same in every process: the first gets what all of them made, by rank, the others get nothing."""
        made = self.each(work)
        if self.count == 1:
            return [made]
        from torch import distributed

        received: list[Any] | None = [None] * self.count if self.is_first else None
        with _company():
            distributed.gather_object(made, received, dst=0)
        return received or []

    def shared(self, parts: int, work: Callable[[int], T]) -> Iterator[T]:
        """Do ``work`` for 0, 1 … below ``parts``, by turns: the first process gets all of it in this order.

        The others get nothing, but must go through to the end.
        """
        for start in range(0, parts, self.count):
            found = self.gathered(partial(_if_there, work, start + self.rank, parts))
            yield from islice(found, parts - start)

    def of_first(self, work: Callable[[], T]) -> T:
        """Let the first process do it, and give what it made to all."""
        made = self.each(lambda: work() if self.is_first else None)
        if self.count > 1:
            from torch import distributed

            parcel = [made]
            with _company():
                distributed.broadcast_object_list(parcel, src=0)
            made = parcel[0]
        return made  # type: ignore[return-value]

    def first_before_others(self, work: Callable[[], T]) -> T:
        """Do it in the first process, then in the others: what the first has fetched is there for them."""
        made = self.each(lambda: work() if self.is_first else None)
        return self.each(lambda: made if self.is_first else work())  # type: ignore[return-value]

    def _collected(self, own: Exception | None) -> list[Exception | None]:
        from torch import distributed

        received: list[Any] = [None] * self.count
        with _company():
            distributed.all_gather_object(received, _portable(own))
        return received


ALONE = Processes()


@contextmanager
def joined(
    environment: Mapping[str, str] = os.environ, *, backend: str = "gloo", patience: timedelta = PATIENCE
) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` started with this one; `ALONE` where it did not.

    Args:
        environment: What torchrun has said.
        backend: What carries tensors, as PyTorch names it; ``cpu:gloo,cuda:nccl`` for both.
        patience: How long one waits for another before it gives up.

    Raises:
        ConfigError: The environment is only half of torchrun's.
        RunError: The others cannot be reached.
    """
    rank, count, local = rank_of(environment)
    if count == 1:
        yield ALONE
        return
    # Imported later, as by an optimizer's first step, PyTorch's compiler holds on to the group for ever: its threads
    # then still run while the interpreter ends, which can abort the process.
    import_module("torch._dynamo")
    from torch import distributed
    from torch.distributed.rendezvous import rendezvous

    try:
        store, _, _ = next(rendezvous("env://", timeout=patience))
        part = meet(store, rank, count, patience)
        distributed.init_process_group(backend, timeout=patience, rank=rank, world_size=count, store=part)
    except (RuntimeError, ValueError, AttributeError) as error:  # the last: a torch without torch.distributed
        raise RunError(f"the other processes cannot be joined: {str(error).splitlines()[0]}") from error
    try:
        yield Processes(rank, count, local)
    finally:
        distributed.destroy_process_group()


def _if_there(work: Callable[[int], T], part: int, parts: int) -> T | None:
    return work(part) if part < parts else None


@contextmanager
def _company() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise LostProcessError("another process has ended, or hangs, before the work was done") from error


def _portable(error: Exception | None) -> Exception | None:
    """Without what hangs on it: only its kind and its words go to other processes."""
    if error is None:
        return None
    try:
        return type(error)(str(error))
    except Exception:  # it takes other arguments
        return RuntimeError(f"{type(error).__name__}: {error}")
