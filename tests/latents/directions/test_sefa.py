"""SeFa: against its definition, written out slowly for each architecture."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.latents.centres import sample_w
from allaprima.latents.directions.sefa import sefa
from allaprima.latents.directions.style_readers import style_readers
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


def readers_by_hand(kind: str, G: Any) -> list[tuple[str, int, Tensor]]:
    """Name, row and matrix of each layer that reads a style, in any order: what each architecture's code says."""
    s, found = G.synthesis, []

    def equalized(name: str, row: int, layer: Any) -> None:
        found.append((name, row, layer.weight.double() / G.w_dim**0.5))

    if kind == "progan":
        return [("synthesis.b4.dense", 0, s.b4.dense.weight.double() * s.b4.dense.weight_gain)]
    if kind == "r3gan":
        return [("MainLayers.0.Layers.0.LinearLayer", 0, G.MainLayers[0].Layers[0].LinearLayer.weight.double())]
    if kind == "stylegan3":
        equalized("synthesis.input.affine", 0, s.input.affine)
        for row, name in enumerate(s.layer_names, start=1):
            equalized(f"synthesis.{name}.affine", row, s.get_submodule(name).affine)
        return found
    for row, name in enumerate(["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]):
        if kind == "skip":
            equalized(f"synthesis.{name}.affine", row, s.get_submodule(name).affine)
        else:
            layer = s.get_submodule(name)
            equalized(f"synthesis.{name}.styled.adain.affine", row + 1, layer.styled.adain.affine)
    if kind == "skip":
        for row, name in ((1, "b4.torgb"), (3, "b8.torgb"), (5, "b16.torgb")):
            equalized(f"synthesis.{name}.affine", row, s.get_submodule(name).affine)
    else:
        equalized("synthesis.b4.input.styled.adain.affine", 0, s.b4.input.styled.adain.affine)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_readers_are_those_of_the_architecture(kind: str) -> None:
    G = generator(kind)
    found = {reader.name: reader for reader in style_readers(G)}
    wanted = readers_by_hand(kind, G)
    assert found.keys() == {name for name, _, _ in wanted}
    for name, row, matrix in wanted:
        assert found[name].row == row
        torch.testing.assert_close(found[name].matrix, matrix, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_watching_leaves_the_generator_as_it_was(kind: str) -> None:
    G = generator(kind)
    style_readers(G)
    assert not any(module._forward_pre_hooks for module in G.modules())
    assert all(parameter.dtype == torch.float32 for parameter in G.parameters())


def test_layers_that_do_not_paint_read_nothing() -> None:
    assert not [reader for reader in style_readers(generator("resnet")) if "b4.torgb" in reader.name]
    growing = style_readers(generator("growing"))
    assert [reader.name for reader in growing if "torgb" in reader.name] == ["synthesis.b16.torgb.affine"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 3), (24, 16, 1), (16, 24, 4)])
def test_no_direction_of_length_1_changes_styles_more(kind: str, height: int, width: int, channels: int) -> None:
    G = generator(kind, height, width, channels)
    found = sefa(G, 3)
    A = torch.cat([reader.matrix for reader in style_readers(G)])
    for direction in found:  # definition: A n, squared, is the eigenvalue
        moved = (A @ direction.vector.double()).square().sum()
        assert float(moved) == pytest.approx(direction.figures["eigenvalue"], rel=1e-4)
    others = torch.nn.functional.normalize(torch.randn(500, G.w_dim).double())
    assert (others @ A.T).square().sum(dim=1).max() <= found[0].figures["eigenvalue"] * (1 + 1e-9)
    n = torch.randn(G.w_dim).double()
    for _ in range(3000):  # power iteration finds the first eigenvector without an eigensolver
        n = torch.nn.functional.normalize(A.T @ (A @ n), dim=0)
    assert abs(float(n @ found[0].vector.double())) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_orthogonal_and_a_unit_is_one_deviation(kind: str) -> None:
    G = generator(kind)
    found = sefa(G, 4)
    vectors = torch.stack([direction.vector for direction in found])
    torch.testing.assert_close(vectors @ vectors.T, torch.eye(4), atol=1e-5, rtol=0)
    values = [direction.figures["eigenvalue"] for direction in found]
    assert values == sorted(values, reverse=True)
    for direction in found:
        assert direction.unit == pytest.approx(float((sample_w(G) @ direction.vector).std()), rel=1e-4)
        assert direction.vector[direction.vector.abs().argmax()] > 0


def test_layers_choose_matrices_and_what_moves() -> None:
    G = generator("skip")
    coarse = sefa(G, 1, layers="coarse")[0]
    assert coarse.rows == (0, 1, 2)
    A = torch.cat([matrix for _, row, matrix in readers_by_hand("skip", G) if row in (0, 1, 2)])
    assert float((A @ coarse.vector.double()).square().sum()) == pytest.approx(coarse.figures["eigenvalue"], rel=1e-4)
    assert not torch.allclose(coarse.vector, sefa(G, 1)[0].vector, atol=1e-3)


@pytest.mark.parametrize("kind", ["progan", "r3gan"])
def test_without_a_mapping_network_the_class_stays(kind: str) -> None:
    G = generator(kind, c_dim=2)
    for direction in sefa(G, G.z_dim):
        assert not direction.vector[G.z_dim :].any()


def test_what_there_is_not() -> None:
    G = generator("skip")
    with pytest.raises(ConfigError, match="there cannot be 9 directions of this model: ask for 1 to 8"):
        sefa(G, 9)
    with pytest.raises(LatentError, match="no fine layers"):
        sefa(G, 1, layers="fine")
