"""One measurement of `training_phases.py`, in a process of its own: allocation and peak memory are its alone."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

Phases = dict[str, Callable[[], None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to train, and for how long.

    Attributes:
        network: A key of `recipes`.
        kind: ``ours`` or ``plain``.
        size: Pixels of a side.
        channels: Of the images.
        batch: Images of an iteration; 0: the recipe's own.
        precision: As of a recipe.
        repeats: Of the four phases in turn, at most, …
        seconds: … and none begun after about so many seconds, but one.
        ceiling_seconds: For the product of matrices.
        device: As of the command line.
    """

    network: str
    kind: str
    size: int
    channels: int
    batch: int
    precision: str
    repeats: int
    seconds: float
    ceiling_seconds: float
    device: str


def work(job: Job) -> None:
    """Measure and print the figures as one line of JSON."""
    if job.kind == "ours":
        from allaprima.allocator import keep_memory

        keep_memory()  # as the command line does when it begins
    import torch
    from ceiling import matrix_gflops
    from generation_process import peak_gpu_memory_mb, peak_memory_mb

    from allaprima.models import count_parameters

    run = run_of(job)
    parameters = {role: count_parameters(network) for role, network in (("G", run.G), ("D", run.D))}
    if job.kind == "plain":
        run = plain_run(run)
    phases = phases_of(run, random_reals(run, job))
    times = timed(phases, run, job)
    memory = {"peak_memory_mb": peak_memory_mb(), "peak_gpu_memory_mb": peak_gpu_memory_mb(run.device)}
    figures = {
        "seconds": {name: median(each) for name, each in times.items()},
        "repeats": min(len(each) for each in times.values()),
        "batch": run.batch,
        "every": intervals(run),
        "parameters": parameters,
        "precision": run.recipe.precision,
        "device": str(run.device),
        "threads": torch.get_num_threads(),
        **memory,  # before the rest, which needs some of its own
        "gflop": gflop(phases) if job.kind == "plain" else None,
        "ceiling_gflops": matrix_gflops(run.device, seconds=job.ceiling_seconds)["median"],
    }
    print(json.dumps(figures))


def recipes() -> dict[str, Any]:
    """Without augmentation: what is compared are networks and losses."""
    from allaprima.training import RECIPES

    return {
        # Configuration E at a batch that fits one machine: 512 feature maps up to 32², 256 at 64².
        "stylegan2": replace(RECIPES["stylegan2-e"], batch=8),
        "laptop": replace(RECIPES["laptop"], aug="noaug"),
    }


def run_of(job: Job) -> Any:
    """A new training, as the command line starts one."""
    import torch

    from allaprima.cli.device import choose_device
    from allaprima.training.recipe import decide
    from allaprima.training.run import choose_precision, start

    device = choose_device(job.device)
    recipe = recipes()[job.network]
    recipe = decide(replace(recipe, batch=job.batch or recipe.batch), height=job.size, width=job.size)
    recipe = replace(recipe, precision=choose_precision(job.precision, device))  # type: ignore[arg-type]
    shape = {"height": job.size, "width": job.size, "channels": job.channels}
    return start(recipe, **shape, label_table=torch.zeros(1, 0), device=device)


def plain_run(run: Any) -> Any:
    """The same training with plain networks, which take its weights, and with Adam as PyTorch has it by default."""
    from torch.optim import Adam

    from allaprima.training.run import ADAM_EPS, set_rates

    networks = {"G": _PlainPainter(run.G), "D": _twin(run.D)}
    optimizers = {
        f"{role}_optimizer": Adam([p for p in network.parameters() if p.requires_grad], lr=0.0, eps=ADAM_EPS)
        for role, network in networks.items()
    }
    plain = replace(run, **networks, **optimizers)
    set_rates(plain)
    return plain


class _PlainPainter:
    """A plain generator in training: what phases ask of a generator beside images."""

    def __init__(self, G: Any) -> None:
        self.twin = _twin(G)
        self.z_dim, self.num_ws, self.beta = G.z_dim, G.num_ws, G.mapping.w_avg_beta
        self.img_height, self.img_width, self.img_channels = G.img_height, G.img_width, G.img_channels

    def __getattr__(self, name: str) -> Any:
        return getattr(self.twin, name)  # parameters and the like

    def mapping(self, z: Any, c: Any, *, update_emas: bool = False) -> Any:
        ws = self.twin.mapping(z, c)
        if update_emas:
            average = self.twin.mapping.w_avg
            average.copy_(ws.detach()[:, 0].mean(dim=0).lerp(average, self.beta))
        return ws

    def synthesis(self, ws: Any, *, generators: Any = None, update_emas: bool = False) -> Any:
        return self.twin.synthesis(ws, generators=generators)


def _twin(network: Any) -> Any:
    from plain_networks import plain_twin

    return plain_twin(network)


def random_reals(run: Any, job: Job) -> Any:
    """Images of noise: speed does not depend on what is in them."""
    import torch

    from allaprima.training.step import Reals

    generator = torch.Generator().manual_seed(0)
    images = torch.rand(run.batch, job.channels, job.size, job.size, generator=generator) * 2 - 1
    return Reals(images.to(run.device), torch.zeros(run.batch, 0, device=run.device))


def intervals(run: Any) -> dict[str, int]:
    """In every how many iterations a phase is due, by name, in the order of an iteration; only phases of the recipe."""
    recipe = run.recipe
    every = {"generator": 1, "path_length": recipe.pl_interval, "discriminator": 1, "penalty": recipe.r1_interval}
    if not recipe.pl_weight:
        del every["path_length"]
    if not recipe.has_lazy_penalty:
        del every["penalty"]
    return every


def phases_of(run: Any, reals: Any) -> Phases:
    """The phases of `allaprima.training.step` that the recipe has."""
    from allaprima.training import step

    every: Phases = {
        "generator": lambda: step.generator_step(run, reals, {}),
        "path_length": lambda: step.path_length_step(run, {}),
        "discriminator": lambda: step.discriminator_step(run, reals, {}),
        "penalty": lambda: step.penalty_step(run, reals, {}),
    }
    return {name: every[name] for name in intervals(run)}


def timed(phases: Phases, run: Any, job: Job) -> dict[str, list[float]]:
    """Wall times of each phase, the phases in turn, after one turn to warm up."""
    from measuring import wait

    times: dict[str, list[float]] = {name: [] for name in phases}
    begun = time.perf_counter()
    for turn in range(1 + job.repeats):
        for name, phase in phases.items():
            wait(run.device)
            start = time.perf_counter()
            phase()
            wait(run.device)
            times[name].append(time.perf_counter() - start)
        if turn == 0:
            begun = time.perf_counter()
        elif time.perf_counter() - begun > job.seconds:
            break
        run.step += 1
    return {name: each[1:] for name, each in times.items()}


def gflop(phases: Phases) -> dict[str, float]:
    """Of each phase's convolutions and linear layers, forwards and backwards, two for each multiply-add."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):  # FlopCounterMode follows modules too, and fails at some without gradients
        total = 0

        def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            found = operation(*args, **(kwargs or {}))
            if operation._overloadpacket in flop_registry:
                self.total += flop_registry[operation._overloadpacket](*args, **(kwargs or {}), out_val=found)
            return found

    totals = {}
    for name, phase in phases.items():
        with Counter() as counter:
            phase()
        totals[name] = counter.total / 1e9
    return totals
