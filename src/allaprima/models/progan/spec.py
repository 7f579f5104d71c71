"""What a Progressive GAN generator or discriminator is, as data; and what any network that grows needs."""

from dataclasses import dataclass

from allaprima.errors import ConfigError
from allaprima.models.geometry import Geometry, channels_at
from allaprima.models.precision import is_half


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingNetwork:
    """What the specs of growing networks share.

    Attributes:
        height: Rows of the images.
        width: Columns of the images.
        img_channels: 1 gray, 2 gray with alpha, 3 RGB, 4 RGB with alpha, or any other number.
        c_dim: Size of the label; 0 for none.
        channel_base: Feature maps at resolution r are ``channel_base // r`` (twice TensorFlow's ``fmap_base``) …
        channel_max: … but at most so many.
        num_fp16_res: The so many finest resolutions run in half precision where a training or a caller asks for that.
        conv_clamp: Bound of every layer's output, against overflow in half precision; None does not bound.
    """

    height: int
    width: int
    img_channels: int
    c_dim: int = 0
    channel_base: int = 16384
    channel_max: int = 512
    num_fp16_res: int = 0
    conv_clamp: float | None = None

    def __post_init__(self) -> None:
        Geometry(self.height, self.width)
        require(self.img_channels >= 1, "img_channels", self.img_channels, "at least 1")
        require(self.c_dim >= 0, "c_dim", self.c_dim, "at least 0")
        require(self.channel_base >= 1, "channel_base", self.channel_base, "at least 1")
        require(self.channel_max >= 1, "channel_max", self.channel_max, "at least 1")
        require(self.num_fp16_res >= 0, "num_fp16_res", self.num_fp16_res, "at least 0")
        bound = self.conv_clamp
        require(bound is None or bound > 0, "conv_clamp", bound, "more than 0, or None for no bound")

    @property
    def geometry(self) -> Geometry:
        """The grids between the base and the image."""
        return Geometry(self.height, self.width)

    def channels(self, resolution: int) -> int:
        """Feature maps at a resolution."""
        return channels_at(resolution, base=self.channel_base, maximum=self.channel_max)

    def is_half(self, resolution: int) -> bool:
        """Whether the block of this resolution is among those that may run in half precision."""
        return is_half(self.geometry, resolution, self.num_fp16_res)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingDiscriminatorNetwork(GrowingNetwork):
    """What the specs of growing discriminators share.

    Attributes:
        mbstd_group: Images in a group of the minibatch standard deviation; None: the whole batch.
        mbstd_num_channels: Feature maps that the minibatch standard deviation appends; 0 turns it off.
    """

    mbstd_group: int | None = 4
    mbstd_num_channels: int = 1

    def __post_init__(self) -> None:
        GrowingNetwork.__post_init__(self)
        top, maps, group = self.channels(4), self.mbstd_num_channels, self.mbstd_group
        divides = maps == 0 or (maps > 0 and top % maps == 0)
        require(divides, "mbstd_num_channels", maps, f"0 or a divisor of the {top} feature maps at 4×4")
        require(group is None or group >= 1, "mbstd_group", group, "at least 1, or None for the whole batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProGANGenerator(GrowingNetwork):
    """Spec of a generator. The three fields after ``z_dim`` are the paper's ablations (table 1).

    Attributes:
        z_dim: Size of the latent z.
        pixel_norm: Normalise the feature vector of each pixel after each layer.
        equalized: Scale weights at run time (section 4.1) instead of at initialisation.
        leaky: Leaky rectified units; off: plain ones.
        bias_per_place: The first layer has a bias for each place of the base grid, not for each channel: so in
            networks of pytorch_GAN_zoo.
    """

    z_dim: int = 512
    pixel_norm: bool = True
    equalized: bool = True
    leaky: bool = True
    bias_per_place: bool = False

    def __post_init__(self) -> None:
        GrowingNetwork.__post_init__(self)
        require(self.z_dim >= 1, "z_dim", self.z_dim, "at least 1")

    @property
    def w_dim(self) -> int:
        """Size of what the synthesis network gets: z and the label, normalised together."""
        return self.z_dim + self.c_dim

    @property
    def num_ws(self) -> int:
        """Only the first layer gets the latent."""
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProGANDiscriminator(GrowingDiscriminatorNetwork):
    """Spec of a discriminator; ``equalized`` and ``leaky`` as in `ProGANGenerator`.

    Attributes:
        halve_last: Average 2×2 pixels after the rectified units, as table 2 has it; off: before, within one fused
            layer, as in the published networks.
    """

    equalized: bool = True
    leaky: bool = True
    halve_last: bool = False


def require(holds: bool, field: str, value: object, wanted: str) -> None:
    """Raise a `ConfigError` in one sentence unless ``holds``."""
    if not holds:
        raise ConfigError(f"{field} is {value}: it must be {wanted}")
