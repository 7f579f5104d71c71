"""The numbers of the original, at every stage of its growth."""

import pytest
import torch
from einops import rearrange

from tests.conftest import assert_near, read_reference
from tests.models.progan.small import reference_discriminator, reference_generator, state_dict_of

LODS = [0.0, 0.25, 1.0, 1.5, 2.0, 3.0]


@pytest.mark.parametrize("lod", LODS)
def test_images_equal_the_reference(lod: float) -> None:
    reference = read_reference("progan_32_3ch")
    G = reference_generator(reference)
    G.set_lod(lod)
    with torch.no_grad():
        assert_near(G(reference.tensors["z"]), reference.tensors[f"image_lod{lod}"], 1e-5)


@pytest.mark.parametrize("lod", LODS)
def test_scores_equal_the_reference(lod: float) -> None:
    reference = read_reference("progan_32_3ch")
    D = reference_discriminator(reference)
    D.set_lod(lod)
    with torch.no_grad():
        assert_near(D(reference.tensors["d_images"]), reference.tensors[f"d_scores_lod{lod}"], 1e-5)


def test_both_layouts_of_the_up_sampling_kernels_are_told_apart() -> None:
    variables = read_reference("progan_32_3ch").part("G/")
    wanted = state_dict_of(variables)
    swapped = {
        name: rearrange(value, "k l i o -> k l o i") if name.endswith("Conv0_up/weight") else value
        for name, value in variables.items()
    }
    got = state_dict_of(swapped)
    assert got.keys() == wanted.keys()
    assert all(torch.equal(got[name], wanted[name]) for name in wanted)
