"""What an R3GAN generator or discriminator is, as data."""

from dataclasses import dataclass

from allaprima.models.geometry import channels_at
from allaprima.models.pyramid import Pyramid
from allaprima.models.requirement import require


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone(Pyramid):
    """What both networks have: stages of residual blocks, one stage for each resolution; other fields as in `Pyramid`.

    The defaults are the published network for faces of 64×64 (Huang et al. 2024, appendix: configurations).

    Attributes:
        embed_dim: Size of the embedded label; None: that of z in the generator, and in the discriminator as many as
            there are feature maps on the base grid.
        cardinality: Groups of the 3×3 convolutions of ``channel_max`` feature maps; fewer maps have, in proportion,
            fewer groups.
        widths: Feature maps from the base grid upward, instead of ``channel_base`` and ``channel_max``.
        cardinalities: Groups from the base grid upward, instead of ``cardinality``.
        blocks_per_stage: Residual blocks of each stage.
        expansion: The 3×3 convolution of a block has so many times the feature maps of its stage.
        resample_filter: Taps of the low-pass filter, before it is widened by the pixels themselves.
    """

    channel_base: int = 24576
    channel_max: int = 768
    num_fp16_res: int = 3
    embed_dim: int | None = None
    cardinality: int = 96
    widths: tuple[int, ...] | None = None
    cardinalities: tuple[int, ...] | None = None
    blocks_per_stage: int = 2
    expansion: int = 2
    resample_filter: tuple[float, ...] = (1, 2, 1)

    def __post_init__(self) -> None:
        Pyramid.__post_init__(self)
        for field, least in LEAST.items():
            value = getattr(self, field)
            require(value is None or value >= least, field, value, f"at least {least}")
        stages = len(self.geometry.resolutions)
        for field in ("widths", "cardinalities"):
            values = getattr(self, field)
            fits = values is None or (len(values) == stages and min(values) >= 1)
            require(fits, field, values, f"{stages} numbers of at least 1, one for each resolution")
        taps = self.resample_filter
        odd = len(taps) % 2 == 1 and sum(taps) != 0
        require(odd, "resample_filter", taps, "an odd number of taps, of a sum other than 0")
        if self.cardinalities is not None:
            wide = [self.channels(resolution) * self.expansion for resolution in self.geometry.resolutions]
            divide = all(maps % groups == 0 for maps, groups in zip(wide, self.cardinalities, strict=True))
            require(divide, "cardinalities", self.cardinalities, f"divisors of the expanded widths {tuple(wide)}")

    @property
    def num_blocks(self) -> int:
        """Residual blocks of the whole network: L of its initialisation."""
        return self.blocks_per_stage * len(self.geometry.resolutions)

    def channels(self, resolution: int) -> int:
        """Feature maps at a resolution."""
        if self.widths is not None:
            return self.widths[self.geometry.resolutions.index(resolution)]
        return channels_at(resolution, base=self.channel_base, maximum=self.channel_max)

    def groups(self, resolution: int) -> int:
        """Groups of the 3×3 convolutions at a resolution: the largest divisor not above what is asked for."""
        if self.cardinalities is not None:
            return self.cardinalities[self.geometry.resolutions.index(resolution)]
        channels = self.channels(resolution)
        widest = self.channel_max if self.widths is None else max(self.widths)
        wanted = max(round(self.cardinality * channels / widest), 1)
        expanded = channels * self.expansion
        return next(groups for groups in range(min(wanted, expanded), 0, -1) if expanded % groups == 0)


LEAST = {"embed_dim": 1, "cardinality": 1, "blocks_per_stage": 1, "expansion": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class R3GANGenerator(Backbone):
    """Spec of a generator; other fields as in `Backbone`.

    Attributes:
        z_dim: Size of the latent z.

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
    """

    z_dim: int = 64

    def __post_init__(self) -> None:
        Backbone.__post_init__(self)
        require(self.z_dim >= 1, "z_dim", self.z_dim, "at least 1")

    @property
    def num_ws(self) -> int:
        """One: there is no style but the latent itself."""
        return 1

    @property
    def embedded(self) -> int:
        """Size of the embedded label, 0 without labels."""
        return (self.embed_dim or self.z_dim) if self.c_dim else 0

    @property
    def w_dim(self) -> int:
        """Size of what the synthesis starts from: z and the embedded label."""
        return self.z_dim + self.embedded


@dataclass(frozen=True, slots=True, kw_only=True)
class R3GANDiscriminator(Backbone):
    """Spec of a discriminator; fields as in `Backbone`."""

    @property
    def embedded(self) -> int:
        """Size of the embedded label, 0 without labels."""
        return (self.embed_dim or self.channels(4)) if self.c_dim else 0
