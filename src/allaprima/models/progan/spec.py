"""What a Progressive GAN generator or discriminator is, as data; and what any network that grows needs."""

from dataclasses import dataclass

from allaprima.models.pyramid import Pyramid
from allaprima.models.requirement import require


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingNetwork(Pyramid):
    """What the specs of growing networks share; other fields as in `Pyramid`.

    Attributes:
        channel_base: Feature maps at resolution r are ``channel_base // r`` (twice TensorFlow's ``fmap_base``).
        conv_clamp: Bound of every layer's output, against overflow in half precision; None does not bound.
    """

    conv_clamp: float | None = None

    def __post_init__(self) -> None:
        Pyramid.__post_init__(self)
        bound = self.conv_clamp
        require(bound is None or bound > 0, "conv_clamp", bound, "more than 0, or None for no bound")


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

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
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
