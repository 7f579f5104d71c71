"""Laws of the mapping network and of truncation, and the reference numbers."""

from typing import Any

import pytest
import torch

from allaprima.models import MappingNetwork
from tests.conftest import assert_near, read_reference
from tests.models.stylegan2.small import GENERATOR_FILES, reference_generator


def mapping(c_dim: int = 0) -> MappingNetwork:
    network = MappingNetwork(z_dim=6, c_dim=c_dim, w_dim=5, num_ws=4, num_layers=2)
    torch.nn.init.normal_(network.w_avg)
    return network


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_equals_the_reference(name: str) -> None:
    reference = read_reference(name)
    network, t = reference_generator(reference).mapping, reference.tensors
    ws = network(t["z"], t["c"])
    assert_near(ws, t["w"][:, None].expand_as(ws), 1e-5)
    assert_near(network(t["z"], t["c"], truncation_psi=0.7), t["ws_trunc07"], 1e-5)
    assert_near(network(t["z"], t["c"], truncation_psi=0.5, truncation_cutoff=4), t["ws_trunc05_cutoff4"], 1e-5)


def test_psi_1_is_the_identity_and_psi_0_the_average() -> None:
    network, z = mapping(), torch.randn(3, 6)
    assert torch.equal(network(z, truncation_psi=1), network(z))
    torch.testing.assert_close(network(z, truncation_psi=0), network.w_avg.expand(3, 4, 5))


def test_psi_moves_along_a_line() -> None:
    network, z = mapping(), torch.randn(3, 6)
    ends = network(z, truncation_psi=0), network(z)
    torch.testing.assert_close(network(z, truncation_psi=0.3), 0.7 * ends[0] + 0.3 * ends[1])
    torch.testing.assert_close(network(z, truncation_psi=-1), 2 * ends[0] - ends[1])


@pytest.mark.parametrize("cutoff", range(5))
def test_only_layers_before_the_cutoff_are_truncated(cutoff: int) -> None:
    network, z = mapping(), torch.randn(3, 6)
    ws = network(z, truncation_psi=0.5, truncation_cutoff=cutoff)
    assert torch.equal(ws[:, :cutoff], network(z, truncation_psi=0.5)[:, :cutoff])
    assert torch.equal(ws[:, cutoff:], network(z)[:, cutoff:])


def test_every_layer_gets_the_same_w() -> None:
    ws = mapping()(torch.randn(3, 6))
    assert ws.shape == (3, 4, 5)
    assert torch.equal(ws, ws[:, :1].expand(3, 4, 5))


def test_the_average_follows_the_batch_only_when_asked() -> None:
    network, z = mapping(), torch.randn(3, 6)
    before = network.w_avg.clone()
    ws = network(z)
    assert torch.equal(network.w_avg, before)
    assert torch.equal(network(z, update_emas=True), ws)
    torch.testing.assert_close(network.w_avg, 0.998 * before + 0.002 * ws[:, 0].mean(dim=0))
    assert not network.w_avg.requires_grad


def test_the_length_of_z_does_not_matter() -> None:
    network, z = mapping(), torch.randn(3, 6)
    torch.testing.assert_close(network(7 * z), network(z))


def test_an_image_does_not_depend_on_its_batch() -> None:
    network, z, c = mapping(c_dim=3), torch.randn(3, 6), torch.eye(3)
    torch.testing.assert_close(network(z, c)[1:2], network(z[1:2], c[1:2]))


def test_labels_matter() -> None:
    network, z = mapping(c_dim=3), torch.randn(1, 6)
    assert not torch.allclose(network(z, torch.eye(3)[:1]), network(z, torch.eye(3)[1:2]))


def test_a_network_without_labels_takes_none_or_empty_ones() -> None:
    network, z = mapping(), torch.randn(3, 6)
    assert torch.equal(network(z, torch.zeros(3, 0)), network(z, None))


def test_a_label_mapping_gives_one_vector_and_no_average() -> None:
    network = MappingNetwork(z_dim=0, c_dim=3, w_dim=5, num_ws=None, num_layers=2)
    assert network(None, torch.eye(3)).shape == (3, 5)
    assert "w_avg" not in network.state_dict()


def test_missing_or_wrong_labels_are_named() -> None:
    network, z = mapping(c_dim=3), torch.randn(2, 6)
    with pytest.raises(ValueError, match=r"c must be \[n, 3\], got None"):
        network(z)
    with pytest.raises(ValueError, match=r"c must be \[n, 3\], got \[2, 4\]"):
        network(z, torch.zeros(2, 4))


def test_missing_or_wrong_latents_are_named() -> None:
    with pytest.raises(ValueError, match=r"z must be \[n, 6\], got None"):
        mapping()(None)
    with pytest.raises(ValueError, match=r"z must be \[n, 6\], got \[2, 512\]"):
        mapping()(torch.zeros(2, 512))


def test_learns_at_a_hundredth_of_the_rate() -> None:
    assert mapping().fc0.weight_gain == pytest.approx(0.01 / 6**0.5)
    assert mapping(c_dim=3).embed.weight_gain == pytest.approx(1 / 3**0.5)


def test_a_concatenated_label_is_normalised_together_with_z() -> None:
    network = MappingNetwork(z_dim=6, c_dim=3, w_dim=5, num_ws=4, num_layers=2, label="concat")
    z, c = torch.randn(2, 6), torch.eye(3)[[0, 2]]
    both = torch.cat([z, network.label[[0, 2]]], dim=1).double()
    torch.testing.assert_close(network.inputs(z, c).double(), both / both.square().mean(dim=1, keepdim=True).sqrt())
    assert not hasattr(network, "embed")


def test_an_embedded_label_is_normalised_apart_and_may_have_any_size() -> None:
    network = MappingNetwork(z_dim=6, c_dim=3, w_dim=5, num_ws=4, num_layers=3, embed_dim=7, hidden_dim=11)
    z, c = torch.randn(2, 6), torch.eye(3)[[0, 2]]
    inputs = network.inputs(z, c)
    torch.testing.assert_close(inputs[:, :6].square().mean(dim=1), torch.ones(2))
    torch.testing.assert_close(inputs[:, 6:].square().mean(dim=1), torch.ones(2))
    shapes = [tuple(network.get_parameter(f"fc{i}.weight").shape) for i in range(3)]
    assert shapes == [(11, 13), (11, 11), (5, 11)]
    assert network(z, c).shape == (2, 4, 5)


@pytest.mark.parametrize("label", ["embed", "concat"])
def test_a_missing_label_is_named(label: Any) -> None:
    network = MappingNetwork(z_dim=6, c_dim=3, w_dim=5, num_ws=4, num_layers=2, label=label)
    with pytest.raises(ValueError, match=r"c must be \[n, 3\], got None"):
        network(torch.randn(2, 6))
