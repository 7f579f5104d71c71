"""One way in for the files of other programs."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from allaprima.errors import ModelFileError
from allaprima.interchange import import_file, inspect_file, is_safetensors, provenance_of
from allaprima.interchange.importers import IMPORTERS
from allaprima.models import build
from tests.interchange.samples import sample_path
from tests.models.stylegan2.small import small_generator

SAMPLES = {
    "progan_2018_tfutil": "Progressive GAN (TensorFlow)",
    "stylegan1_32_3ch": "StyleGAN (TensorFlow)",
    "stylegan2_tf_skip_3ch": "StyleGAN2 (TensorFlow)",
    "stylegan2ada_torch_labels": "StyleGAN2-ADA (PyTorch)",
    "stylegan3_torch_r": "StyleGAN3 (PyTorch)",
}


@pytest.mark.parametrize(("name", "origin"), SAMPLES.items())
def test_each_sample_is_known_for_what_it_is_by_one_importer_alone(name: str, origin: str) -> None:
    from allaprima.interchange import read_pickle

    assert import_file(sample_path(name)).origin == origin
    value = read_pickle(sample_path(name))
    assert sum(importer(value) is not None for importer in IMPORTERS) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_all_networks_can_be_built_and_work(name: str) -> None:
    networks = {role: network.build() for role, network in import_file(sample_path(name)).networks.items()}
    assert networks.keys() == {"G", "D", "G_ema"}
    G: Any = networks["G_ema"]
    c = torch.eye(G.c_dim)[[0, 0]] if G.c_dim else None
    assert networks["D"](G(torch.randn(2, G.z_dim), c), c).isfinite().all()


def test_provenance_tells_file_hash_and_format_and_fits_json(tmp_path: Path) -> None:
    path = sample_path("stylegan2ada_torch_labels")
    told = provenance_of(import_file(path), path)
    assert told["imported_from"] == path.name
    assert told["format"] == "StyleGAN2-ADA (PyTorch)"
    assert len(told["sha256"]) == 64
    assert told["facts"]["G_ema"]["made_with"]["z_dim"] > 0
    assert json.loads(json.dumps(told)) == told


OTHER_THINGS: dict[str, Any] = {
    "a number": 7,
    "a list": [1, 2],
    "texts": {"G_ema": "a text"},
    "an empty dict": {},
    "a classifier": {"layer1.weight": torch.zeros(3, 4), "layer1.bias": torch.zeros(3)},
    "nothing by role": {"G": None, "D": None, "G_ema": None},
}


@pytest.mark.parametrize("case", OTHER_THINGS)
def test_what_is_no_model_is_one_sentence(tmp_path: Path, case: str) -> None:
    path = tmp_path / "thing.pkl"
    file = io.BytesIO()
    torch.save(OTHER_THINGS[case], file)
    for content in (file.getvalue(), pickle.dumps(OTHER_THINGS[case]) if "class" not in case else file.getvalue()):
        path.write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            import_file(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_published_names_in_safetensors_are_a_model(tmp_path: Path) -> None:
    G = build(small_generator(16, 16))
    save_file(dict(G.state_dict()), tmp_path / "G.safetensors")
    assert is_safetensors(tmp_path / "G.safetensors")
    got: Any = import_file(tmp_path / "G.safetensors").networks["G_ema"].build()
    z = torch.randn(2, 8)
    assert torch.equal(got(z, noise_mode="const"), G(z, noise_mode="const"))
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "G.safetensors").read_bytes()[:-9])
    with pytest.raises(ModelFileError, match="cut short or damaged"):
        import_file(tmp_path / "cut.safetensors")


def test_what_a_file_holds_is_listed_without_building_it() -> None:
    lines = list(inspect_file(sample_path("stylegan2_tf_skip_3ch")))
    assert any("G_synthesis_stylegan2" in line for line in lines)
    assert any("not run" in line for line in lines)
