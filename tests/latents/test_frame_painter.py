"""Frames that half precision cannot hold are painted again in float32."""

from typing import Any

import pytest
import torch

from allaprima.errors import LatentError
from allaprima.images import to_pixels
from allaprima.latents.frame_painter import paint
from allaprima.latents.motion import Motion, buffers_of
from tests.surgery.small import generator


def styles(G: Any, count: int = 3) -> torch.Tensor:
    ws: torch.Tensor = G.mapping(torch.randn(count, G.z_dim))
    return ws


@pytest.mark.parametrize("kind", ["skip", "stylegan", "progan", "r3gan", "stylegan3"])
@pytest.mark.parametrize("noise_mode", ["const", "none"])
def test_pixels_are_those_of_the_synthesis(kind: str, noise_mode: Any) -> None:
    G = generator(kind, 16, 24, 4)
    ws = styles(G)
    wanted = to_pixels(G.synthesis(ws, noise_mode=noise_mode))
    assert torch.equal(paint(G, ws, noise_mode=noise_mode), wanted)


def test_random_noise_is_of_the_seeds() -> None:
    G = generator("skip")
    ws = styles(G, 1).expand(3, -1, -1)
    one, same, other = paint(G, ws, noise_mode="random", noise_seeds=[5, 5, 6])
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


class Overflowing(torch.nn.Module):
    """A synthesis that paints NaN unless it is asked for float32, or always."""

    def __init__(self, synthesis: Any, *, always: bool) -> None:
        super().__init__()
        self.inner, self.always, self.asked = synthesis, always, []  # type: ignore[var-annotated]

    @property
    def input(self) -> Any:
        return self.inner.input

    def forward(self, ws: torch.Tensor, *, force_fp32: bool = False, **how: Any) -> torch.Tensor:
        self.asked.append(force_fp32)
        images: torch.Tensor = self.inner(ws, **how).clone()
        if self.always or not force_fp32:
            images[1, 0, 0, 0] = float("nan") if len(self.asked) % 2 else float("inf")
        return images


@pytest.mark.parametrize("how", ["plain", "maps", "buffers"])
def test_what_is_not_finite_is_painted_in_float32(how: str) -> None:
    G = generator("stylegan3" if how == "buffers" else "skip")
    ws = styles(G)
    wanted = paint(G, ws)
    if how == "buffers":
        own = buffers_of(G, Motion().transforms(torch.zeros(3)))
        options: Any = {"buffers": {f"inner.{name}": value for name, value in own.items()}}
    else:
        options = {"maps": {}} if how == "maps" else {}
    G.synthesis = Overflowing(G.synthesis, always=False)
    torch.testing.assert_close(paint(G, ws, **options).int(), wanted.int(), atol=1, rtol=0)
    assert G.synthesis.asked == [False, True]


def test_what_is_not_finite_in_float32_either_is_said() -> None:
    G = generator("skip")
    ws = styles(G)
    G.synthesis = Overflowing(G.synthesis, always=True)
    with pytest.raises(LatentError, match=r"^the model paints numbers that are not finite, in float32 too"):
        paint(G, ws)


def test_no_gradients_are_kept() -> None:
    G = generator("skip").requires_grad_(requires_grad=True)
    assert not paint(G, styles(G)).requires_grad
