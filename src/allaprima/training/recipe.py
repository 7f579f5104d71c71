"""A recipe: all that a training is, apart from its data. Fields are named as the flags of the reference tools."""

import dataclasses
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from allaprima.errors import ConfigError
from allaprima.models.stylegan2 import Architecture

Precision = Literal["auto", "fp32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One training configuration. None means: chosen from the images' size and the batch (see `decide`).

    Attributes:
        cbase: Feature maps at resolution r are ``cbase // r`` …
        cmax: … but at most so many.
        z_dim: Size of the latent z.
        w_dim: Size of the intermediate latent w.
        map_depth: Layers of the mapping network.
        g_architecture: How colours leave the generator: skip, resnet or orig.
        d_architecture: How colours enter the discriminator: resnet, skip or orig.
        noise: Whether the generator's layers add noise.
        mbstd_group: Images in a group of the minibatch standard deviation.
        num_fp16_res: Finest resolutions that run in half precision, where ``precision`` is one.
        conv_clamp: Bound of every convolution's output; None for none.
        precision: ``auto`` takes bf16 or fp16 where the machine is faster in it, else fp32.
        batch: Images in one iteration.
        batch_gpu: Images that go through the networks at once; the gradients of a batch's parts are added up.
        glr: Learning rate of the generator.
        dlr: Learning rate of the discriminator.
        gamma: Weight γ of the R1 penalty.
        r1_interval: Iterations from one R1 step to the next.
        pl_weight: Weight of path length regularisation; 0 turns it off.
        pl_interval: Iterations from one path length step to the next.
        pl_batch_shrink: The path length step takes a batch smaller by this factor.
        style_mixing: Share of iterations in which images are made of two latents.
        ema_kimg: Half-life of the averaged weights, in thousands of images.
        ema_rampup: The half-life is at most this share of the images seen; None for no ramp.
        mirror: Show each image also mirrored left to right.
        cond: Condition both networks on the labels of the data.
        kimg: Length of the training, in thousands of images.
        tick: Thousands of images from one progress line to the next.
        snap: Ticks from one snapshot and sheet of fakes to the next.
        seed: Of all randomness.
        workers: Processes that decode images, where these do not fit in memory.
    """

    cbase: int | None = 32768
    cmax: int = 512
    z_dim: int = 512
    w_dim: int = 512
    map_depth: int = 8
    g_architecture: Architecture = "skip"
    d_architecture: Architecture = "resnet"
    noise: bool = True
    mbstd_group: int | None = 4
    num_fp16_res: int = 4
    conv_clamp: float | None = 256.0
    precision: Precision = "auto"
    batch: int | None = 32
    batch_gpu: int | None = None
    glr: float | None = 0.002
    dlr: float | None = 0.002
    gamma: float | None = None
    r1_interval: int = 16
    pl_weight: float = 2.0
    pl_interval: int = 4
    pl_batch_shrink: int = 2
    style_mixing: float = 0.9
    ema_kimg: float | None = 10.0
    ema_rampup: float | None = None
    mirror: bool = False
    cond: bool = False
    kimg: float = 25000.0
    tick: float = 4.0
    snap: int = 50
    seed: int = 0
    workers: int = 3

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(Recipe).items():
            kind, may_be_open = kind_of(hint)
            value = getattr(self, name)
            if not (is_of(value, kind) or (value is None and may_be_open)):
                raise ConfigError(f"{name} is {value!r}: it must be {IN_WORDS[kind]}")
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} is {value}: it must be between {low:g} and {high:g}")
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in get_args(choices):
                raise ConfigError(f"{name} is {value!r}: it must be one of {', '.join(get_args(choices))}")
        if self.batch is not None and self.batch_gpu is not None and self.batch % self.batch_gpu:
            raise ConfigError(f"batch_gpu is {self.batch_gpu}: it must divide the batch of {self.batch}")


BIG = 1e9
RANGES: Mapping[str, tuple[float, float]] = {
    "cbase": (1, BIG),
    "cmax": (1, BIG),
    "z_dim": (1, BIG),
    "w_dim": (1, BIG),
    "map_depth": (1, 64),
    "mbstd_group": (1, BIG),
    "num_fp16_res": (0, 20),
    "conv_clamp": (1e-3, BIG),
    "batch": (1, BIG),
    "batch_gpu": (1, BIG),
    "glr": (0, 1),
    "dlr": (0, 1),
    "gamma": (0, BIG),
    "r1_interval": (1, BIG),
    "pl_weight": (0, BIG),
    "pl_interval": (1, BIG),
    "pl_batch_shrink": (1, BIG),
    "style_mixing": (0, 1),
    "ema_kimg": (0, BIG),
    "ema_rampup": (0, BIG),
    "kimg": (0, BIG),
    "tick": (1e-3, BIG),
    "snap": (1, BIG),
    "seed": (0, 2**31 - 1),
    "workers": (0, 256),
}
IN_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a name"}
CHOICES = {"g_architecture": Architecture, "d_architecture": Architecture, "precision": Precision}


def kind_of(hint: Any) -> tuple[type, bool]:
    """The type of a field's values, and whether it may also be None."""
    may_be_open = get_origin(hint) in (Union, types.UnionType)
    if may_be_open:
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    return str if get_origin(hint) is Literal else hint, may_be_open


def is_of(value: object, kind: type) -> bool:
    """Whether ``value`` is of ``kind``; a whole number is a number too, a truth value is none."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def with_overrides(recipe: Recipe, overrides: Iterable[str]) -> Recipe:
    """``recipe`` with fields changed by texts of the form ``field=value``. Raises `ConfigError`."""
    changes: dict[str, Any] = {}
    hints = get_type_hints(Recipe)
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set takes FIELD=VALUE, got {text!r}")
        if name not in hints:
            raise ConfigError(f"a recipe has no field {name!r}; its fields are {', '.join(hints)}")
        changes[name] = parse(name, value, hints[name])
    return dataclasses.replace(recipe, **changes)


def parse(name: str, text: str, hint: Any) -> Any:
    """The value of type ``hint`` that ``text`` means. Raises `ConfigError`."""
    kind, may_be_open = kind_of(hint)
    if may_be_open and text.lower() in ("none", "auto"):
        return None
    try:
        if kind is bool:
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise ConfigError(f"{name} is {text!r}: it must be {IN_WORDS[kind]}") from None


def decide(recipe: Recipe, *, height: int, width: int) -> Recipe:
    """Choose what the recipe leaves open, by the rules of StyleGAN2-ADA's ``auto`` (Karras et al. 2020b, appendix D).

    The rules speak of a square image's resolution; here it is the side of the square of as many pixels.
    """
    pixels = height * width
    side = pixels**0.5
    batch = recipe.batch
    if batch is None:
        batch = int(max(min(4096 // side, 32), 1))
    rate = 0.002 if side >= 1024 else 0.0025
    return dataclasses.replace(
        recipe,
        cbase=(32768 if side >= 512 else 16384) if recipe.cbase is None else recipe.cbase,
        batch=batch,
        batch_gpu=batch if recipe.batch_gpu is None else recipe.batch_gpu,
        mbstd_group=min(batch, 4) if recipe.mbstd_group is None else recipe.mbstd_group,
        glr=rate if recipe.glr is None else recipe.glr,
        dlr=rate if recipe.dlr is None else recipe.dlr,
        gamma=0.0002 * pixels / batch if recipe.gamma is None else recipe.gamma,
        ema_kimg=batch * 10 / 32 if recipe.ema_kimg is None else recipe.ema_kimg,
    )
