"""What a StyleGAN2 generator or discriminator is, as data."""

from dataclasses import dataclass
from typing import Literal, get_args

from allaprima.models.geometry import Geometry
from allaprima.models.mapping import LabelInput
from allaprima.models.pyramid import Pyramid
from allaprima.models.requirement import require

Architecture = Literal["skip", "resnet", "orig"]
"""How colours enter or leave a network: StyleGAN2 (Karras et al. 2020), figure 7."""
LabelOutput = Literal["projection", "logits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleGAN2Generator(Pyramid):
    """Spec of a generator. Field names are those of the reference tools where these have one.

    Attributes:
        height: Rows of the images.
        width: Columns of the images.
        img_channels: 1 gray, 2 gray with alpha, 3 RGB, 4 RGB with alpha, or any other number.
        z_dim: Size of the latent z.
        c_dim: Size of the label; 0 for none.
        w_dim: Size of the intermediate latent w.
        map_depth: Layers of the mapping network.
        map_lr_multiplier: Learning rate of the mapping network, relative to the generator's.
        w_avg_beta: Share of itself that the average of w keeps at each update.
        channel_base: Feature maps at resolution r are ``channel_base // r`` …
        channel_max: … but at most so many.
        architecture: How colours leave the network (StyleGAN2, figure 7).
        use_noise: Whether layers add noise.
        resample_filter: Taps of the low-pass filter.
        growing: Begin at a low resolution (configurations B to D of table 1); only with ``architecture`` orig.
        doublings: How often the base grid is doubled; None: as often as a base of at least 4 allows.
        label_input: How the label gets into the mapping network, see `allaprima.models.MappingNetwork`.
        embed_dim: Size of the embedded label; None: that of w.
        map_hidden: Size of the mapping network's layers before the last; None: that of w.
        num_fp16_res: The so many finest resolutions run in half precision where a training or a caller asks for that.
        conv_clamp: Bound of every layer's output, against overflow in half precision; None does not bound.

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
    """

    channel_base: int = 32768
    z_dim: int = 512
    w_dim: int = 512
    map_depth: int = 8
    map_lr_multiplier: float = 0.01
    w_avg_beta: float = 0.998
    architecture: Architecture = "skip"
    use_noise: bool = True
    resample_filter: tuple[float, ...] = (1, 3, 3, 1)
    growing: bool = False
    doublings: int | None = None
    label_input: LabelInput = "embed"
    embed_dim: int | None = None
    map_hidden: int | None = None
    conv_clamp: float | None = None

    def __post_init__(self) -> None:
        Pyramid.__post_init__(self)
        check_network(self)
        require(self.label_input in get_args(LabelInput), "label_input", self.label_input, "embed or concat")
        require(self.z_dim >= 1, "z_dim", self.z_dim, "at least 1")
        require(self.w_dim >= 1, "w_dim", self.w_dim, "at least 1")
        require(self.map_depth >= 1, "map_depth", self.map_depth, "at least 1")
        require(self.map_lr_multiplier > 0, "map_lr_multiplier", self.map_lr_multiplier, "more than 0")
        require(0 <= self.w_avg_beta <= 1, "w_avg_beta", self.w_avg_beta, "between 0 and 1")

    @property
    def geometry(self) -> Geometry:
        """The grids from the base to the image."""
        return Geometry(self.height, self.width, self.doublings)

    @property
    def num_ws(self) -> int:
        """How many layers take a style of their own."""
        return 2 * len(self.geometry.resolutions)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleGAN2Discriminator(Pyramid):
    """Spec of a discriminator; fields as in `StyleGAN2Generator`.

    Attributes:
        cmap_dim: Size of the embedded label; None: as many as there are feature maps at 4×4.
        map_depth: Layers of the label's mapping network.
        map_lr_multiplier: Learning rate of that network, relative to the discriminator's.
        map_hidden: Size of that network's layers before the last; None: ``cmap_dim``.
        embed_dim: Size of the embedded label; None: ``cmap_dim``.
        label_output: ``projection``: the label, mapped, is multiplied with the features (Miyato & Koyama 2018);
            ``logits``: there is a logit for each class, and the label chooses (the TensorFlow program of StyleGAN2).
        doublings: How often the base grid is doubled; None: as often as a base of at least 4 allows.
        mbstd_group: Images in a group of the minibatch standard deviation; None: the whole batch.
        mbstd_num_channels: Feature maps that the minibatch standard deviation appends; 0 turns it off.

    Raises:
        ConfigError: A field is out of range, or does not go with another one.
    """

    channel_base: int = 32768
    cmap_dim: int | None = None
    map_depth: int = 8
    map_lr_multiplier: float = 0.01
    map_hidden: int | None = None
    embed_dim: int | None = None
    label_output: LabelOutput = "projection"
    architecture: Architecture = "resnet"
    resample_filter: tuple[float, ...] = (1, 3, 3, 1)
    growing: bool = False
    doublings: int | None = None
    mbstd_group: int | None = 4
    mbstd_num_channels: int = 1
    conv_clamp: float | None = None

    def __post_init__(self) -> None:
        Pyramid.__post_init__(self)
        check_network(self)
        top, maps = self.channels(4), self.mbstd_num_channels
        divides = maps == 0 or (maps > 0 and top % maps == 0)
        require(divides, "mbstd_num_channels", maps, f"0 or a divisor of the {top} feature maps at 4×4")
        group = self.mbstd_group
        require(group is None or group >= 1, "mbstd_group", group, "at least 1, or None for the whole batch")
        require(self.cmap_dim is None or self.cmap_dim >= 1, "cmap_dim", self.cmap_dim, "at least 1, or None")
        kind = self.label_output
        require(kind in get_args(LabelOutput), "label_output", kind, "projection or logits")
        require(self.map_lr_multiplier > 0, "map_lr_multiplier", self.map_lr_multiplier, "more than 0")
        require(self.map_depth >= 0, "map_depth", self.map_depth, "at least 0")

    @property
    def geometry(self) -> Geometry:
        """The grids from the image to the base."""
        return Geometry(self.height, self.width, self.doublings)

    @property
    def num_outputs(self) -> int:
        """Numbers that the last layer gives, before the label makes one logit of them."""
        if not self.c_dim:
            return 1
        if self.label_output == "logits":
            return self.c_dim
        return self.channels(4) if self.cmap_dim is None else self.cmap_dim


def check_network(spec: StyleGAN2Generator | StyleGAN2Discriminator) -> None:
    """Raise a `ConfigError` if fields that both networks have cannot work."""
    require(spec.embed_dim is None or spec.embed_dim >= 1, "embed_dim", spec.embed_dim, "at least 1, or None")
    require(spec.map_hidden is None or spec.map_hidden >= 1, "map_hidden", spec.map_hidden, "at least 1, or None")
    require(spec.architecture in get_args(Architecture), "architecture", spec.architecture, "skip, resnet or orig")
    require(
        not spec.growing or spec.architecture == "orig", "growing", spec.growing, "False unless architecture is orig"
    )
    taps = spec.resample_filter
    require(
        len(taps) % 2 == 0 and sum(taps) != 0, "resample_filter", taps, "an even number of taps, of a sum other than 0"
    )
    bound = spec.conv_clamp
    require(bound is None or bound > 0, "conv_clamp", bound, "more than 0, or None for no bound")
