"""One measurement of `generation.py`, in a process of its own: allocation, caches and peak memory are its alone."""

import dataclasses
import json
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

SCRIPT = Path(__file__).with_name("generation.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to paint, and for how long.

    Attributes:
        network: ``stylegan2``, ``stylegan3-t``, or the name or file of a model.
        size: Pixels of a side; 0: the model's own.
        batch: Images at once.
        kind: ``ours`` or ``plain``; or ``write``, which makes the network and writes it to ``image``.
        image: File for the first image.
        repeats: At most so many, …
        seconds: … and none begun after about so many seconds, but one.
        ceiling_seconds: For the product of matrices.
        device: As of the command line.
    """

    network: str
    size: int
    batch: int
    kind: str
    image: str
    repeats: int
    seconds: float
    ceiling_seconds: float
    device: str


def in_a_fresh_process(job: Any, script: Path = SCRIPT) -> dict[str, Any]:
    """Let ``script`` do the job, a dataclass, and give what was measured."""
    command = [sys.executable, str(script), "--job", json.dumps(dataclasses.asdict(job))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"measuring {job.network} ({job.kind}) failed with status {done.returncode}: see above")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def work(job: Job) -> None:
    """Measure and print the figures as one line of JSON."""
    if job.kind == "ours":
        from allaprima.allocator import keep_memory

        keep_memory()  # as the command line does when it begins
    import numpy as np
    import torch
    from ceiling import matrix_gflops

    from allaprima.checkpoint import save
    from allaprima.cli.device import choose_device
    from allaprima.generation import latents_of_seeds
    from allaprima.models import count_parameters
    from allaprima.ops.kept_kernels import KeptKernels

    device = choose_device(job.device)
    G = network(job, device)
    if job.kind == "write":
        save(G, Path(job.image))
        print("{}")
        return
    z = latents_of_seeds(range(job.batch), G.spec.z_dim).to(device)
    c = torch.eye(G.spec.c_dim, device=device)[[0] * job.batch] if G.spec.c_dim else None
    kept = KeptKernels() if job.kind == "ours" else nullcontext()  # as where many images are painted

    def paint() -> Any:
        with torch.inference_mode(), kept:
            return G(z, c, noise_mode="const")

    image, times = timed(paint, job, device)
    memory = {"peak_memory_mb": peak_memory_mb(), "peak_gpu_memory_mb": peak_gpu_memory_mb(device)}
    np.save(job.image, image[0].float().cpu().numpy())
    figures = {
        "seconds": median(times),
        "repeats": len(times),
        "shape": list(image.shape[1:]),
        "parameters": count_parameters(G),
        "device": str(device),
        "threads": torch.get_num_threads(),
        **memory,  # before the rest, which needs some of its own
        "gflop_per_image": round(gflop_per_image(G), 3),
        "ceiling_gflops": matrix_gflops(device, seconds=job.ceiling_seconds)["median"],
    }
    print(json.dumps(figures))


def network(job: Job, device: Any) -> Any:
    """The generator that is to be measured."""
    import torch

    from allaprima.checkpoint import load
    from allaprima.models import build

    if job.size == 0:
        G = load(job.network, device=device)
    else:
        torch.manual_seed(0)
        G = build(spec_of(job)).to(device)
        with torch.no_grad():  # a new network has no noise and no biases, which then would not be compared
            for name, parameter in G.synthesis.named_parameters():
                if name.endswith(("bias", "noise_strength")) and "input." not in name:
                    parameter.add_(torch.randn_like(parameter), alpha=0.1)
    G.eval().requires_grad_(False)
    if job.kind == "plain":
        from plain_networks import plain_twin

        G = plain_twin(G)
    return G


def spec_of(job: Job) -> Any:
    """Configuration F of StyleGAN2, or configuration T of StyleGAN3: our defaults are the published ones."""
    from allaprima.models.stylegan2 import StyleGAN2Generator
    from allaprima.models.stylegan3 import StyleGAN3Generator

    specs = {"stylegan2": StyleGAN2Generator, "stylegan3-t": StyleGAN3Generator}
    return specs[job.network](height=job.size, width=job.size, img_channels=3)


def timed(paint: Any, job: Job, device: Any) -> tuple[Any, list[float]]:
    """The images, and how long they took, after a warm-up."""
    from measuring import wait

    image = paint()
    wait(device)
    times: list[float] = []
    while not times or (len(times) < job.repeats and sum(times) < job.seconds):
        begun = time.perf_counter()
        paint()
        wait(device)
        times.append(time.perf_counter() - begun)
    return image, times


def gflop_per_image(G: Any) -> float:
    """Two for each multiply-add of the plain network's convolutions and linear layers."""
    import torch
    from plain_networks import plain_twin
    from torch.utils.flop_counter import FlopCounterMode

    from allaprima.models import build

    with torch.device("meta"):
        plain = plain_twin(build(G.spec)).eval().requires_grad_(False)
        z, c = torch.empty(1, G.spec.z_dim), torch.empty(1, G.spec.c_dim)
    with FlopCounterMode(display=False) as counter:
        plain(z, c, noise_mode="const")
    return counter.get_total_flops() / 1e9


def peak_memory_mb() -> float:
    """Peak resident memory of this process; ``getrusage`` would count that of the process that began it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        import torch

        from allaprima.training.loop import memory_gb

        return memory_gb(torch.device("cpu"))[0] * 1024


def peak_gpu_memory_mb(device: Any) -> float | None:
    """The same on a GPU; None without one."""
    import torch

    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None
