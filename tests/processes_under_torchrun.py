"""What `test_processes` has torchrun start: each process writes what it got to ``RANK.json`` in the directory given."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from allaprima.errors import ConfigError, RunError
from allaprima.processes import Processes, joined


class OddError(Exception):
    """One whose arguments cannot be made from its words."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"odd {one} {two}")


def failure(processes: Processes, rank: int, error: Exception) -> str:
    def work() -> None:
        if processes.rank == rank:
            raise error

    try:
        processes.each(work)
    except Exception as found:
        return f"{type(found).__name__}: {found}"
    return "none"


def main(out: Path) -> None:
    with joined() as processes:
        said: dict[str, Any] = {
            "shared": list(processes.shared(5, lambda part: (part, processes.rank))),
            "one part": list(processes.shared(1, lambda part: part)),
            "gathered": processes.gathered(lambda: processes.rank),
            "of_first": processes.of_first(lambda: processes.rank),
            "first_before_others": processes.first_before_others(lambda: processes.rank),
            "its own": processes.each(lambda: processes.rank),
            "of the second": failure(processes, 1, ConfigError("only in the second")),
            "of the first": failure(processes, 0, OddError(1, 2)),
        }
        if processes.rank == 1:
            (out / "1.json").write_text(json.dumps(said))
            os._exit(0)
        try:
            processes.each(lambda: None)
        except RunError as error:
            said["alone"] = str(error)
        (out / "0.json").write_text(json.dumps(said))
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
