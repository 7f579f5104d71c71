"""allaprima doctor: what this machine has, which code paths run, and how fast they are."""

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from allaprima.allocator import keep_memory
from allaprima.cli.device import choose_device, device_option

if TYPE_CHECKING:
    from allaprima.doctor import Machine, Speed


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@device_option()
def doctor(as_json: bool, device_name: str) -> None:
    """Say what this machine has, which code paths run on it, and how fast they are.

    \b
    Examples:
      allaprima doctor
      allaprima doctor --json > machine.json

    Speed-ups are over the plain form of the same operation. Nothing is changed; other programs that compute at the same
    time disturb the figures.
    """  # noqa: D301  click reads the backspace
    from allaprima.doctor import look, measure

    kept = keep_memory()
    device = choose_device(device_name)
    machine = look(device)
    if not as_json:
        click.echo("\n".join(about(machine, keeps_memory=kept)))
    speed = measure(device)
    if as_json:
        report = {"machine": dataclasses.asdict(machine) | {"keeps_memory": kept}, "speed": dataclasses.asdict(speed)}
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo("\n".join(figures(speed)))


def about(machine: "Machine", *, keeps_memory: bool) -> list[str]:
    """What there is, for people."""
    memory = "" if machine.memory_gb is None else f", {machine.memory_gb:.0f} GB of memory"
    known = [name for name, there in machine.extras.items() if there]
    missing = [name for name, there in machine.extras.items() if not there]
    instructions = f" ({' '.join(machine.instructions)})" if machine.instructions else ""
    passes = f"compiled for {machine.passes}" if machine.passes else "not compiled here, PyTorch runs in their place"
    allocator = "kept between layers" if keeps_memory else "left to the system, which cannot be told to keep it"
    return [
        f"system      {machine.system}, Python {machine.python}, PyTorch {machine.torch}",
        f"processor   {machine.processor}{instructions}: {machine.cores} cores, {machine.threads} threads{memory}",
        f"C passes    {passes}",
        f"GPUs        {', '.join(machine.gpus) or 'none'}",
        f"training    in {machine.training_precision} (precision=auto)",
        f"memory      {allocator}",
        f"extras      {', '.join(known) or 'none'}" + (f"; not there: {', '.join(missing)}" if missing else ""),
    ]


def figures(speed: "Speed") -> list[str]:
    """How fast it is, for people."""
    return [
        f"matrices    {speed.matrix_gflops:.0f} GFLOP/s in float32 on {speed.device}; copies {speed.copy_gb:.1f} GB/s",
        f"{'operation':18}  {'runs on':28}  forward  with gradients   (times faster than the plain form)",
        *(f"{o.name:18}  {o.runs_on:28}  {o.forward:7.2f}  {o.training:14.2f}" for o in speed.operations),
        f"{speed.model}    {speed.images_per_second:.1f} images a second, one at a time",
    ]
