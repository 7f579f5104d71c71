"""What a generator or discriminator of ``stylegan2_pytorch`` is, as data."""

from dataclasses import dataclass

from allaprima.errors import ConfigError
from allaprima.models.geometry import Geometry
from allaprima.models.requirement import require


@dataclass(frozen=True, slots=True, kw_only=True)
class LucidrainsNetwork:
    """What both networks have. Squares whose side is a power of two are all that this architecture knows.

    Attributes:
        height: Rows of the images: 4, 8, 16, …
        width: Columns of the images, as many.
        img_channels: 1 gray, 2 gray with alpha, 3 RGB, 4 RGB with alpha, or any other number (the package: 3 or 4).
        network_capacity: The finest layers have twice as many feature maps (the discriminator's: four times); each
            halving of the resolution doubles them …
        channel_max: … but they are at most so many.
    """

    height: int
    width: int
    img_channels: int
    network_capacity: int = 16
    channel_max: int = 512

    def __post_init__(self) -> None:
        side = self.height
        if side != self.width or side < 4 or side & (side - 1):
            raise ConfigError(
                f"an image of {self.height}×{self.width} pixels (height × width) is not for this architecture: it "
                "paints squares of 4, 8, 16, … pixels"
            )
        require(self.img_channels >= 1, "img_channels", self.img_channels, "at least 1")
        require(self.network_capacity >= 1, "network_capacity", self.network_capacity, "at least 1")
        require(self.channel_max >= 1, "channel_max", self.channel_max, "at least 1")

    @property
    def c_dim(self) -> int:
        """Size of the label: there is none."""
        return 0

    @property
    def geometry(self) -> Geometry:
        """The grids between 4×4 and the image."""
        return Geometry(self.height, self.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class LucidrainsGenerator(LucidrainsNetwork):
    """Spec of a generator.

    Attributes:
        z_dim: Size of the latent z, and of w.
        map_depth: Layers of the mapping network.
        map_lr_multiplier: Learning rate of the mapping network, relative to the generator's.
        const_input: The base grid is a learned constant; off: a linear map of the mean style.

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
    """

    z_dim: int = 512
    map_depth: int = 8
    map_lr_multiplier: float = 0.1
    const_input: bool = True

    def __post_init__(self) -> None:
        LucidrainsNetwork.__post_init__(self)
        require(self.z_dim >= 1, "z_dim", self.z_dim, "at least 1")
        require(self.map_depth >= 1, "map_depth", self.map_depth, "at least 1")
        require(self.map_lr_multiplier > 0, "map_lr_multiplier", self.map_lr_multiplier, "more than 0")

    @property
    def w_dim(self) -> int:
        """Size of the intermediate latent w."""
        return self.z_dim

    @property
    def num_ws(self) -> int:
        """How many styles there are: one for each resolution."""
        return len(self.geometry.resolutions)

    def channels(self, resolution: int) -> int:
        """Feature maps at a resolution."""
        return min(2 * self.network_capacity * (self.height // resolution), self.channel_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class LucidrainsDiscriminator(LucidrainsNetwork):
    """Spec of a discriminator.

    Attributes:
        fq_layers: Blocks, counted from 1, the finest, whose output is quantised to the nearest of learned vectors.
        fq_dict_size: How many such vectors a block has.

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
    """

    fq_layers: tuple[int, ...] = ()
    fq_dict_size: int = 256

    def __post_init__(self) -> None:
        LucidrainsNetwork.__post_init__(self)
        last = len(self.resolutions)
        fits = all(1 <= number <= last for number in self.fq_layers)
        require(fits, "fq_layers", self.fq_layers, f"numbers of blocks, from 1, the finest, to {last}")
        require(self.fq_dict_size >= 1, "fq_dict_size", self.fq_dict_size, "at least 1")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Side of what each block gets, from the image inwards; the last, of 2×2 pixels, does not halve it."""
        return (*reversed(self.geometry.resolutions), 2)

    def channels(self, resolution: int) -> int:
        """Feature maps that the block of a resolution makes."""
        return min(4 * self.network_capacity * (self.height // resolution), self.channel_max)
