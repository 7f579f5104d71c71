"""StyleGAN in TensorFlow, and StyleGAN2's configuration A: reference numbers and laws, by way of pickles."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from allaprima.models import StyleGANGenerator, build
from tests.conftest import assert_near, read_reference
from tests.interchange.tensorflow import inverse
from tests.interchange.tensorflow.inverse import same_function, trained
from tests.interchange.tensorflow.published import arrays_of, imported, network
from tests.models.stylegan.small import small_discriminator, small_generator


def auto(side: int) -> bool:
    return side >= 128


def always(_side: int) -> bool:
    return True


def never(_side: int) -> bool:
    return False


def pickled(G: Any, fused: Callable[[int], bool] = auto, version: int = 3, **keywords: Any) -> Any:
    return network(version, "G_style", inverse.stylegan_generator(G, fused), **keywords)


def pickled_discriminator(D: Any, version: int = 3, **keywords: Any) -> Any:
    return network(version, "D_basic", inverse.growing_discriminator(D), **keywords)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("name", ["stylegan1_32_3ch", "stylegan1_128_3ch_fused"])
def test_the_reference(name: str, version: int) -> None:
    reference = read_reference(name)
    t, config = reference.tensors, reference.metadata["config"]
    G = network(version, "G_style", arrays_of(reference.part("G/")), **config)
    D = network(version, "D_basic", arrays_of(reference.part("D/")), **config)
    model = imported((G, D, G))
    assert (model.origin, model.all_notes()) == ("StyleGAN (TensorFlow)", [])
    facts = model.networks["G_ema"].facts
    assert (facts["truncation_psi"], facts["truncation_cutoff"]) == (0.7, 8)
    with torch.no_grad():
        painted = model.networks["G_ema"].build()(t["z"], noise_mode="const")
        assert_near(painted, t["image_no_truncation"], 1e-5)
        assert_near(model.networks["D"].build()(t["d_images"]), t["d_scores"], 1e-5)


def test_labels() -> None:
    G = trained(build(small_generator(16, 16, c_dim=3, z_dim=6, w_dim=8)))
    D = trained(build(small_discriminator(16, 16, c_dim=3)))
    model = imported((pickled(G, label_size=3), pickled_discriminator(D, label_size=3)))
    c = torch.eye(3)[[0, 1, 2, 0]]
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 6), c, noise_mode="const", truncation_psi=0.5)
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16), c)


@pytest.mark.parametrize("lod", [0.25, 1.0])
def test_a_network_that_still_grows(lod: float) -> None:
    G, D = trained(build(small_generator(16, 16))), trained(build(small_discriminator(16, 16)))
    G.set_lod(lod)
    D.set_lod(lod)
    model = imported((pickled(G), pickled_discriminator(D)))
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8), noise_mode="const")
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16))


@pytest.mark.parametrize(("said", "fused"), [(True, always), (False, never), ("auto", auto), (None, auto)])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (128, 128), (128, 64)])
def test_up_sampling_kernels_are_turned_where_layers_are_fused(
    said: Any, fused: Callable[[int], bool], height: int, width: int
) -> None:
    G = trained(build(small_generator(height, width)))
    got = imported(pickled(G, fused, fused_scale=said)).networks["G_ema"].build()
    same_function(G, got, torch.randn(1, 8), noise_mode="const")


ABLATIONS: list[dict[str, Any]] = [
    {"use_noise": False},
    {"use_instance_norm": False, "use_pixel_norm": True},
    {"const_input": False, "use_styles": False},
    {"const_input": False, "use_noise": False},
    {"blur_filter": ()},
    {"blur_filter": (1, 4, 6, 4, 1)},
    {"map_depth": 0},
    {"map_depth": 0, "use_styles": False, "const_input": False, "c_dim": 2, "w_dim": 16},
]


@pytest.mark.parametrize("fields", ABLATIONS, ids=str)
def test_ablations(fields: dict[str, Any]) -> None:
    G = trained(build(small_generator(16, 16, **fields)))
    said: dict[str, Any] = {
        name: fields[name]
        for name in ("use_noise", "use_styles", "use_instance_norm", "use_pixel_norm")
        if name in fields
    }
    if "blur_filter" in fields:
        said["blur_filter"] = list(fields["blur_filter"]) or None
    got = imported(pickled(G, **said, const_input_layer=fields.get("const_input", True))).networks["G_ema"]
    assert got.notes == ()
    assert isinstance(got.spec, StyleGANGenerator)
    c = torch.eye(2) if G.c_dim else None
    same_function(G, got.build(), torch.randn(2, 8), c, noise_mode="const")


@pytest.mark.parametrize("taps", [(), (1, 4, 6, 4, 1)])
def test_a_discriminators_filter(taps: Any) -> None:
    D = trained(build(small_discriminator(16, 16, blur_filter=taps)))
    G = trained(build(small_generator(16, 16)))
    model = imported((pickled(G), pickled_discriminator(D, blur_filter=list(taps) or None)))
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16))


def test_another_shape() -> None:
    G, D = trained(build(small_generator(24, 16))), trained(build(small_discriminator(24, 16)))
    model = imported((pickled(G, resolution_h=24, resolution_w=16), pickled_discriminator(D)))
    assert model.all_notes() == []
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8), noise_mode="const")
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 24, 16))
