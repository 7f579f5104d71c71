"""A training in memory: networks, optimizers, counters. What is saved of it is in `allaprima.training.state`."""

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim import Adam

from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, build, fast_half, set_half
from allaprima.training.randomness import Streams
from allaprima.training.recipe import Precision, Recipe
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
    statistics: Statistics = field(default_factory=Statistics)

    @property
    def batch(self) -> int:
        """Images in one iteration."""
        assert self.recipe.batch is not None
        return self.recipe.batch

    @property
    def batch_gpu(self) -> int:
        """Images that go through the networks at once."""
        assert self.recipe.batch_gpu is not None
        return self.recipe.batch_gpu

    def generator(self, name: str, *, on_cpu: bool = False) -> torch.Generator:
        """Randomness for ``name`` in this step."""
        return Streams(self.recipe.seed).generator(name, self.step, device="cpu" if on_cpu else self.device)


def specs(
    recipe: Recipe, *, height: int, width: int, channels: int, c_dim: int
) -> tuple[StyleGAN2Generator, StyleGAN2Discriminator]:
    """What the two networks of a decided recipe are, for images of one shape."""
    assert recipe.cbase is not None
    half = recipe.precision != "fp32"
    num_fp16_res, conv_clamp = (recipe.num_fp16_res, recipe.conv_clamp) if half else (0, None)
    generator = StyleGAN2Generator(
        height=height,
        width=width,
        img_channels=channels,
        c_dim=c_dim,
        z_dim=recipe.z_dim,
        w_dim=recipe.w_dim,
        map_depth=recipe.map_depth,
        channel_base=recipe.cbase,
        channel_max=recipe.cmax,
        architecture=recipe.g_architecture,
        use_noise=recipe.noise,
        num_fp16_res=num_fp16_res,
        conv_clamp=conv_clamp,
    )
    discriminator = StyleGAN2Discriminator(
        height=height,
        width=width,
        img_channels=channels,
        c_dim=c_dim,
        channel_base=recipe.cbase,
        channel_max=recipe.cmax,
        architecture=recipe.d_architecture,
        mbstd_group=recipe.mbstd_group,
        num_fp16_res=num_fp16_res,
        conv_clamp=conv_clamp,
    )
    return generator, discriminator


def choose_precision(precision: Precision, device: torch.device) -> Precision:
    """What ``auto`` means on ``device``; the other names mean themselves."""
    if precision != "auto":
        return precision
    names: dict[torch.dtype | None, Precision] = {torch.bfloat16: "bf16", torch.float16: "fp16", None: "fp32"}
    return names[fast_half(device)]


def start(recipe: Recipe, *, height: int, width: int, channels: int, label_table: Tensor, device: torch.device) -> Run:
    """A new training of a decided recipe. Draws from no global generator, but leaves PyTorch's seeded."""
    G_spec, D_spec = specs(recipe, height=height, width=width, channels=channels, c_dim=label_table.shape[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(Streams(recipe.seed).generator("weights").initial_seed())
        G, D = build(G_spec), build(D_spec)
    G_ema = copy.deepcopy(G).eval().requires_grad_(requires_grad=False)
    for network in (G, D, G_ema):
        network.to(device)
        set_half(network, HALF[recipe.precision])
    return Run(
        recipe=recipe,
        device=device,
        label_table=label_table,
        G=G,
        D=D,
        G_ema=G_ema,
        G_optimizer=adam(G, recipe.glr, interval=recipe.pl_interval if recipe.pl_weight else None, device=device),
        D_optimizer=adam(D, recipe.dlr, interval=recipe.r1_interval if recipe.gamma else None, device=device),
        pl_mean=torch.zeros([], device=device),
    )


def adam(network: Any, rate: float | None, *, interval: int | None, device: torch.device) -> Adam:
    """Adam, slowed down for its additional lazy steps (StyleGAN2, appendix B: c = k / (k + 1), rate · c, β^c)."""
    assert rate is not None
    c = 1.0 if interval is None else interval / (interval + 1)
    fused = device.type in ("cpu", "cuda")
    return Adam(network.parameters(), lr=rate * c, betas=(0.0**c, 0.99**c), eps=ADAM_EPS, fused=fused)
