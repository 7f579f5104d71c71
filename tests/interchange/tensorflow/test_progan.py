"""Progressive GAN in TensorFlow, in both of its layouts: reference numbers and laws, by way of pickles."""

from typing import Any

import pytest
import torch

from allaprima.models import ProGANGenerator, build
from tests.conftest import assert_near, read_reference
from tests.interchange.tensorflow import inverse
from tests.interchange.tensorflow.inverse import same_function, trained
from tests.interchange.tensorflow.published import arrays_of, imported, network
from tests.models.progan.small import small_discriminator, small_generator

SQUARE = {"channel_base": 999, "channel_max": 8}  # no layer changes the number of channels


def pickled_discriminator(D: Any, version: int = 2, **keywords: Any) -> Any:
    return network(version, "D_paper", inverse.growing_discriminator(D), **keywords)


def test_the_reference() -> None:
    reference = read_reference("progan_32_3ch")
    t, config = reference.tensors, reference.metadata["config"]
    G = network(2, "G_paper", arrays_of(reference.part("G/")), **config)
    D = network(2, "D_paper", arrays_of(reference.part("D/")), **config)
    model = imported((G, D, G))
    assert (model.origin, model.all_notes()) == ("Progressive GAN (TensorFlow)", [])
    with torch.no_grad():
        assert_near(model.networks["G_ema"].build()(t["z"]), t["image_lod0.0"], 1e-5)
        assert_near(model.networks["D"].build()(t["d_images"]), t["d_scores_lod0.0"], 1e-5)


@pytest.mark.parametrize("fields", [{}, SQUARE])
@pytest.mark.parametrize(
    ("version", "home", "source", "outputs_first"),
    [
        (2, "", "", True),
        (3, "", "", False),
        (2, "", "import dnnlib.tflib as tflib", False),
        (2, "dnnlib.tflib", "", False),
    ],
)
def test_both_layouts_of_fused_kernels(fields: Any, version: int, home: str, source: str, outputs_first: bool) -> None:
    G = trained(build(small_generator(32, 32, **fields)))
    variables = inverse.progan_generator(G, outputs_first=outputs_first)
    got = imported(network(version, "G_paper", variables, home, source)).networks["G_ema"].build()
    same_function(G, got, torch.randn(2, 8))


@pytest.mark.parametrize("version", [2, 3])
def test_shapes_count_more_than_the_program(version: int) -> None:
    G = trained(build(small_generator(64, 64)))
    assert len({G.spec.channels(r) for r in (4, 8, 16, 32, 64)}) > 1
    variables = inverse.progan_generator(G, outputs_first=version == 3)
    same_function(G, imported(network(version, "G_paper", variables)).networks["G_ema"].build(), torch.randn(2, 8))


def test_layers_that_are_not_fused() -> None:
    G = trained(build(small_generator(32, 32)))
    D = trained(build(small_discriminator(32, 32, halve_last=True)))
    down = {name.replace("Conv1_down", "Conv1"): x for name, x in inverse.growing_discriminator(D).items()}
    painter = network(2, "G_paper", inverse.progan_generator(G, fused=False), fused_scale=False)
    model = imported((painter, network(2, "D_paper", down, fused_scale=False)))
    same_function(G, model.networks["G_ema"].build(), torch.randn(2, 8))
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 32, 32))
    variables = {name.replace("Conv0/", "Conv0_up/"): x for name, x in inverse.progan_generator(G, fused=False).items()}
    port = imported(network(3, "G_paper", variables, fused_scale=False)).networks["G_ema"]
    same_function(G, port.build(), torch.randn(2, 8))


def test_labels_are_told_beside_the_score() -> None:
    G, D = trained(build(small_generator(16, 16, c_dim=3))), trained(build(small_discriminator(16, 16, c_dim=3)))
    painter = network(2, "G_paper", inverse.progan_generator(G), label_size=3)
    model = imported((painter, pickled_discriminator(D, label_size=3), painter))
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8), torch.eye(3)[[0, 1, 2, 0]])
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16))


def test_ablations() -> None:
    fields = {"equalized": False, "pixel_norm": False, "leaky": False}
    G = trained(build(small_generator(16, 16, **fields)))
    D = trained(build(small_discriminator(16, 16, equalized=False, leaky=False)))
    said: dict[str, Any] = {"use_wscale": False, "use_pixelnorm": False, "use_leakyrelu": False}
    painter = network(2, "G_paper", inverse.progan_generator(G), **said)
    model = imported((painter, pickled_discriminator(D, use_wscale=False, use_leakyrelu=False)))
    assert model.all_notes() == []
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8))
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16))


@pytest.mark.parametrize(
    "said", [{"resolution_h": 24, "resolution_w": 16}, {"min_h": 6, "min_w": 4}, {"init_res": [6, 4]}]
)
def test_another_shape_is_what_the_keywords_say(said: Any) -> None:
    G, D = trained(build(small_generator(24, 16))), trained(build(small_discriminator(24, 16)))
    model = imported((network(2, "G_paper", inverse.progan_generator(G), **said), pickled_discriminator(D)))
    assert model.all_notes() == []
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8))
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 24, 16))


def test_the_level_of_detail() -> None:
    G, D = trained(build(small_generator(16, 16))), trained(build(small_discriminator(16, 16)))
    G.set_lod(1.5)
    D.set_lod(1.5)
    model = imported((network(2, "G_paper", inverse.progan_generator(G)), pickled_discriminator(D)))
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8))
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16))


def test_four_channels_and_one() -> None:
    for channels in (1, 4):
        G = trained(build(small_generator(8, 8, channels)))
        spec = imported(network(2, "G_paper", inverse.progan_generator(G))).networks["G_ema"].spec
        assert isinstance(spec, ProGANGenerator)
        assert spec.img_channels == channels
