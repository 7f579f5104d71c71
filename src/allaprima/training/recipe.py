"""A recipe: all that a training is, apart from its data. Fields are named as the flags of the reference tools."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from allaprima.errors import ConfigError
from allaprima.models.stylegan2 import Architecture
from allaprima.training.fields import Table, check_choices, check_kinds, check_ranges

System = Literal["stylegan2", "progan", "stylegan", "stylegan3-t", "stylegan3-r", "r3gan"]
GROWING: tuple[System, ...] = ("progan", "stylegan")
"""Systems whose networks can grow; stylegan2 can too, with networks of architecture orig."""
WITHOUT_W: tuple[System, ...] = ("progan", "r3gan")
"""Systems without a mapping network: they have no path lengths to even out."""
Precision = Literal["auto", "fp32", "bf16", "fp16"]
Loss = Literal["nonsaturating", "saturating", "wasserstein", "hinge", "relativistic", "dual-contrastive"]
Penalty = Literal["r1", "r1+r2", "wgan-gp"]
Augmentation = Literal["noaug", "ada", "fixed", "diffaug", "apa"]
AugmentPipe = Literal[
    "blit", "geom", "color", "filter", "noise", "cutout", "bg", "bgc", "bgcf", "bgcfn", "bgcfnc", "r3gan"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One training configuration. None means: chosen from the images' size and the batch (see `decide`).

    Attributes:
        system: Which family member the networks are.
        cbase: Feature maps at resolution r are ``cbase // r`` …
        cmax: … but at most so many. (The generator of stylegan3-r has twice as many of both, as published.)
        z_dim: Size of the latent z.
        w_dim: Size of the intermediate latent w.
        map_depth: Layers of the mapping network.
        g_architecture: How colours leave a stylegan2 generator: skip, resnet or orig.
        d_architecture: How colours enter a stylegan2 (or stylegan3) discriminator: resnet, skip or orig.
        noise: Whether the generator's layers add noise.
        styles: stylegan: whether layers are styled by w.
        const_input: stylegan: whether it starts from a learned constant, rather than from w.
        pixel_norm: progan: whether feature vectors are normalised in every pixel.
        equalized: progan: whether all weights learn at one speed.
        leaky: progan: leaky ReLU rather than ReLU.
        num_layers: stylegan3: layers of the generator, without those that read w and write colours.
        blocks_per_stage: r3gan: residual blocks at each resolution.
        cardinality: r3gan: groups of the 3×3 convolutions where the network is widest.
        mbstd_group: Images in a group of the minibatch standard deviation.
        num_fp16_res: Finest resolutions that run in half precision, where ``precision`` is one.
        conv_clamp: Bound of every convolution's output; None for none.
        precision: ``auto`` takes bf16 or fp16 where the machine is faster in it, else fp32.
        growing: Begin at a low resolution and grow (progan, stylegan, stylegan2 with orig networks).
        lod_initial_resolution: Resolution to begin with; 4 is the base grid.
        lod_training_kimg: Thousands of images at one resolution …
        lod_transition_kimg: … and while the next one fades in.
        reset_optimizer: Forget the optimizers' averages whenever a resolution begins or ends to fade in.
        batch: Images in one iteration.
        batch_gpu: Images that go through the networks at once; the gradients of a batch's parts are added up.
        checkpointing: Blocks of both networks forget what they computed and compute it again for the gradients: less
            memory, more time, the same numbers.
        batch_by_res: Batches at single resolutions while growing, as ``4:128 8:128 16:64``.
        glr: Learning rate of the generator.
        dlr: Learning rate of the discriminator.
        lr_by_res: Learning rates of both at single resolutions while growing.
        beta2: Adam's β₂.
        loss: What the two networks play for.
        penalty: Which gradients of the discriminator are kept small: at real images (r1), at generated ones too
            (r1+r2), or between them, near 1 (wgan-gp).
        gamma: Weight γ of the penalty: γ/2 for r1 and r2, γ itself (the λ of its paper) for wgan-gp.
        gamma_scale: Where ``gamma`` is open, it is this times the number of pixels, divided by ``batch``.
        r1_interval: Iterations from one penalty to the next; with 1 it is part of the discriminator's loss.
        drift: Weight of the squared logits of real images, which keeps a Wasserstein critic from drifting away.
        label_weight: Weight of the label head's loss, in networks that have one.
        pl_weight: Weight of path length regularisation; 0 turns it off.
        pl_interval: Iterations from one path length step to the next.
        pl_batch_shrink: The path length step takes a batch smaller by this factor.
        style_mixing: Share of iterations in which images are made of two latents.
        ema_kimg: Half-life of the averaged weights, in thousands of images.
        ema_rampup: The half-life is at most this share of the images seen; None for no ramp.
        aug: What the discriminator sees: images as they are (noaug), augmented with an adaptive (ada) or a fixed
            strength (fixed), by DiffAugment (diffaug), or with fakes among the reals, adaptively (apa).
        augpipe: Which augmentations: b pixel blitting, g geometry, c colour, f filter, n noise, c cutout.
        p: Strength of the augmentation: where the adaptive one begins, or the fixed one.
        target: The adaptive strength rises while the mean sign of the logits of real images is above this.
        ada_kimg: Thousands of images in which the adaptive strength can go from 0 to 1.
        ada_interval: Iterations from one adjustment to the next.
        p_max: Highest adaptive strength; above 0.8 augmentations begin to leak into the generated images.
        freezed: Layers of the discriminator, from the image inwards, that do not learn (Freeze-D).
        blur_init_sigma: The discriminator sees images blurred by this many pixels at first …
        blur_fade_kimg: … and sharp ones after so many thousand images.
        decay_kimg: Fields with a second value go there along a half cosine, in so many thousand images.
        gamma_end: Second value of ``gamma``; None keeps the first. So for those that follow.
        glr_end: Second value of ``glr``.
        dlr_end: Second value of ``dlr``.
        beta2_end: Second value of ``beta2``.
        ema_kimg_end: Second value of ``ema_kimg``.
        p_end: Second value of a fixed ``p``.
        mirror: Show each image also mirrored left to right.
        yflip: Show each image also mirrored upside down.
        cond: Condition both networks on the labels of the data.
        holdout: Images, at most one in twenty, that are kept apart, to see whether the discriminator learns the others
            by heart.
        kimg: Length of the training, in thousands of images.
        tick: Thousands of images from one progress line to the next.
        snap: Ticks from one snapshot and sheet of fakes to the next.
        seed: Of all randomness.
        workers: Processes that decode images, where these do not fit in memory.

    Raises:
        ConfigError: A field is of another kind, out of range, or does not go with another one.
    """

    system: System = "stylegan2"
    cbase: int | None = 32768
    cmax: int = 512
    z_dim: int = 512
    w_dim: int = 512
    map_depth: int = 8
    g_architecture: Architecture = "skip"
    d_architecture: Architecture = "resnet"
    noise: bool = True
    styles: bool = True
    const_input: bool = True
    pixel_norm: bool = True
    equalized: bool = True
    leaky: bool = True
    num_layers: int = 14
    blocks_per_stage: int = 2
    cardinality: int = 96
    mbstd_group: int | None = 4
    num_fp16_res: int = 4
    conv_clamp: float | None = 256.0
    precision: Precision = "auto"
    growing: bool = False
    lod_initial_resolution: int = 4
    lod_training_kimg: float = 600.0
    lod_transition_kimg: float = 600.0
    reset_optimizer: bool = True
    batch: int | None = 32
    batch_gpu: int | None = None
    checkpointing: bool = False
    batch_by_res: Table = ()
    glr: float | None = 0.002
    dlr: float | None = 0.002
    lr_by_res: Table = ()
    beta2: float = 0.99
    loss: Loss = "nonsaturating"
    penalty: Penalty = "r1"
    gamma: float | None = None
    gamma_scale: float = 0.0002
    r1_interval: int = 16
    drift: float = 0.0
    label_weight: float = 1.0
    pl_weight: float = 2.0
    pl_interval: int = 4
    pl_batch_shrink: int = 2
    style_mixing: float = 0.9
    ema_kimg: float | None = 10.0
    ema_rampup: float | None = None
    aug: Augmentation = "noaug"
    augpipe: AugmentPipe = "bgc"
    p: float = 0.0
    target: float = 0.6
    ada_kimg: float = 500.0
    ada_interval: int = 4
    p_max: float = 0.8
    freezed: int = 0
    blur_init_sigma: float = 0.0
    blur_fade_kimg: float = 0.0
    decay_kimg: float | None = None
    gamma_end: float | None = None
    glr_end: float | None = None
    dlr_end: float | None = None
    beta2_end: float | None = None
    ema_kimg_end: float | None = None
    p_end: float | None = None
    mirror: bool = False
    yflip: bool = False
    cond: bool = False
    holdout: int = 0
    kimg: float = 25000.0
    tick: float = 4.0
    snap: int = 50
    seed: int = 0
    workers: int = 3

    def __post_init__(self) -> None:
        check_kinds(self)
        check_ranges(self, RANGES)
        check_choices(self)
        if self.batch is not None and self.batch_gpu is not None and self.batch % self.batch_gpu:
            raise ConfigError(f"batch_gpu is {self.batch_gpu}: it must divide the batch of {self.batch}")
        for holds, sentence in self._rules():
            if not holds:
                raise ConfigError(sentence)

    @property
    def has_lazy_penalty(self) -> bool:
        """Whether the gradient penalty has steps of its own (StyleGAN2, section 3.1)."""
        return bool(self.gamma) and self.r1_interval > 1

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        """What must hold between fields, each with the sentence for the case that it does not."""
        can_grow = self.system in GROWING or (
            self.system == "stylegan2" and self.g_architecture == self.d_architecture == "orig"
        )
        ends = (self.gamma_end, self.glr_end, self.dlr_end, self.beta2_end, self.ema_kimg_end, self.p_end)
        return (
            (
                can_grow or not self.growing,
                f"growing is true, but {self.system} does not grow: {', '.join(GROWING)} and"
                " stylegan2 with g_architecture=orig and d_architecture=orig do",
            ),
            (
                self.system not in WITHOUT_W or not self.pl_weight,
                f"pl_weight is {self.pl_weight:g}, but {self.system} has no w to measure path lengths in: set it to 0",
            ),
            (
                self.decay_kimg is not None or all(end is None for end in ends),
                "a field with a second value (…_end) needs decay_kimg, the time that it takes to get there",
            ),
            (
                self.p_end is None or self.aug == "fixed",
                f"p_end is {self.p_end}, but the strength follows a schedule only with aug=fixed",
            ),
            (
                not self.growing or is_power_of_two(self.lod_initial_resolution),
                f"lod_initial_resolution is {self.lod_initial_resolution}: it must be 4, 8, 16, …",
            ),
        )


