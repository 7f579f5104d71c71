"""Commands whose work several processes share, as torchrun starts them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allaprima.cli.device import choose_device
from allaprima.errors import AllaPrimaError, ConfigError

if TYPE_CHECKING:
    from allaprima.processes import Processes

OPTION = "--processes"
GRACE = timedelta(minutes=1)  # so that a process that hangs can say where, before the others give it up


@contextmanager
def told_once(processes: "Processes") -> Iterator[None]:
    """What goes wrong, goes wrong in all processes; the first alone tells it."""
    try:
        yield
    except (AllaPrimaError, KeyboardInterrupt):
        if processes.is_first:
            raise
        sys.exit(0)  # another status would have torchrun end the first before it has told


def own_device(name: str, processes: "Processes") -> Any:
    """The device of that name; of several GPUs each process takes its own. Raises `ConfigError`."""
    import torch

    local_rank = processes.local_rank if processes.count > 1 else None
    device = processes.each(lambda: choose_device(name, local_rank=local_rank))
    if local_rank is not None and device.type == "cuda":
        torch.cuda.set_device(device)
    return device


@contextmanager
def joined_for_training(hang_minutes: float) -> "Iterator[Processes]":
    """Join the other processes of a training, with gradients going from GPU to GPU where there are GPUs."""
    import torch

    from allaprima.processes import joined

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    with joined(backend=backend, patience=timedelta(minutes=hang_minutes) + GRACE) as processes:
        yield processes


def start_again_as(count: int, arguments: Sequence[str] | None = None) -> None:
    """Run this command in ``count`` processes, by torchrun, instead of in this one.

    Raises:
        ConfigError: torchrun has started this process already.
    """
    if "WORLD_SIZE" in os.environ:
        raise ConfigError(f"torchrun says how many processes there are: leave {OPTION} out")
    given = without_option(sys.argv[1:] if arguments is None else arguments)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    command = [*torchrun, "-m", "allaprima", *given]
    if os.name == "posix":  # in the place of this process, so that a signal to it is one to torchrun
        sys.stdout.flush()
        os.execv(sys.executable, command)
    sys.exit(subprocess.call(command))


def without_option(arguments: Sequence[str]) -> list[str]:
    """``arguments`` but for ``--processes N`` and ``--processes=N``."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == OPTION:
            next(words, None)
        elif not word.startswith(f"{OPTION}="):
            kept.append(word)
    return kept
