"""All that an exact resume needs, in one file: networks, average, optimizers, counters, the numbers of the open tick.

Random states are not among it: all randomness is a function of the seed and the step
(`allaprima.training.randomness`), and so is the order of the images.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.errors import ModelFileError, RunError
from allaprima.training.run import Run

FORMAT_VERSION = 1
COUNTERS = ("step", "images_seen", "strength", "slowdown", "rollbacks")
GOOD = "good.safetensors"
KEPT = 2  # the newest, and one in case that the disk damages it


def save_state(run: Run, folder: Path, *, good: bool = False) -> Path:
    """Write the state of ``run`` into ``folder`` and remove all but the newest `KEPT`. Raises `OutputError`.

    One that is ``good`` is also kept by itself, for a run that diverges to go back to.
    """
    header = _header(run)
    path = folder / f"state-{run.images_seen:012d}.safetensors"
    write_tensors(path, dict(_tensors(run)), header)
    if good:
        write_tensors(folder / GOOD, dict(_tensors(run)), header)
    for old in states(folder)[:-KEPT]:
        with suppress(OSError):
            old.unlink()
    return path


def states(folder: Path) -> list[Path]:
    """States in ``folder``, the oldest first."""
    return sorted(folder.glob("state-*.safetensors"))


def restore_newest(run: Run, folder: Path) -> list[str]:
    """Put the newest readable state of ``folder`` into ``run``; with no state, ``run`` stays as it is.

    Returns:
        One sentence for each state that could not be read.

    Raises:
        RunError: There are states, but none can be read.
    """
    complaints: list[str] = []
    for path in reversed(states(folder)):
        try:
            restore(run, path)
        except ModelFileError as error:
            complaints.append(str(error))
        else:
            return complaints
    if complaints:
        raise RunError(f"no state of the run can be read: {complaints[0]}")
    return []


def has_good_state(folder: Path) -> bool:
    """Whether there is a state to go back to."""
    return (folder / GOOD).is_file()


def restore_good(run: Run, folder: Path) -> None:
    """Go back to the last good state, keeping count. Raises `ModelFileError` if there is none that can be read."""
    slowdown, rollbacks = run.slowdown, run.rollbacks
    restore(run, folder / GOOD)
    run.slowdown, run.rollbacks = slowdown, rollbacks


def restore(run: Run, path: Path) -> None:
    """Put the state of ``path`` into ``run``. Raises `ModelFileError`, and leaves ``run`` unfinished then."""
    tensors, header = read_tensors(path, kind="state", version=FORMAT_VERSION)
    try:
        _put(run, tensors, header)
    except (KeyError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelFileError(f"{path} does not fit the run's recipe: {reason}") from error


def share_state(run: Run) -> None:
    """Put the state of the first process into the ``run`` of all others. Raises `LostProcessError`."""
    if run.processes.count == 1:
        return
    header = run.processes.of_first(lambda: _header(run))
    tensors = run.processes.given_by_first(dict(_tensors(run)) if run.processes.is_first else {})
    if not run.processes.is_first:
        _put(run, tensors, header)
        run.statistics.clear()  # the first has what all of them had measured


def _header(run: Run) -> dict[str, Any]:
    return {
        "kind": "state",
        "format_version": FORMAT_VERSION,
        "step": run.step,
        "images_seen": run.images_seen,
        "strength": run.strength,
        "slowdown": run.slowdown,
        "rollbacks": run.rollbacks,
        "statistics": run.statistics.state(),
    }


def _put(run: Run, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    for role, network in _networks(run):
        network.load_state_dict(_part(tensors, f"{role}."))
    for role, network, optimizer in _optimizers(run):
        optimizer.state.clear()  # a run that goes back has averages of what came after
        _fill(optimizer, network, _part(tensors, f"{role}_optimizer."))
    run.pl_mean = tensors["pl_mean"].to(run.device)
    run.step, run.images_seen = int(header["step"]), int(header["images_seen"])
    if "signs" in tensors:  # states of the first version knew no augmentation
        run.signs = tensors["signs"].to(run.device)
        run.strength, run.slowdown = float(header["strength"]), float(header["slowdown"])
        run.rollbacks = int(header["rollbacks"])
    run.statistics.restore(header["statistics"])


def _tensors(run: Run) -> Iterator[tuple[str, Tensor]]:
    for role, network in _networks(run):
        for name, tensor in network.state_dict().items():
            yield f"{role}.{name}", tensor
    for role, network, optimizer in _optimizers(run):
        for name, parameter in network.named_parameters():
            for key, tensor in optimizer.state.get(parameter, {}).items():
                yield f"{role}_optimizer.{name}:{key}", tensor
    yield "pl_mean", run.pl_mean
    yield "signs", run.signs


def _fill(optimizer: Optimizer, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    for name, parameter in network.named_parameters():
        found = _part(tensors, f"{name}:")
        if found:
            device = parameter.device
            optimizer.state[parameter] = {
                key: t.to(device if key != "step" or _on_device(optimizer) else "cpu") for key, t in found.items()
            }


def _on_device(optimizer: Optimizer) -> bool:
    return bool(optimizer.param_groups[0].get("fused"))  # a fused optimizer counts its steps where the weights are


def _networks(run: Run) -> Iterator[tuple[str, nn.Module]]:
    yield from (("G", run.G), ("D", run.D), ("G_ema", run.G_ema))


def _optimizers(run: Run) -> Iterator[tuple[str, nn.Module, Optimizer]]:
    yield from (("G", run.G, run.G_optimizer), ("D", run.D, run.D_optimizer))


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def same(a: Run, b: Run) -> bool:
    """Whether two runs are equal bit for bit."""
    mine, its = dict(_tensors(a)), dict(_tensors(b))
    counters = all(getattr(a, name) == getattr(b, name) for name in COUNTERS)
    return counters and mine.keys() == its.keys() and all(torch.equal(t, its[name]) for name, t in mine.items())
