"""`load` finds models wherever they are."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.checkpoint import bundled_names, load, load_networks, locate, save
from allaprima.errors import ModelFileError

LOAD = import_module("allaprima.checkpoint.load")  # the package's name `load` is the function


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, G: Any) -> Path:
    """A folder in the place of the package's assets."""
    folder = tmp_path / "assets"
    folder.mkdir()
    for name in ("emoji", "dress"):
        save(G, folder / f"{name}.safetensors")
    monkeypatch.setattr(LOAD, "ASSETS", folder)
    return folder


def test_a_bundled_model_is_found_by_its_name(bundle: Path, G: Any) -> None:
    assert bundled_names() == ["dress", "emoji"]
    assert locate("emoji") == bundle / "emoji.safetensors"
    assert load("emoji").spec == G.spec


def test_a_run_directory_means_its_newest_snapshot(tmp_path: Path, G: Any) -> None:
    (tmp_path / "run" / "snapshots").mkdir(parents=True)
    for kimg in (0, 900, 1200):
        path = tmp_path / "run" / "snapshots" / f"network-snapshot-{kimg:06d}.safetensors"
        save(G, path, provenance={"images_seen": 1000 * kimg})
    for name in (".network-snapshot-009999.safetensors.7.tmp", "notes.txt"):
        (tmp_path / "run" / "snapshots" / name).write_bytes(b"no model")
    assert load_networks(tmp_path / "run").provenance == {"images_seen": 1_200_000}
    assert load_networks(tmp_path / "run" / "snapshots").provenance == {"images_seen": 1_200_000}


def test_a_run_that_has_no_snapshot_yet_says_so(tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    with pytest.raises(ModelFileError, match=f"^the directory {tmp_path} holds no model.safetensors and no snapshot"):
        load(tmp_path)


def test_a_file_goes_before_a_bundled_name(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "emoji").touch()
    assert locate("emoji") == Path("emoji")


def test_nothing_of_that_name_names_what_there_is(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelFileError, match=r"^there is no model 'my-cats': .*\(dress, emoji\), nor a public one"):
        load("my-cats")
    monkeypatch.setattr(LOAD, "ASSETS", bundle / "nowhere")
    with pytest.raises(ModelFileError, match=r"\(none is bundled\)"):
        load("my-cats")


@pytest.mark.parametrize("name", ["emoji64", "Emoji-64", "emoji_64"])
def test_a_bundled_model_is_proposed_for_a_name_like_its_own(name: str) -> None:
    with pytest.raises(ModelFileError, match=r"; did you mean emoji-64( or |\?$)"):
        load(name)


@pytest.mark.parametrize("name", ["n" * 5000, "a\0b", "missing/model.safetensors", ".safetensors"])
def test_an_impossible_path_is_one_sentence(name: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        load(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 6000


def test_the_device_is_where_the_weights_are(model: Path) -> None:
    for device in ("cpu", torch.device("meta")):
        G = load(model, device=device)
        assert {tensor.device for tensor in G.state_dict().values()} == {torch.device(device)}


def test_a_model_is_read_and_paints_without_pytorchs_compiler() -> None:
    """To load that takes a second; products of tensors without numbers do, which networks of files are made of."""
    code = (
        "import sys, allaprima; G = allaprima.load('emoji-64'); list(allaprima.generate(G, seeds=[1]));"
        " print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
