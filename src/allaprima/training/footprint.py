"""What a training will hold in memory, counted before it starts: its phases run with tensors that have only sizes.

The phases are those of `allaprima.training.step`, on PyTorch's ``meta`` device: every tensor that they make is counted
while it is alive, and nothing is computed, so that it takes as long for large images as for small ones.
"""

import dataclasses
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from allaprima.training import step
from allaprima.training.process_memory import GIGABYTE, held_gb
from allaprima.training.recipe import Recipe
from allaprima.training.run import Run, start
from allaprima.training.schedule import level_of_detail

META = torch.device("meta")

STRENGTH = 0.5  # of an adaptive augmentation: at 0, where it begins, none of its operations is in use

# A processor holds more than the tensors that are counted: copies of feature maps in the layouts of oneDNN while a
# layer's gradients are computed, blocks between which nothing fits, and code that is loaded at first use. Measured with
# one thread in ten trainings of five systems: with these two numbers, peaks are 0.90 to 1.15 of those measured
# (docs/training.md). GPUs are taken at their word, which is not yet compared with a measurement.
CPU_COPIES = 1.5  # times the feature maps and gradients
CPU_CODE_GB = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Bytes that a training holds.

    Attributes:
        weights: Of both networks and of the averaged generator.
        averages: Adam's two of each weight that learns.
        phases: What each phase holds beside these at its peak: feature maps and gradients. By its name.
        at_once: Images that go through the networks at once.
    """

    weights: int
    averages: int
    phases: dict[str, int]
    at_once: int

    @property
    def largest(self) -> str:
        """The phase that takes most."""
        return max(self.phases, key=self.phases.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The peak to expect on the device of a training, and what it is made of; in units of 2³⁰ bytes.

    Attributes:
        held: What is held before the first step, networks with it.
        averages: What Adam will make.
        work: What the largest phase holds beside these.
        phase: Its name.
        at_once: Images that go through the networks at once.
    """

    held: float
    averages: float
    work: float
    phase: str
    at_once: int

    @property
    def peak_gb(self) -> float:
        """All of it."""
        return self.held + self.averages + self.work

    def sentence(self) -> str:
        """What is printed before a training starts."""
        images = "1 image" if self.at_once == 1 else f"{self.at_once} images"
        return (
            f"memory: about {self.peak_gb:.2f} GB at most: {self.held:.2f} to begin with, {self.averages:.2f} for Adam,"
            f" {self.work:.2f} for the {self.phase} phase with {images} at once"
        )


def expect(run: Run) -> Expectation:
    """What the training of ``run``, which is about to go on, will hold on its device."""
    found = footprint(
        dataclasses.replace(run.recipe, batch_gpu=run.batch_gpu),  # of several processes each has a share of the batch
        height=run.G.img_height,
        width=run.G.img_width,
        channels=run.G.img_channels,
        c_dim=run.label_table.shape[1],
    )
    states = [value for each in (run.G_optimizer, run.D_optimizer) for value in each.state.values()]
    known = sum(x.nbytes for state in states for x in state.values() if isinstance(x, Tensor))
    return on_device(found, run.device, held=held_gb(run.device), known=known)


def on_device(found: Footprint, device: torch.device, *, held: float, known: int = 0) -> Expectation:
    """What ``found`` means on ``device``, where networks and ``known`` bytes of Adam's are among what is ``held``."""
    work = found.phases[found.largest] / GIGABYTE
    if device.type == "cpu":
        work = CPU_CODE_GB + CPU_COPIES * work
    averages = max(found.averages - known, 0) / GIGABYTE
    return Expectation(held=held, averages=averages, work=work, phase=found.largest, at_once=found.at_once)


def footprint(recipe: Recipe, *, height: int, width: int, channels: int, c_dim: int, halvings: int = 0) -> Footprint:
    """What the training of a decided recipe holds. Networks that grow are counted at their full size.

    Args:
        recipe: No field is open, and its precision is not ``auto``.
        height: Of the images, in pixels.
        width: Of the images, in pixels.
        channels: Of the images.
        c_dim: Size of the labels.
        halvings: How often ``batch_gpu`` was halved, because there was not memory enough.
    """
    with _Counter() as counter:
        run = _imagined(recipe, torch.zeros(1, c_dim), halvings, height=height, width=width, channels=channels)
        weights = counter.alive
        for optimizer in (run.G_optimizer, run.D_optimizer):
            _make_averages(optimizer)
        averages = counter.alive - weights
        shape = (run.batch, channels, height, width)
        reals = step.Reals(torch.empty(shape, device=META), torch.empty(run.batch, c_dim, device=META))
        found: dict[str, int] = {}
        for name, phase in _phases(run, reals).items():
            counter.peak = 0
            phase()
            found[name] = counter.peak - weights - averages
    return Footprint(weights=weights, averages=averages, phases=found, at_once=run.batch_gpu)


class _Imagined(Run):
    """A training on the device without numbers, which has no randomness either."""

    def generators(self, name: str, places: Iterable[int], *, on_cpu: bool = False) -> list[torch.Generator]:
        return Run.generators(self, name, places, on_cpu=True)


def _imagined(recipe: Recipe, labels: Tensor, halvings: int, **size: Any) -> Run:
    """A fully grown training of at most two parts to a batch: in the second one there are gradients already."""
    with META:
        run = start(recipe, label_table=labels, device=META, **size)
    while level_of_detail(recipe, run.geometry, run.images_seen) > 0:
        run.images_seen += max(round((recipe.lod_training_kimg + recipe.lod_transition_kimg) * 1000), 1)
    run.halvings = halvings
    part, batch = run.batch_gpu, run.batch
    recipe = dataclasses.replace(recipe, batch=min(batch, 2 * part), batch_gpu=part, batch_by_res=())
    if recipe.aug in ("ada", "apa"):
        run.strength = STRENGTH
    fields = {field.name: getattr(run, field.name) for field in dataclasses.fields(Run)}
    return _Imagined(**{**fields, "recipe": recipe, "halvings": 0})


def _make_averages(optimizer: Optimizer) -> None:
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad = torch.empty_like(parameter)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _phases(run: Run, reals: step.Reals) -> dict[str, Any]:
    """The phases of the recipe, in the order of an iteration."""
    found = {"generator": partial(step.generator_step, run, reals, {})}
    if run.recipe.pl_weight:
        found["path length"] = partial(step.path_length_step, run, {})
    found["discriminator"] = partial(step.discriminator_step, run, reals, {})
    if run.recipe.has_lazy_penalty:
        found["penalty"] = partial(step.penalty_step, run, reals, {})
    return found


class _Counter(TorchDispatchMode):
    """Counts the bytes of all tensors without numbers, from when they are made until their memory would be freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive = self.peak = 0
        self.sizes: dict[int, int] = {}

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if operation is torch.ops.aten._local_scalar_dense.default and args[0].is_meta:
            return args[0].dtype is torch.bool  # what is asked: is it finite? yes. Is a resolution missing? 0 are.
        found = operation(*args, **(kwargs or {}))
        for x in tree_iter(found):
            if isinstance(x, Tensor) and x.is_meta:
                self._count(x.untyped_storage())
        return found

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self.sizes:
            self.sizes[key] = size
            self.alive += size
            self.peak = max(self.peak, self.alive)
            weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self.alive -= self.sizes.pop(key, 0)
