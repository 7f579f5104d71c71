"""What does it cost a training to keep what its films are made of?

    python benchmarks/recording.py /work/shared/data/emoji-noto-64-rgba.zip --minutes 10

Trains twice from the same seed with the laptop recipe, once with the recorder and once without, a tick of the one and a
tick of the other in turn in one process, and compares: the recorder's own account of its seconds, as a share of the
seconds trained; processor time and wall time of both trainings. Other work on the machine disturbs the comparison, even
that of processor time; how much can be seen from the pairs of ticks, most of which have no record. At the end both must
hold the same weights, bit for bit. Prints JSON, also of how much room the film takes.
"""

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import torch
from measuring import show

from allaprima.allocator import keep_memory
from allaprima.cli.device import choose_device
from allaprima.training import RECIPES, Report, fit, open_session, with_overrides
from allaprima.training.film_log import FilmLog, spent
from allaprima.training.recorder import SHARE
from allaprima.training.state import same

TICK = 0.25  # kimg: short ones ask the recorder often
OVERRIDES = [f"tick={TICK}", "snap=1000000", "kimg=1000000"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="laptop")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--minutes", type=float, default=10.0, help="of both trainings together")
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    keep_memory()
    with tempfile.TemporaryDirectory() as folder:
        show(measure(arguments, Path(folder)))


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Both trainings, in turn, for the time that is given."""
    recipe = with_overrides(RECIPES[arguments.recipe], [*arguments.overrides, *OVERRIDES])
    device = choose_device(arguments.device)
    sessions = {film: open_session(arguments.data, folder / f"{film}", recipe, device=device) for film in (True, False)}
    trainings = {film: fit(session, film=film) for film, session in sessions.items()}
    wall: dict[bool, list[float]] = {True: [], False: []}
    processor: dict[bool, list[float]] = {True: [], False: []}
    ticks, end = 0, time.monotonic() + arguments.minutes * 60
    while ticks == 0 or time.monotonic() < end:
        for film in (True, False) if ticks % 2 else (False, True):
            seconds, of_processor = timed(trainings[film])
            if ticks:  # the first tick opens files and warms up, and makes the first record
                wall[film].append(seconds)
                processor[film].append(of_processor)
        ticks += 1
    found = FilmLog(folder / "True").assessments()
    trained = sessions[True].directory.seconds_trained()
    files = [path.stat().st_size for path in (folder / "True/film").iterdir()]
    assert same(sessions[True].run, sessions[False].run), "the recorder left a trace"
    return {
        "data": arguments.data.name,
        "recipe": dataclasses.asdict(sessions[True].run.recipe),
        "device": str(device),
        "kimg_each": sessions[True].run.images_seen / 1000,
        "seconds_trained": round(trained, 1),
        "records": len(found),
        "seconds_for_a_record": [round(one.cost, 3) for one in found],
        "allowed_share": SHARE,
        "share_by_its_own_account": round(spent(found) / trained, 5),
        "ticks": ticks,
        "processor_time_with_over_without": round(sum(processor[True]) / sum(processor[False]), 4),
        "processor_time_of_ticks_without_records": round(quiet(processor), 4),
        "wall_time_with_over_without": round(sum(wall[True]) / sum(wall[False]), 4),
        "same_weights_bit_for_bit": True,
        "kilobytes_for_a_record": round(sum(files) / len(found) / 1000, 1),
    }


def quiet(times: dict[bool, list[float]]) -> float:
    """Median over all pairs of ticks, most of which have no record: what it costs to be asked, and the disturbance."""
    return median(a / b for a, b in zip(times[True], times[False], strict=True))


def timed(training: Iterator[Report]) -> tuple[float, float]:
    """Wall time and processor time of one tick."""
    wall, processor = time.perf_counter(), time.process_time()
    next(training)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()
