"""What `test_train_processes` has torchrun start: a training whose last process hangs in its third step."""

import sys
import time
from typing import Any

from allaprima.cli.main import main
from allaprima.training import loop
from allaprima.training.run import Run

train_step = loop.train_step


def step_that_hangs(run: Run, *batch: Any) -> Any:
    if run.step == 2 and run.processes.rank == run.processes.count - 1:
        wait_for_ever()
    return train_step(run, *batch)


def wait_for_ever() -> None:
    while True:
        time.sleep(1)


if __name__ == "__main__":
    loop.train_step = step_that_hangs
    main(sys.argv[1:])
