"""Noise as an input of the graph: layers that own noise take the maps of the call instead of drawing them.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn


class NoiseInputs:
    """The noise layers of a network, which from now on add the maps that `given` holds ready, and no other noise.

    Args:
        network: A generator that nobody else uses: its layers are changed.

    Attributes:
        const: The stored noise of each layer, [h, w], by the layer's short name: ``b8_conv0``.
        buffers: Where it is in the network's state dict, by the same name.
    """

    def __init__(self, network: nn.Module) -> None:
        self._maps: Mapping[str, Tensor] = {}
        self.const: dict[str, Tensor] = {}
        self.buffers: dict[str, str] = {}
        for path, layer in network.named_modules():
            if isinstance(getattr(layer, "noise_const", None), Tensor):
                name = short_name(path)
                self.const[name] = layer.noise_const
                self.buffers[name] = f"{path}.noise_const"
                layer.noise = partial(self._noise, name, layer)

    @contextmanager
    def given(self, maps: Mapping[str, Tensor]) -> Iterator[None]:
        """Let the layers add ``maps``, [n, 1, h, w] by short name, meanwhile."""
        self._maps = maps
        try:
            yield
        finally:
            self._maps = {}

    def _noise(
        self, name: str, layer: Any, *_: object, **__: object
    ) -> Float[Tensor, "n c h w"] | Float[Tensor, "n h w"]:
        if not hasattr(layer, "noise_strength"):  # a whole network's noise [n, h, w], which its layers scale themselves
            return self._maps[name][:, 0]
        strength: Tensor = layer.noise_strength  # one number, or one for each feature map
        return self._maps[name] * strength.reshape(-1, 1, 1)


def short_name(path: str) -> str:
    """Of a layer at ``path`` in a generator: ``synthesis.b8.conv0.styled`` is ``b8_conv0``."""
    if path == "synthesis":
        return "all"
    return path.removeprefix("synthesis.").removesuffix(".styled").replace(".", "_")
