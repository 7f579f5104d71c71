"""What follows on a convolution, step by step as figure 1 (b) draws it."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from allaprima.layers import instance_norm, pixel_norm
from allaprima.models.stylegan.styled import StyledFeatures
from tests.conftest import assert_near
from tests.models.stylegan.small import small_generator, trained

SWITCHES = ["use_noise", "use_pixel_norm", "use_instance_norm", "use_styles"]


@pytest.mark.parametrize("chosen", list(itertools.product([False, True], repeat=4)))
def test_each_step_is_done_in_order_if_it_is_chosen(chosen: tuple[bool, ...]) -> None:
    on = dict(zip(SWITCHES, chosen, strict=True))
    spec = small_generator(8, 8, const_input=False, conv_clamp=1.5, **on)
    layer, x, w = trained(StyledFeatures(5, size=(6, 4), spec=spec)), torch.randn(2, 5, 6, 4), torch.randn(2, 8)
    with torch.no_grad():
        y = x
        if on["use_noise"]:
            y = y + layer.noise_const * layer.noise_strength[:, None, None]
        y = F.leaky_relu(y + layer.bias[:, None, None], 0.2).clamp(-1.5, 1.5)
        y = pixel_norm(y) if on["use_pixel_norm"] else y
        y = instance_norm(y) if on["use_instance_norm"] else y
        if on["use_styles"]:
            scale, shift = layer.adain.affine(w)[:, :, None, None].chunk(2, dim=1)
            y = y * (scale + 1) + shift
        assert_near(layer(x, w, noise_mode="const", generators=None), y, 1e-6)
