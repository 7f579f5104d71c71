"""What `test_many_processes` starts in many processes: a few steps of every kind of training, shared by all of them.

The first process writes what each training has become to ``COUNT/NAME.safetensors`` in the directory given.
"""

import sys
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from allaprima.processes import Processes, joined
from allaprima.training.run import Run
from allaprima.training.state import share_state
from allaprima.training.step import train_step
from tests.training.small import batch_for, small_run
from tests.training.systems import SYSTEMS, as_numbers, in_float64

STEPS = 3
FIELDS: dict[str, Any] = {"batch": 8, "mbstd_group": 2, "tick": 100.0}


def steps(run: Run, count: int = STEPS) -> None:
    for seed in range(count):
        pixels, labels = (x[run.share.start : run.share.stop] for x in batch_for(run, seed))
        run.statistics.add(train_step(run, pixels, labels))


def trained(processes: Processes, fields: dict[str, Any], seed: int) -> Run:
    """A training; only the first process has drawn the weights that all are to have."""
    own_seed = seed if processes.is_first else seed + 1 + processes.rank
    run = small_run(shape=(3, 16, 8), labels=2, **{**FIELDS, **fields, "seed": own_seed, "batch_gpu": 8})
    run.processes = processes
    share_state(run)
    run.recipe = type(run.recipe)(**{name: getattr(run.recipe, name) for name in run.recipe.__slots__} | {"seed": seed})
    steps(run)
    return run


def main(out: Path) -> None:
    with joined() as processes:
        own = out / str(processes.count)
        own.mkdir(exist_ok=True)
        for name, fields in SYSTEMS.items():
            with in_float64():
                run = trained(processes, fields, seed=0)
            run.statistics.gather(processes)
            numbers = as_numbers(run)
            if processes.is_first:
                numbers |= {f"statistics.{key}": value for key, value in told(run).items()}
            assert_same_everywhere(processes, numbers)
            if processes.is_first:
                save_file({key: value.contiguous() for key, value in numbers.items()}, own / f"{name}.safetensors")


def told(run: Run) -> dict[str, Any]:
    import torch

    rows = run.statistics.summary()
    return {
        name: torch.tensor([row["num"], row["mean"], row["std"]], dtype=torch.float64) for name, row in rows.items()
    }


def assert_same_everywhere(processes: Processes, numbers: dict[str, Any]) -> None:
    """To the last bit: what differs a little would differ more with every step."""
    import torch

    firsts = processes.given_by_first({name: x for name, x in numbers.items() if not name.startswith("statistics.")})
    for name, x in firsts.items():
        assert torch.equal(x, numbers[name].cpu()), f"{name} differs in process {processes.rank}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
