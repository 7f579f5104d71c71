"""A model file gives back exactly what was put into it, and is written whole or not at all."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from allaprima.checkpoint import FORMAT_VERSION, Networks, load, load_networks, read_description, save, tensors
from allaprima.errors import ModelFileError, OutputError
from allaprima.models import spec_to_dict
from allaprima.version import __version__

FORMS = ["model.safetensors", "directory"]  # one file, or a directory for the hub


def assert_same(got: nn.Module, wanted: nn.Module) -> None:
    """Equal bit for bit, buffers too."""
    ours, theirs = got.state_dict(), wanted.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert tensor.dtype == torch.float32, name
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.parametrize("form", FORMS)
def test_a_generator_comes_back_bit_for_bit(G: Any, tmp_path: Path, form: str) -> None:
    torch.nn.init.normal_(G.mapping.w_avg)
    save(G, tmp_path / form)
    again = load(tmp_path / form)
    assert again.spec == G.spec
    assert_same(again, G)
    z = torch.randn(2, G.z_dim)
    with torch.no_grad():
        assert torch.equal(again(z, noise_mode="const"), G(z, noise_mode="const"))


@pytest.mark.parametrize("form", FORMS)
def test_three_networks_come_back_bit_for_bit(networks: Networks, tmp_path: Path, form: str) -> None:
    save(networks, tmp_path / form)
    again = load_networks(tmp_path / form)
    assert again.spec == networks.spec
    assert list(again.members()) == ["G_ema", "G", "D"]
    for role, network in again.members().items():
        assert_same(network, networks.members()[role])


def test_a_model_is_saved_by_its_path_as_text_too(G: Any, tmp_path: Path) -> None:
    save(G, str(tmp_path / "model.safetensors"))
    assert_same(load(str(tmp_path / "model.safetensors")), G)


def test_provenance_and_class_names_come_back(networks: Networks, tmp_path: Path) -> None:
    save(networks, tmp_path / "model.safetensors", provenance={"images_seen": 65_000, "parent": "emoji-64"})
    again = load_networks(tmp_path / "model.safetensors")
    assert again.provenance == {**networks.provenance, "images_seen": 65_000, "parent": "emoji-64"}
    assert again.class_names == ["cat", "ψ"]
    assert networks.provenance["images_seen"] == 64_000, "saving changed what was saved"


def test_saving_what_was_loaded_gives_the_same_file(networks: Networks, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    save(networks, first)
    save(load_networks(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_loaded_networks_are_for_use_not_for_training(networks: Networks, tmp_path: Path) -> None:
    save(networks, tmp_path / "model.safetensors")
    for network in load_networks(tmp_path / "model.safetensors").members().values():
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
        assert not any(tensor.is_meta for tensor in network.state_dict().values())


def test_loading_draws_no_random_numbers(model: Path) -> None:
    state = torch.get_rng_state()
    load(model)
    assert torch.equal(torch.get_rng_state(), state)


def test_half_precision_is_stored_and_float32_loaded(G: Any, tmp_path: Path) -> None:
    half, full = tmp_path / "half.safetensors", tmp_path / "full.safetensors"
    save(G, half, dtype=torch.float16)
    save(G, full)
    assert half.stat().st_size < 0.75 * full.stat().st_size
    assert {tensor.dtype for tensor in safetensors.torch.load_file(half).values()} == {torch.float16}
    again = load(half).state_dict()
    for name, tensor in G.state_dict().items():
        assert again[name].dtype == torch.float32, name
        assert torch.equal(again[name], tensor.half().float()), name


def test_one_network_in_two_roles_is_saved_twice(G: Any, tmp_path: Path) -> None:
    save(Networks(G_ema=G, G=G), tmp_path / "model.safetensors")
    again = load_networks(tmp_path / "model.safetensors")
    assert_same(again.G_ema, G)
    assert_same(again.G, G)


def test_only_the_roles_that_are_asked_for_are_built(networks: Networks, tmp_path: Path) -> None:
    save(networks, tmp_path / "model.safetensors")
    again = load_networks(tmp_path / "model.safetensors", roles=("G_ema", "D"))
    assert list(again.members()) == ["G_ema", "D"]


def test_the_directory_says_in_json_what_the_file_says(networks: Networks, tmp_path: Path) -> None:
    save(networks, tmp_path / "hub" / "emoji")
    assert {path.name for path in (tmp_path / "hub" / "emoji").iterdir()} == {"config.json", "model.safetensors"}
    config = json.loads((tmp_path / "hub" / "emoji" / "config.json").read_text())
    assert config == read_description(tmp_path / "hub" / "emoji" / "model.safetensors")


def test_the_description_says_what_the_model_is(networks: Networks, tmp_path: Path) -> None:
    save(networks, tmp_path / "model.safetensors")
    assert read_description(tmp_path / "model.safetensors") == {
        "kind": "model",
        "format_version": FORMAT_VERSION,
        "allaprima_version": __version__,
        "networks": {
            role: json.loads(json.dumps(spec_to_dict(network.spec))) for role, network in networks.members().items()
        },
        "class_names": networks.class_names,
        "provenance": networks.provenance,
    }


def test_the_description_is_read_without_the_tensors(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    class Closed:
        """Refuses to give tensors."""

        def __init__(self, path: Path, framework: str) -> None:
            opened.append(path)
            self.file = safetensors.safe_open(path, framework)

        def __enter__(self) -> "Closed":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def metadata(self) -> dict[str, str]:
            found: dict[str, str] = self.file.metadata()
            return found

    monkeypatch.setattr(tensors, "safe_open", Closed)
    assert read_description(model)["provenance"] == {"data": "cats.zip"}
    assert opened == [model]


def test_the_file_holds_weights_under_their_published_names_and_no_code(model: Path, G: Any) -> None:
    with safetensors.safe_open(model, "pt") as file:
        assert set(file.keys()) == {f"G_ema.{name}" for name in G.state_dict()}
        assert set(file.metadata()) == {"allaprima"}


# What goes wrong with the disk.


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_others_may_read_a_model_file_if_the_umask_lets_them(G: Any, tmp_path: Path, umask: None) -> None:
    save(G, tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("form", ["missing/model.safetensors", "file/model.safetensors", "file", "file/directory"])
def test_a_place_that_cannot_be_written_to_is_one_sentence(G: Any, tmp_path: Path, form: str) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError) as caught:
        save(G, tmp_path / form)
    assert str(tmp_path / form) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize(
    "failure",
    [SafetensorError("I/O error: No space left on device"), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))],
    ids=["SafetensorError", "OSError"],
)
def test_a_full_disk_leaves_the_old_model(
    model: Path, networks: Networks, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def write_half(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        raise failure

    old = model.read_bytes()
    monkeypatch.setattr(tensors, "save_file", write_half)
    with pytest.raises(OutputError, match=rf"^cannot write {model}: .*No space left on device$"):
        save(networks, model)
    assert model.read_bytes() == old
    assert list(model.parent.iterdir()) == [model]


def test_an_interrupt_leaves_the_old_model(model: Path, networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    old = model.read_bytes()
    monkeypatch.setattr(tensors, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(networks, model)
    assert model.read_bytes() == old
    assert list(model.parent.iterdir()) == [model]


def test_a_discriminator_is_no_generator(networks: Networks, tmp_path: Path) -> None:
    save(networks.D, tmp_path / "model.safetensors")
    with pytest.raises(ModelFileError, match="G_ema cannot be a stylegan2-discriminator"):
        load(tmp_path / "model.safetensors")


def test_what_nobody_could_read_is_not_written(G: Any, tmp_path: Path) -> None:
    G.synthesis.register_buffer("num_batches_tracked", torch.zeros([], dtype=torch.int64))
    with pytest.raises(OutputError, match=r"G_ema\.synthesis\.num_batches_tracked holds torch\.int64"):
        save(G, tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []
