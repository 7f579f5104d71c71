"""allaprima evaluate: how good are a model's images? Of one model, or of every snapshot of a training."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allaprima.cli.device import device_option
from allaprima.cli.many_processes import own_device, told_once
from allaprima.errors import ModelFileError

if TYPE_CHECKING:
    from allaprima.data import ImageDataset
    from allaprima.metrics import Result
    from allaprima.processes import Processes

USUAL = ("swd8k", "fd5k_own", "pr5k3_own", "density_coverage5k_own", "copies5k_own")
"""What needs no file from elsewhere, and says in minutes what a model's images are like."""

SHEET = "closest-pairs.png"
DIGITS = 4
RED = (200, 69, 44)


@click.command()
@click.argument("model")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--metric",
    "names",
    multiple=True,
    help="fd5k_own, kid5k_own, swd8k, …, or a published name, as fid50k_full; several with commas."
    f"  [default: {', '.join(USUAL)}]",
)
@click.option("--all-snapshots", is_flag=True, help="Every snapshot of the run directory MODEL, with a curve.")
@click.option(
    "--history", type=click.Path(path_type=Path), help="Run directory whose metric-NAME.jsonl get the results, too."
)
@click.option("--mirror", is_flag=True, help="Real images also flipped left to right, where a metric takes them so.")
@click.option(
    "--weights", type=click.Path(path_type=Path), help="Directory with published weights (Inception, VGG-16, DINOv2)."
)
@click.option("--fetch", is_flag=True, help="Fetch published weights that are not on this machine.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the first image.")
@click.option("--batch", type=click.IntRange(min=1), help="Images at once.  [default: what fits a modest memory]")
@click.option("--out", type=click.Path(path_type=Path), help="Directory for evaluation.json and the closest pairs.")
@click.option("--end-with-input", is_flag=True, hidden=True, help="Stop when the standard input ends.")
@device_option()
def evaluate(
    model: str,
    data: Path,
    names: tuple[str, ...],
    all_snapshots: bool,
    history: Path | None,
    mirror: bool,
    weights: Path | None,
    fetch: bool,
    seed: int,
    batch: int | None,
    out: Path | None,
    end_with_input: bool,
    device_name: str,
) -> None:
    """Measure the images of MODEL against those of DATA, with 95 % intervals.

    \b
    Examples:
      allaprima evaluate emoji-64 emoji.zip
      allaprima evaluate runs/flowers flowers.zip --metric fid50k_full --weights ~/weights
      allaprima evaluate runs/flowers flowers.zip --metric swd8k --all-snapshots
      torchrun --nproc-per-node 8 -m allaprima evaluate faces faces.zip --metric fid50k_full

    Names with _own compare features of a small network that is trained on DATA first, once: they rank models of the
    same data, and are no FID. With --all-snapshots each result is a line of MODEL/metric-NAME.jsonl; what is there
    already, of the same DATA and seed, is not computed again. Started by torchrun, processes share the work.
    """  # noqa: D301  click reads the backspace
    from allaprima.metrics import parse_metric
    from allaprima.processes import joined

    if end_with_input:
        stop_at_end_of(sys.stdin.fileno())
    wanted = tuple(name.strip() for text in names or USUAL for name in text.split(","))
    with joined() as processes, told_once(processes):
        for name in wanted:
            parse_metric(name)
        options = {"seed": seed, "batch_size": batch, "weights": weights, "may_fetch": fetch}
        device = own_device(device_name, processes)
        task = Task(data=data, names=wanted, mirror=mirror, device=device, options=options, processes=processes)
        if all_snapshots:
            evaluate_run(Path(model), task)
        else:
            evaluate_model(model, task, history, out)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to measure of any model.

    Attributes:
        data: Path of the real images.
        names: Of metrics.
        mirror: Take reals also flipped.
        device: Where to compute.
        options: Of `allaprima.metrics.evaluate`.
        processes: That share the work.
    """

    data: Path
    names: Sequence[str]
    mirror: bool
    device: Any
    options: dict[str, Any]
    processes: "Processes"

    def say(self, line: str) -> None:
        """Print it, once for all processes."""
        if self.processes.is_first:
            click.echo(line)

    def opened(self, model: str) -> "tuple[Any, ImageDataset]":
        """The generator and the reals."""
        from allaprima.checkpoint import load
        from allaprima.data import ImageDataset

        G = self.processes.first_before_others(lambda: load(model, device=self.device))
        return G, self.processes.each(lambda: ImageDataset(self.data, use_labels=G.c_dim > 0, mirror=self.mirror))

    def measured(self, G: Any, data: "ImageDataset", names: Sequence[str]) -> "Iterator[Result]":
        """Compute and print, one result after another."""
        from allaprima.metrics import evaluate as evaluations

        last = None
        with closing(Watch(is_shown=self.processes.is_first and sys.stderr.isatty())) as watch:
            for result in evaluations(names, G, data, progress=watch, processes=self.processes, **self.options):
                watch.close()
                for line in lines(result):
                    self.say(line)
                yield result
                last = result
        if last is not None:
            self.say(f"  painted {speed(last)}")


def stop_at_end_of(stream: int) -> None:
    """End this process when whoever holds the other end of this pipe is gone: a training that was killed."""

    def watch() -> None:
        while os.read(stream, 1):  # not sys.stdin.read: that would hold a lock when Python ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def evaluate_model(model: str, task: Task, history: Path | None, out: Path | None) -> None:
    """One model: printed, and written where that is wished."""
    from allaprima.files import make_directory
    from allaprima.metrics.history import append_history, require_writable

    if task.processes.is_first and history is not None:
        require_writable(history)
    if task.processes.is_first and out is not None:
        make_directory(out)
    G, data = task.opened(model)
    task.say(f"{model} and the {len(data.names):,} images of {data.name}, on {task.device}")
    results = []
    for result in task.measured(G, data, task.names):
        results.append(result)
        if history is not None:
            append_history(history, Path(model), result, task.data)
    if task.processes.is_first and out is not None:
        write(out, model, results, G, data)


def evaluate_run(run: Path, task: Task) -> None:
    """Every snapshot that has not been measured yet, then a curve for each metric."""
    from allaprima.metrics.history import append_history, missing_results, require_writable

    def missing() -> dict[Path, list[str]]:
        found = missing_results(run, task.names, task.data, seed=task.options["seed"])
        require_writable(run)
        return found

    def draw_all() -> None:
        if task.processes.is_first:
            for name in task.names:
                draw(run, name)

    kept = 0
    try:
        for snapshot, names in task.processes.of_first(missing).items():
            task.say(snapshot.name)
            try:
                G, data = task.opened(str(snapshot))
            except ModelFileError as error:  # gone meanwhile, or damaged
                task.say(f"  left out: {error}")
                continue
            for result in task.measured(G, data, names):
                append_history(run, snapshot, result, task.data)
                kept += 1
    except KeyboardInterrupt:
        task.say(f"\n{kept} new results are kept in {run}; the same command goes on from there")
        draw_all()
        raise
    draw_all()


def lines(result: "Result") -> list[str]:
    """A result for people: each of its numbers with its interval, and what it was made of."""
    from allaprima.metrics import parse_metric

    better = "more is better" if parse_metric(result.name).is_higher_better else "less is better"
    found: list[str] = []
    for name, value in result.values.items():
        interval = result.intervals.get(name)
        between = f"{interval[0]:.{DIGITS}g} to {interval[1]:.{DIGITS}g}" if interval else ""
        first = not found
        row = f"{result.name if first else '':<24}{name.replace('_', ' '):<22}{value:>10.{DIGITS}g}   {between:<22}"
        found.append((row + (better if first else "")).rstrip())
    return [*found, *(f"  note: {note}" for note in result.notes)]


def speed(result: "Result") -> str:
    """How fast it went, painting and features apart."""
    rates = result.images_per_second
    features = f", {rates['features']:,.0f} through {result.detector}" if "features" in rates else ""
    return f"{rates['painting']:,.0f} images a second{features}"


class Watch:
    """A bar for each thing that is done."""

    def __init__(self, *, is_shown: bool) -> None:
        self.is_shown = is_shown
        self.bar: Any = None
        self.what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Say how far it is."""
        from tqdm import tqdm

        if self.bar is None or what != self.what:
            self.close()
            self.bar = tqdm(total=total, desc=what, unit="", disable=not self.is_shown, leave=False)
            self.what = what
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        """Leave the line to a result."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def write(out: Path, model: str, results: "Sequence[Result]", G: Any, data: "ImageDataset") -> None:
    """The results as JSON, and of memorisation the closest pairs to look at."""
    from allaprima.files import write_text
    from allaprima.images import write_png
    from allaprima.metrics import pairs_sheet

    content = {"model": model, "data": str(data.path), "results": [result.to_dict() for result in results]}
    write_text(out / "evaluation.json", json.dumps(content, indent=2) + "\n")
    made = [out / "evaluation.json"]
    with_pairs = [result for result in results if result.pairs]
    for result in with_pairs:
        made.append(out / (SHEET if len(with_pairs) == 1 else f"{result.name}-{SHEET}"))
        write_png(made[-1], pairs_sheet(result, G, data))
    click.echo(f"wrote {', '.join(str(path) for path in made)}")


def draw(run: Path, name: str) -> None:
    """The curve of a metric as a picture, its best snapshot in words."""
    from allaprima.images import write_png
    from allaprima.metrics.history import best_of, history_path, read_history
    from allaprima.visuals.chart import Curve, line_chart

    entries = [entry for entry in read_history(run, name) if entry.value == entry.value]
    best = best_of(name, entries)
    if best is None:
        return
    kimg, values = [entry.kimg for entry in entries], [entry.value for entry in entries]
    curve = Curve(name=name, x=kimg, y=values, colour=RED, mark=best.kimg)
    path = history_path(run, name).with_suffix(".png")
    write_png(path, line_chart([curve], title=f"{name} of {run.name}", x_title="kimg", y_title=name).pixels())
    click.echo(f"{name}: best {best.value:.{DIGITS}g} at {best.kimg:g} kimg ({best.snapshot}); {path}")
