"""Processes beside each other in the environment that torchrun gives, but forked from one that has PyTorch loaded.

    python tests/training/side_by_side.py 2 -m allaprima train …
    python tests/training/side_by_side.py 2,4 SCRIPT …

Loading PyTorch takes longer than most of what tests do in such processes. What torchrun itself does (to join, to start
again who dies) is shown by `tests/test_processes.py` and `tests/cli/test_train_processes.py`, with torchrun.
"""

import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

PATIENCE = 250.0  # seconds for each
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parents[2] / "src", Path(__file__).parents[2]))),
    "OMP_NUM_THREADS": "1",
}


def side_by_side(counts: str, *words: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a module or script in so many processes, and again for each further count."""
    command = [sys.executable, __file__, counts, *map(str, words)]
    return subprocess.run(
        command, env=ENVIRONMENT | environment, capture_output=True, text=True, check=False, timeout=600
    )


def as_one_of(rank: int, count: int, port: int, words: list[str]) -> None:
    """Be a process that torchrun has started."""
    own = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in own.items()} | {"MASTER_ADDR": "127.0.0.1"})
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main(counts: str, words: list[str]) -> int:
    """The worst exit status of all."""

    import allaprima.training  # noqa: F401

    fork = multiprocessing.get_context("fork")
    worst = 0
    for count in map(int, counts.split(",")):
        port = free_port()
        started = [fork.Process(target=as_one_of, args=(rank, count, port, words)) for rank in range(count)]
        for process in started:
            process.start()
        for process in started:
            process.join(PATIENCE)
            process.kill()  # one that still runs waits for ever
        worst = max(worst, *(abs(process.exitcode or 0) for process in started))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
