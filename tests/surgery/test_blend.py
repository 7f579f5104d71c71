"""Laws of blending: the layers of the one below a resolution, of the other above it."""

from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.surgery import blend
from allaprima.surgery.blend import ramp
from allaprima.surgery.depth import depths
from tests.surgery.small import GENERATORS, discriminator, generator, paint, same_tensors

HALFWAY = {"stylegan3": 8.0}  # elsewhere the blocks of 16×16 images are 4, 8 and 16


@pytest.fixture(params=GENERATORS)
def pair(request: pytest.FixtureRequest) -> tuple[str, Any, Any]:
    kind = request.param
    return kind, generator(kind, seed=1, c_dim=2), generator(kind, seed=2, c_dim=2)


def test_each_tensor_is_of_the_one_or_of_the_other(pair: tuple[str, Any, Any]) -> None:
    kind, A, B = pair
    resolution = HALFWAY.get(kind, 8)
    C = blend(A, B, from_resolution=resolution)
    mine, its = A.state_dict(), B.state_dict()
    owners = {name: place is not None and place.resolution >= resolution for name, place in depths(A).items()}
    assert len(set(owners.values())) == 2
    for name, tensor in C.state_dict().items():
        assert torch.equal(tensor, (its if owners[name] else mine)[name]), name
    assert torch.isfinite(paint(C)).all()


def test_every_tensor_of_the_synthesis_has_a_place(pair: tuple[str, Any, Any]) -> None:
    kind, A, _ = pair
    outside = {name.split(".")[0] for name, place in depths(A).items() if place is None and not name.endswith("lod")}
    assert outside == {"EmbeddingLayer" if kind == "r3gan" else "mapping"}
    layers = {place.layer for place in depths(A).values() if place}
    assert layers == set(range(len(layers)))


def test_of_two_equal_ones_it_is_the_same_one(pair: tuple[str, Any, Any]) -> None:
    _, A, _ = pair
    assert same_tensors(blend(A, A, from_resolution=8, smooth=2, mix=0.3), A)


def test_from_the_base_on_with_the_others_mapping_it_is_the_other(pair: tuple[str, Any, Any]) -> None:
    _, A, B = pair
    C = blend(A, B, mapping="b")
    assert torch.equal(paint(C), paint(B))
    assert not torch.equal(paint(blend(A, B)), paint(B))


def test_none_of_the_other_is_the_first(pair: tuple[str, Any, Any]) -> None:
    _, A, B = pair
    assert same_tensors(blend(A, B, from_resolution=8, mix=0.0), A)


def test_the_coarse_image_of_a_skip_generator_is_that_of_the_first() -> None:
    A, B = generator("skip", seed=1), generator("skip", seed=2)
    C = blend(A, B, from_resolution=16)
    for network in (A, C):
        torch.nn.init.zeros_(network.synthesis.b16.torgb.weight)
        torch.nn.init.zeros_(network.synthesis.b16.torgb.bias)
    assert torch.equal(paint(A), paint(C))


def test_smooth_layers_go_over_step_by_step() -> None:
    A, B = generator("skip", seed=1), generator("skip", seed=2)
    C = blend(A, B, from_resolution=8, smooth=3)
    shares = {"b4.conv1": 0, "b8.conv0": 0.25, "b8.conv1": 0.5, "b16.conv0": 0.75, "b16.conv1": 1, "b8.torgb": 0.5}
    for name, share in shares.items():
        mine, its, mixed = (network.synthesis.get_submodule(name).weight for network in (A, B, C))
        torch.testing.assert_close(mixed, torch.lerp(mine, its, float(share)))


def test_a_ramp_is_a_step_where_nothing_is_smooth() -> None:
    assert [ramp(layer, 0) for layer in (-2, -1, 0, 1)] == [0, 0, 1, 1]
    assert [ramp(layer, 1) for layer in (-1, 0, 1)] == [0, 0.5, 1]


def test_layers_of_stylegan3_are_chosen_by_their_cutoff() -> None:
    A, B = generator("stylegan3", seed=1), generator("stylegan3", seed=2)
    places = depths(A)
    assert places["synthesis.input.freqs"] == (4.0, 0)
    assert max(place.resolution for place in places.values() if place) == 16
    C = blend(A, B, from_resolution=16)
    names = A.synthesis.layer_names
    assert [torch.equal(C.synthesis.get_submodule(n).weight, B.synthesis.get_submodule(n).weight) for n in names] == [
        *[False] * (len(names) - 3),  # two critical layers have the cutoff of the image, as ToRGB
        *[True] * 3,
    ]


@pytest.mark.parametrize(
    ("other", "fields", "sentence"),
    [
        ("stylegan", {}, "one is a stylegan2-generator, the other a stylegan-generator"),
        ("skip", {"height": 32}, "height is 16 in one and 32 in the other"),
        ("skip", {"channels": 4}, "img_channels is 3 in one and 4 in the other"),
        ("resnet", {}, "architecture is skip in one and resnet in the other"),
        ("skip", {"channel_max": 4}, r"mapping|synthesis.b4.const is \[8, 4, 4\] in one and \[4, 4, 4\] in the other"),
    ],
)
def test_the_first_difference_is_named(other: str, fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"cannot be mixed: {sentence}"):
        blend(generator("skip"), generator(other, **fields), from_resolution=8)


def test_what_only_matters_to_a_training_may_differ() -> None:
    A = generator("skip")
    B = generator("skip", num_fp16_res=2, conv_clamp=256.0, embed_dim=8, doublings=2)
    assert blend(A, B, from_resolution=8).spec == A.spec


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"from_resolution": 12}, "from_resolution is 12: these generators have blocks of 4, 8, 16"),
        ({"from_resolution": 32}, "these generators have blocks of 4, 8, 16"),
        ({"mix": 1.5}, "mix is 1.5: it must be between 0"),
        ({"smooth": -1}, "smooth is -1"),
        ({"mapping": "c"}, "mapping is 'c'"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        blend(generator("skip"), generator("skip"), **options)


def test_resolutions_that_a_stylegan3_has_not_are_refused() -> None:
    G = generator("stylegan3")
    with pytest.raises(ConfigError, match="it must be from 4 to 16"):
        blend(G, G, from_resolution=32)


def test_discriminators_are_refused() -> None:
    D = discriminator("resnet")
    with pytest.raises(ConfigError, match="only generators can be blended"):
        blend(D, D, from_resolution=8)
