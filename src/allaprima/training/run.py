"""A training in memory: networks, optimizers, counters. What is saved of it is in `allaprima.training.state`."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Adam

from allaprima.errors import ConfigError
from allaprima.models import Geometry, build, fast_half, set_half
from allaprima.models.checkpointing import set_checkpointing
from allaprima.processes import ALONE, Processes
from allaprima.training.networks import specs
from allaprima.training.randomness import Streams
from allaprima.training.recipe import Precision, Recipe
from allaprima.training.schedule import batch_at, half_cosine, learning_rates
from allaprima.training.statistics import Statistics

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": None}
ADAM_EPS = 1e-8


@dataclass(slots=True, kw_only=True)
class Run:
    """The state of a training at one step.

    Attributes:
        recipe: Decided: no field is open (see `allaprima.training.recipe.decide`).
        device: Where the networks are.
        label_table: Labels of all images of the data, from which those of generated images are drawn.
        G: The generator in training.
        D: The discriminator.
        G_ema: The generator with averaged weights.
        step: Iterations done.
        images_seen: Real images shown to the discriminator.
        pl_mean: Moving average of path lengths.
        strength: Strength p of the adaptive augmentation.
        signs: Sum and number of the signs of the logits of real images since p was last adjusted.
        slowdown: Factor on the learning rates: a half for each time that the run diverged and went back.
        rollbacks: How often that was.
        halvings: How often ``batch_gpu`` was halved, because there was not memory enough.
        processes: Those that share this training; all have the same networks, averages and counters.
    """

    recipe: Recipe
    device: torch.device
    label_table: Float[Tensor, "images c"]
    G: Any
    D: Any
    G_ema: Any
    G_optimizer: Adam
    D_optimizer: Adam
    step: int = 0
    images_seen: int = 0
    pl_mean: Tensor
    strength: float
    signs: Tensor
    slowdown: float = 1.0
    rollbacks: int = 0
    halvings: int = 0
    processes: Processes = ALONE
    statistics: Statistics = field(default_factory=Statistics)

    @property
    def geometry(self) -> Geometry:
        """The grids between the base grid and the images."""
        return Geometry(self.G.img_height, self.G.img_width)

    @property
    def batch(self) -> int:
        """Images in the next iteration, of all processes."""
        return batch_at(self.recipe, self.geometry, self.images_seen)

    @property
    def share(self) -> range:
        """Places in the batch of the images that this process takes through the networks."""
        return self.processes.share(self.batch)

    @property
    def batch_gpu(self) -> int:
        """Images that go through the networks at once: at most what the recipe says, halved as often as needed."""
        assert self.recipe.batch_gpu is not None
        own = len(self.share)
        largest = max(min(self.recipe.batch_gpu, own) >> self.halvings, 1)
        return next(part for part in range(largest, 0, -1) if own % part == 0)

    def generator(self, name: str) -> torch.Generator:
        """Randomness on the CPU for ``name`` in this step, the same for all images."""
        return Streams(self.recipe.seed).generator(name, self.step)

    def generators(self, name: str, places: Iterable[int], *, on_cpu: bool = False) -> list[torch.Generator]:
        """Randomness for ``name`` in this step, one for each image at ``places`` of the batch."""
        device = "cpu" if on_cpu else self.device
        return Streams(self.recipe.seed).generators(name, self.step, places, device=device)


def choose_precision(precision: Precision, device: torch.device) -> Precision:
    """What ``auto`` means on ``device``; the other names mean themselves."""
    if precision != "auto":
        return precision
    names: dict[torch.dtype | None, Precision] = {torch.bfloat16: "bf16", torch.float16: "fp16", None: "fp32"}
    return names[fast_half(device)]


def start(
    recipe: Recipe,
    *,
    height: int,
    width: int,
    channels: int,
    label_table: Tensor,
    device: torch.device,
    processes: Processes = ALONE,
) -> Run:
    """A new training of a decided recipe. Draws from no global generator, but leaves PyTorch's seeded."""
    G_spec, D_spec = specs(recipe, height=height, width=width, channels=channels, c_dim=label_table.shape[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(Streams(recipe.seed).generator("weights").initial_seed())
        G, D = build(G_spec), build(D_spec)
    G_ema = copy.deepcopy(G).eval().requires_grad_(requires_grad=False)
    freeze_layers(D, recipe.freezed)
    for network in (G, D):
        if not set_checkpointing(network, recipe.checkpointing) and recipe.checkpointing:
            raise ConfigError(
                f"checkpointing is true, but the networks of {recipe.system} cannot recompute: set it to false"
            )
    for network in (G, D, G_ema):
        network.to(device)
        set_half(network, HALF[recipe.precision])
    run = Run(
        recipe=recipe,
        device=device,
        label_table=label_table,
        G=G,
        D=D,
        G_ema=G_ema,
        G_optimizer=adam(G, device),
        D_optimizer=adam(D, device),
        pl_mean=torch.zeros([], device=device),
        strength=recipe.p,
        signs=torch.zeros(2, device=device),
        processes=processes,
    )
    set_rates(run)
    return run


def adam(network: nn.Module, device: torch.device) -> Adam:
    """Adam for the weights that learn; `set_rates` gives it its rates."""
    fused = device.type in ("cpu", "cuda")
    return Adam([p for p in network.parameters() if p.requires_grad], lr=0.0, eps=ADAM_EPS, fused=fused)


def set_rates(run: Run) -> None:
    """Give both optimizers this step's rates.

    Those that also take lazy steps are slowed down (StyleGAN2, appendix B: c = k / (k + 1), rate · c, β^c).
    """
    recipe = run.recipe
    beta2 = half_cosine(recipe.beta2, recipe.beta2_end, run.images_seen, recipe.decay_kimg)
    glr, dlr = learning_rates(recipe, run.geometry, run.images_seen)
    lazy = (recipe.pl_weight > 0, recipe.has_lazy_penalty)
    intervals = [
        k if is_lazy else None for k, is_lazy in zip((recipe.pl_interval, recipe.r1_interval), lazy, strict=True)
    ]
    for optimizer, rate, interval in zip((run.G_optimizer, run.D_optimizer), (glr, dlr), intervals, strict=True):
        c = 1.0 if interval is None else interval / (interval + 1)
        optimizer.param_groups[0].update(lr=rate * run.slowdown * c, betas=(0.0**c, beta2**c))


def freeze_layers(D: nn.Module, count: int) -> None:
    """Freeze-D (Mo, Cho & Shin 2020): the discriminator's ``count`` layers next to the image do not learn."""
    layers = [module for module in D.modules() if any(True for _ in module.parameters(recurse=False))]
    for layer in layers[:count]:
        layer.requires_grad_(requires_grad=False)
