"""The published formats' sample files give the recorded images and scores."""

import pytest
import torch
from safetensors.torch import load_file

from allaprima.interchange.tensorflow import tensorflow_model
from tests.conftest import assert_near, read_reference
from tests.interchange.samples import PICKLES, sample

SAMPLES = {
    "progan_2018_tfutil": "Progressive GAN (TensorFlow)",
    "stylegan1_32_3ch": "StyleGAN (TensorFlow)",
    "stylegan2_tf_skip_3ch": "StyleGAN2 (TensorFlow)",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_what_was_recorded(name: str) -> None:
    model = tensorflow_model(sample(name))
    assert model is not None
    assert (model.origin, list(model.networks), model.all_notes()) == (SAMPLES[name], ["G", "D", "G_ema"], [])
    beside = PICKLES / f"{name}.safetensors"
    t = load_file(beside) if beside.exists() else read_reference(name).tensors
    G, D = model.networks["G_ema"].build(), model.networks["D"].build()
    with torch.no_grad():
        plain = t["image"] if "image" in t else t["image_no_truncation"]
        assert_near(G(t["z"], t.get("c"), noise_mode="const"), plain, 1e-5)
        if "image07" in t:
            assert_near(G(t["z"], noise_mode="const", truncation_psi=0.7), t["image07"], 1e-5)
        scores = D(t["d_images"], t.get("c"))
        assert_near(scores[:, :1], t["d_scores"], 1e-5)
        if "d_label_scores" in t:
            assert_near(scores[:, 1:], t["d_label_scores"], 1e-5)


def test_a_samples_own_truncation_and_keywords_are_facts() -> None:
    model = tensorflow_model(sample("stylegan1_32_3ch"))
    assert model is not None
    facts = model.networks["G_ema"].facts
    assert (facts["truncation_psi"], facts["truncation_cutoff"]) == (0.7, 4)
    assert facts["made_with"]["fmap_max"] == 24
    assert "truncation_psi" not in model.networks["D"].facts


@pytest.mark.parametrize("name", ["stylegan2ada_torch_labels", "stylegan3_torch_r"])
def test_files_of_pytorch_are_none_of_these(name: str) -> None:
    assert tensorflow_model(sample(name)) is None
