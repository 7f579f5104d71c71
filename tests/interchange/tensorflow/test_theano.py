"""Progressive GAN in Theano. No published file was at hand: the way there and back, by way of pickles."""

from typing import Any

import numpy as np
import pytest
import torch

from allaprima.errors import ModelFileError
from allaprima.models import ProGANDiscriminator, build
from tests.interchange.tensorflow import inverse
from tests.interchange.tensorflow.inverse import same_function, trained
from tests.interchange.tensorflow.published import imported, opened, theano
from tests.models.progan.small import small_discriminator, small_generator


def arrays_of_a_generator() -> list[Any]:
    return inverse.theano_generator(trained(build(small_generator(16, 16))))


@pytest.mark.parametrize(("channels", "dense"), [(3, True), (1, False)])
def test_both_networks_come_back(channels: int, dense: bool) -> None:
    G = trained(build(small_generator(32, 32, channels, channel_base=64)))
    D = trained(build(small_discriminator(32, 32, channels, channel_base=64, halve_last=True)))
    keywords = {"num_channels": channels, "resolution": 32, "label_size": 0, "fmap_base": 32, "fmap_max": 8}
    painter = theano("G_paper", inverse.theano_generator(G), **keywords, latent_size=8)
    judge = theano("D_paper", inverse.theano_discriminator(D, dense=dense), **keywords)
    model = imported((painter, judge, painter))
    assert (model.origin, model.all_notes()) == ("Progressive GAN (Theano)", [])
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8))
    same_function(D, model.networks["D"].build(), torch.randn(4, channels, 32, 32))
    spec = model.networks["D"].spec
    assert isinstance(spec, ProGANDiscriminator)
    assert spec.mbstd_group == 16


def test_layers_of_colours_may_come_coarsest_first_or_in_between() -> None:
    G = trained(build(small_generator(32, 32, channel_base=64)))
    arrays = inverse.theano_generator(G)
    trunk, colours = arrays[: -3 * 4], [arrays[len(arrays) - 12 :][3 * i : 3 * i + 3] for i in range(4)]
    coarsest_first = [*trunk, *colours[3], *colours[2], *colours[1], *colours[0]]
    between = [*trunk[:6], *colours[3], *trunk[6:12], *colours[2], *trunk[12:18], *colours[1], *trunk[18:], *colours[0]]
    for order in (coarsest_first, between):
        same_function(G, imported(theano("G_paper", order)).networks["G_ema"].build(), torch.randn(2, 8))


def test_names_scales_that_have_an_axis_and_none_at_all() -> None:
    G = trained(build(small_generator(16, 16, 1)))
    arrays = inverse.theano_generator(G)
    named = [(f"variable{index}", array) for index, array in enumerate(arrays)]
    with_axes = [array.reshape(1) if array.ndim == 0 else array for array in arrays]
    without = [array * scale if which == 0 else array for array, scale, which in scaled(arrays)]
    for values in (named, dict(named), with_axes, without):
        same_function(G, imported(theano("G_paper", values)).networks["G_ema"].build(), torch.randn(2, 8))


def scaled(arrays: list[Any]) -> list[tuple[Any, Any, int]]:
    """Weights and biases, the former with their constant."""
    return [(arrays[i + j], arrays[i + 1], j) for i in range(0, len(arrays), 3) for j in (0, 2)]


def test_the_level_of_detail() -> None:
    G = trained(build(small_generator(16, 16)))
    G.set_lod(1.5)
    for toplevel in ({"cur_lod": np.float32(1.5)}, [("cur_lod", np.array(1.5))]):
        got = imported(theano("G_paper", inverse.theano_generator(G), toplevel)).networks["G_ema"].build()
        same_function(G, got, torch.randn(2, 8))


def cut(arrays: list[Any]) -> list[Any]:
    return [array[..., :-1] if array.ndim == 4 else array for array in arrays]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays[:-1], "do not come layer by layer"),
        (lambda arrays: arrays[:-3], "odd number of layers"),
        (lambda arrays: arrays[:3], "odd number of layers"),
        (lambda arrays: [], "do not come layer by layer"),
        (lambda arrays: [*arrays, "x"], "has a str where a variable"),
        (lambda arrays: 7, "has a int where the variables"),
        (
            lambda arrays: cut(arrays),
            "12 pixels, and does not say of what shape",
        ),
    ],
)
def test_what_is_not_whole_is_refused(change: Any, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        opened(theano("G_paper", change(arrays_of_a_generator())))


def test_labels_are_refused() -> None:
    with pytest.raises(ModelFileError, match="Theano network with labels"):
        opened(theano("G_paper", arrays_of_a_generator(), label_size=10))