def is_power_of_two(number: int) -> bool:
    """Whether ``number`` is 1, 2, 4, 8, …"""
    return number > 0 and number & (number - 1) == 0


BIG = 1e9
RANGES: dict[str, tuple[float, float]] = {
    "cbase": (1, BIG),
    "cmax": (1, BIG),
    "z_dim": (1, BIG),
    "w_dim": (1, BIG),
    "map_depth": (1, 64),
    "num_layers": (3, 64),
    "blocks_per_stage": (1, 64),
    "cardinality": (1, BIG),
    "mbstd_group": (1, BIG),
    "num_fp16_res": (0, 20),
    "conv_clamp": (1e-3, BIG),
    "lod_initial_resolution": (4, BIG),
    "lod_training_kimg": (0, BIG),
    "lod_transition_kimg": (0, BIG),
    "batch": (1, BIG),
    "batch_gpu": (1, BIG),
    "glr": (0, 1),
    "dlr": (0, 1),
    "beta2": (0, 0.999999),
    "gamma": (0, BIG),
    "gamma_scale": (0, BIG),
    "r1_interval": (1, BIG),
    "drift": (0, BIG),
    "label_weight": (0, BIG),
    "pl_weight": (0, BIG),
    "pl_interval": (1, BIG),
    "pl_batch_shrink": (1, BIG),
    "style_mixing": (0, 1),
    "ema_kimg": (0, BIG),
    "ema_rampup": (0, BIG),
    "p": (0, 1),
    "target": (-1, 1),
    "ada_kimg": (1e-3, BIG),
    "ada_interval": (1, BIG),
    "p_max": (0, 1),
    "freezed": (0, 1000),
    "blur_init_sigma": (0, 1000),
    "blur_fade_kimg": (0, BIG),
    "decay_kimg": (1e-3, BIG),
    "gamma_end": (0, BIG),
    "glr_end": (0, 1),
    "dlr_end": (0, 1),
    "beta2_end": (0, 0.999999),
    "ema_kimg_end": (0, BIG),
    "p_end": (0, 1),
    "holdout": (0, BIG),
    "kimg": (0, BIG),
    "tick": (1e-3, BIG),
    "snap": (1, BIG),
    "seed": (0, 2**31 - 1),
    "workers": (0, 256),
}


