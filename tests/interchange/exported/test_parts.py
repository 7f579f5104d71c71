"""Parts of a generator compute what the generator computes, and let it alone."""

from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.interchange.exported.description import describe
from allaprima.interchange.exported.noise import short_name
from allaprima.interchange.exported.parts import Mapper, Synthesizer, Whole, detached
from allaprima.models import build, set_half
from tests.conftest import assert_near
from tests.interchange.exported.systems import NOISY, SYSTEMS, cut_off, drawn_noise, generators, latents, trained
from tests.models.stylegan2.small import small_discriminator

pytestmark = pytest.mark.usefixtures("_without_gradients")


@pytest.fixture
def _without_gradients() -> Any:
    with torch.no_grad():
        yield


@pytest.mark.parametrize(("psi", "cutoff"), [(1.0, 0), (0.5, 99), (0.0, 99), (-0.5, 1)])
@pytest.mark.parametrize("system", SYSTEMS)
def test_truncation_by_layer_is_psi_and_cutoff(system: str, psi: float, cutoff: int) -> None:
    G = trained(system)
    given = latents(G, 3)
    got = Mapper(detached(G))(**given, truncation_psi=cut_off(G, psi, cutoff))
    assert_near(got, G.mapping(*given.values(), truncation_psi=psi, truncation_cutoff=cutoff), 1e-6)


@pytest.mark.parametrize("system", NOISY)
def test_noise_maps_are_the_modes_of_noise(system: str) -> None:
    G = trained(system)
    part, ws = Synthesizer(detached(G)), torch.randn(2, G.num_ws, G.w_dim)
    stored = {name.removeprefix("noise_"): i.example for name, i in part.inputs().items() if name != "ws"}
    assert torch.equal(part(ws, noise=stored), G.synthesis(ws, noise_mode="const"))
    nothing = {name: torch.zeros_like(m) for name, m in stored.items()}
    assert_near(part(ws, noise=nothing), G.synthesis(ws, noise_mode="none"), 1e-6)
    assert_near(
        part(ws, noise=drawn_noise(G, stored, 2)), G.synthesis(ws, noise_mode="random", generators=generators(2)), 1e-6
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_whole_is_mapping_and_synthesis(system: str) -> None:
    G = trained(system)
    part = Whole(detached(G))
    given = {name: entry.example for name, entry in part.inputs().items()}
    labels = [given["c"]] if G.c_dim else []
    assert_near(part(**part.arguments(given)), G(given["z"], *labels, noise_mode="const"), 1e-6)


def test_the_generator_stays_as_it_is() -> None:
    G = trained("stylegan2 skip").train()
    set_half(G, torch.bfloat16)
    before = {name: (tensor, tensor._version) for name, tensor in G.state_dict().items()}
    copy = detached(G)
    Synthesizer(copy)
    assert G.training
    assert G.synthesis.b8.half_dtype is torch.bfloat16
    assert all(p.requires_grad for p in G.parameters())
    assert "noise" not in vars(G.synthesis.b8.conv1)
    assert all(tensor is not None and tensor._version == version for tensor, version in before.values())
    assert not copy.training
    assert copy.synthesis.b8.half_dtype is None


def test_weights_become_float32() -> None:
    copy = detached(trained("stylegan2 skip").half())
    assert {tensor.dtype for tensor in copy.state_dict().values()} == {torch.float32}


def test_only_generators_are_taken() -> None:
    with pytest.raises(ConfigError, match=r"^only generators can be exported, not a .*Discriminator$"):
        detached(build(small_discriminator(8, 8)))
    with pytest.raises(ConfigError, match=r"not a torch.nn.modules.linear.Linear$"):
        detached(torch.nn.Linear(1, 1))


def test_layers_have_short_names() -> None:
    assert short_name("synthesis.b8.conv0.styled") == "b8_conv0"
    assert short_name("synthesis.b4.conv1") == "b4_conv1"
    assert short_name("synthesis") == "all"


def test_a_part_says_what_it_takes_and_gives() -> None:
    told = describe(Whole(detached(trained("stylegan"))))
    assert told["spec"]["type"] == "stylegan-generator"
    shapes = {name: entry["shape"] for name, entry in told["inputs"].items()}
    assert shapes["z"] == ["n", 8]
    assert shapes["c"] == ["n", 3]
    assert shapes["truncation_psi"] == [4]
    assert shapes["noise_b8_conv1"] == ["n", 1, 12, 10]
    assert told["output"]["shape"] == ["n", 3, 11, 9]
    assert told["output"]["range"] == [-1, 1]
    assert told["stored_noise"]["noise_b4_input"] == "G_ema.synthesis.b4.input.styled.noise_const"
    assert describe(Mapper(detached(trained("r3gan"))))["output"] == {"name": "ws", "shape": ["n", 1, 12]}
