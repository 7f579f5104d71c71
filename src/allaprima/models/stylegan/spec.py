"""What a StyleGAN generator or discriminator is, as data."""

from dataclasses import dataclass

from allaprima.models.progan.spec import GrowingDiscriminatorNetwork, GrowingNetwork
from allaprima.models.requirement import require


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleGANGenerator(GrowingNetwork):
    """Spec of a generator. The fields from ``use_styles`` on are the steps of the paper's table 1.

    Attributes:
        z_dim: Size of the latent z.
        w_dim: Size of the intermediate latent w.
        map_depth: Layers of the mapping network; 0: w is z, normalised.
        map_lr_multiplier: Learning rate of the mapping network, relative to the generator's.
        w_avg_beta: Share of itself that the average of w keeps at each update.
        use_styles: Scale and shift every feature map by an affine function of w.
        use_noise: Whether layers add noise.
        const_input: Begin with a learned constant; off: with a linear map of the first w.
        use_instance_norm: Normalise every feature map of every image.
        use_pixel_norm: Normalise the feature vector of each pixel.
        blur_filter: Taps of the low-pass filter after doubling; none: no filter.
    """

    z_dim: int = 512
    w_dim: int = 512
    map_depth: int = 8
    map_lr_multiplier: float = 0.01
    w_avg_beta: float = 0.995
    use_styles: bool = True
    use_noise: bool = True
    const_input: bool = True
    use_instance_norm: bool = True
    use_pixel_norm: bool = False
    blur_filter: tuple[float, ...] = (1, 2, 1)

    def __post_init__(self) -> None:
        GrowingNetwork.__post_init__(self)
        require(self.z_dim >= 1, "z_dim", self.z_dim, "at least 1")
        require(self.w_dim >= 1, "w_dim", self.w_dim, "at least 1")
        require(self.map_depth >= 0, "map_depth", self.map_depth, "at least 0")
        latent = self.z_dim * (2 if self.c_dim else 1)
        unmapped = self.map_depth > 0 or self.w_dim == latent
        require(unmapped, "w_dim", self.w_dim, f"{latent}, the size of z with its label, if map_depth is 0")
        require(self.map_lr_multiplier > 0, "map_lr_multiplier", self.map_lr_multiplier, "more than 0")
        require(0 <= self.w_avg_beta <= 1, "w_avg_beta", self.w_avg_beta, "between 0 and 1")
        reached = self.use_styles or not self.const_input
        require(reached, "const_input", self.const_input, "False if use_styles is False, or no layer would see w")
        check_blur(self.blur_filter)

    @property
    def num_ws(self) -> int:
        """How many layers take a style of their own."""
        return 2 * len(self.geometry.resolutions)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleGANDiscriminator(GrowingDiscriminatorNetwork):
    """Spec of a discriminator.

    Attributes:
        blur_filter: Taps of the low-pass filter before halving; none: no filter.
    """

    blur_filter: tuple[float, ...] = (1, 2, 1)

    def __post_init__(self) -> None:
        GrowingDiscriminatorNetwork.__post_init__(self)
        check_blur(self.blur_filter)


def check_blur(taps: tuple[float, ...]) -> None:
    """Raise a `ConfigError` if ``taps`` cannot keep both the brightness and the place of an image."""
    centred = len(taps) % 2 == 1 and sum(taps) != 0
    require(not taps or centred, "blur_filter", taps, "an odd number of taps, of a sum other than 0, or none")