def decide(recipe: Recipe, *, height: int, width: int) -> Recipe:
    """Choose what the recipe leaves open, by the rules of StyleGAN2-ADA's ``auto`` (Karras et al. 2020b, appendix D).

    The rules speak of a square image's resolution; here it is the side of the square of as many pixels. The γ of
    StyleGAN3 is the one of its published configurations: 2 at 256², in proportion to the number of pixels.
    """
    pixels = height * width
    side = pixels**0.5
    batch = recipe.batch
    if batch is None:
        batch = int(max(min(4096 // side, 32), 1))
    rate = 0.002 if side >= 1024 else 0.0025
    gamma = pixels / 2**15 if recipe.system.startswith("stylegan3") else recipe.gamma_scale * pixels / batch
    return dataclasses.replace(
        recipe,
        cbase=(32768 if side >= 512 else 16384) if recipe.cbase is None else recipe.cbase,
        batch=batch,
        batch_gpu=batch if recipe.batch_gpu is None else recipe.batch_gpu,
        mbstd_group=min(batch, 4) if recipe.mbstd_group is None else recipe.mbstd_group,
        glr=rate if recipe.glr is None else recipe.glr,
        dlr=rate if recipe.dlr is None else recipe.dlr,
        gamma=gamma if recipe.gamma is None else recipe.gamma,
        ema_kimg=batch * 10 / 32 if recipe.ema_kimg is None else recipe.ema_kimg,
    )
