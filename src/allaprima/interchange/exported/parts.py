"""A generator in the parts that are exported: z → ws, ws → image, and both in one.

Axes: n image, s style (one for each layer), z c d sizes of latent, label and style, h w rows and columns; rgb stands
for the channels of an image, of whatever number.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.errors import ConfigError
from allaprima.interchange.exported.noise import NoiseInputs
from allaprima.interchange.imported import assemble
from allaprima.models import LucidrainsGenerator, is_generator
from allaprima.models.growth import Growing
from allaprima.models.r3gan.mapping import LatentMapping

NOISE = "noise_"  # begins the names of inputs that are noise


class Input(NamedTuple):
    """An input of a graph.

    Attributes:
        meaning: A phrase for whoever looks at the file.
        example: What a call could give, for two images where there is one of it for each image.
        per_image: Whether its first axis is n.
        default: What is meant where a caller gives nothing, if the format can say so.
    """

    meaning: str
    example: Tensor
    per_image: bool = True
    default: Tensor | None = None


class Part(nn.Module):
    """A part of a generator; the parameters have the names of a model file, ``G_ema.…``.

    Args:
        G: A copy, as `detached` gives it.
    """

    name: str
    output: str

    def __init__(self, G: nn.Module) -> None:
        super().__init__()
        self.G_ema: Any = G

    def inputs(self) -> dict[str, Input]:
        """All inputs by name, in their order."""
        raise NotImplementedError

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments of `forward`, of something for each input."""
        noise = {name.removeprefix(NOISE): value for name, value in values.items() if name.startswith(NOISE)}
        others = {name: value for name, value in values.items() if not name.startswith(NOISE)}
        return {**others, "noise": noise} if noise else others


class Mapper(Part):
    """z → ws."""

    name, output = "mapping", "ws"

    def inputs(self) -> dict[str, Input]:
        """Latents, labels where there are any, and truncation."""
        G, draw = self.G_ema, torch.Generator().manual_seed(0)
        inputs = {"z": Input("standard normal latents", torch.randn(2, G.z_dim, generator=draw))}
        if G.c_dim:
            inputs["c"] = Input("labels, one-hot for classes", torch.eye(G.c_dim)[[0, G.c_dim - 1]])
        ones = torch.ones(G.num_ws)
        meaning = "for each layer, 1 leaves its style as it is, 0 gives the average"
        return inputs | {"truncation_psi": Input(meaning, ones, per_image=False, default=ones)}

    def forward(
        self, z: Float[Tensor, "n z"], c: Float[Tensor, "n c"] | None = None, *, truncation_psi: Float[Tensor, "s"]
    ) -> Float[Tensor, "n s d"]:
        """Map, and bring each layer's style nearer to the average."""
        ws: Tensor = self.G_ema.mapping(z, c)
        near: Tensor = average_style(self.G_ema, z, c).lerp(ws, truncation_psi[:, None])
        return near


class Synthesizer(Part):
    """ws → image."""

    name, output = "synthesis", "image"

    def __init__(self, G: nn.Module) -> None:
        super().__init__(G)
        self.noise_inputs = NoiseInputs(G)

    def inputs(self) -> dict[str, Input]:
        """Styles, and one map for each layer that adds noise."""
        G, draw = self.G_ema, torch.Generator().manual_seed(0)
        ws = torch.randn(2, G.num_ws, G.w_dim, generator=draw)
        return {"ws": Input("styles, one for each layer", ws), **self._noise()}

    def _noise(self) -> dict[str, Input]:
        uniform = isinstance(self.G_ema.spec, LucidrainsGenerator)
        drawn = "numbers between 0 and 1" if uniform else "standard normal numbers"
        meaning = f"noise: the stored map, zeros for none, or {drawn}"
        return {
            f"{NOISE}{name}": Input(meaning, const.expand(2, 1, *const.shape), default=const[None, None])
            for name, const in self.noise_inputs.const.items()
        }

    def forward(
        self, ws: Float[Tensor, "n s d"], *, noise: Mapping[str, Tensor] | None = None
    ) -> Float[Tensor, "n rgb h w"]:
        """Paint with these maps [n, 1, h, w]."""
        with self.noise_inputs.given(noise or {}):
            image: Tensor = self.G_ema.synthesis(ws, noise_mode="const")
        return image


class Whole(Synthesizer):
    """z → image."""

    name, output = "generator", "image"

    def __init__(self, G: nn.Module) -> None:
        super().__init__(G)
        self.mapper = [Mapper(G)]  # in a list, so that its parameters are not there a second time

    def inputs(self) -> dict[str, Input]:
        """All inputs of both parts but ws."""
        return {**self.mapper[0].inputs(), **self._noise()}

    def forward(  # type: ignore[override]
        self,
        z: Float[Tensor, "n z"],
        c: Float[Tensor, "n c"] | None = None,
        *,
        truncation_psi: Float[Tensor, "s"],
        noise: Mapping[str, Tensor] | None = None,
    ) -> Float[Tensor, "n rgb h w"]:
        """Map and paint."""
        return super().forward(self.mapper[0](z, c, truncation_psi=truncation_psi), noise=noise)


def average_style(G: Any, z: Tensor, c: Tensor | None) -> Tensor:
    """Where truncation leads to: the average of w. R3GAN truncates z alone: its average has the label."""
    average: Tensor = G.mapping(torch.zeros_like(z), c) if isinstance(G.mapping, LatentMapping) else G.mapping.w_avg
    return average


def detached(G: Any) -> nn.Module:
    """A generator of the same weights, in float32 on the processor, whose growth stands still.

    It shares memory with ``G`` where that has such weights already, but no module: ``G`` keeps its hooks, its half
    precision and its gradients. Raises `ConfigError` if ``G`` is no generator.
    """
    spec = getattr(G, "spec", None)
    if spec is None or not is_generator(spec):
        raise ConfigError(f"only generators can be exported, not a {type(G).__module__}.{type(G).__name__}")
    copy = assemble(spec, {name: tensor.detach().cpu() for name, tensor in G.state_dict().items()})
    for module in copy.modules():
        if isinstance(module, Growing):
            stage = module.missing()  # a graph cannot read a number off a buffer and choose its way
            module.missing = lambda stage=stage: stage  # type: ignore[method-assign,misc]
    return copy
