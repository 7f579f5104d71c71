"""`load` opens what other programs wrote: files, and public models by name."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import allaprima
from allaprima.checkpoint import load, load_networks, locate, save
from allaprima.errors import DownloadError, ModelFileError
from allaprima.interchange.catalogue import Entry, find
from allaprima.interchange.state_dict_file import export_state_dict
from tests.conftest import assert_near
from tests.interchange.samples import sample_path
from tests.interchange.web_server import Site, breaks_off, running, says

ADA = "stylegan2ada_torch_labels"
LOAD = import_module("allaprima.checkpoint.load")


def test_a_published_pickle_loads_as_any_model_does() -> None:
    path = sample_path(ADA)
    t = load_file(path.with_suffix(".safetensors"))
    networks = load_networks(path)
    assert_near(networks.G_ema(t["z"], t["c"], noise_mode="const"), t["image"], 1e-4)
    assert_near(networks.D(t["d_images"], t["c"]), t["d_scores"], 1e-4)
    assert networks.provenance["format"] == "StyleGAN2-ADA (PyTorch)"
    assert list(load_networks(path, roles=("G_ema",)).members()) == ["G_ema"]
    assert next(iter(allaprima.generate(load(path), seeds=[3], class_index=1))).dtype.name == "uint8"


def test_pickle_model_file_published_names_and_back_are_equal_to_the_last_bit(tmp_path: Path) -> None:
    pickled = load_networks(sample_path(ADA))
    save(pickled, tmp_path / "model.safetensors")
    ours = load_networks(tmp_path / "model.safetensors")
    for suffix in ("safetensors", "pth"):
        export_state_dict(ours.members(), tmp_path / f"names.{suffix}")
        back = load_networks(tmp_path / f"names.{suffix}")
        assert back.members().keys() == pickled.members().keys()
        for role, network in pickled.members().items():
            wanted, got = network.state_dict(), back.members()[role].state_dict()
            assert list(got) == list(wanted)
            assert all(torch.equal(got[name], wanted[name]) for name in wanted)


def test_a_file_that_would_run_something_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    with pytest.raises(ModelFileError, match=r"evil.pkl wants posix.system"):
        load(tmp_path / "evil.pkl")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Entry, Site]]:
    """A public model, on a server of our own."""
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    known = find("cifar10")
    assert known is not None
    with running(Site(data=sample_path(ADA).read_bytes())) as site:
        entry = replace(known)
        object.__setattr__(entry, "url", site.address)
        monkeypatch.setattr(LOAD, "find", lambda name: entry if name == "cifar10" else None)
        yield entry, site


def test_a_public_model_is_fetched_and_converted_once(published: tuple[Entry, Site], tmp_path: Path) -> None:
    entry, site = published
    site.next_behaviours = [breaks_off(300_000)]
    G = load("cifar10")
    assert len(site.asked) == 2, "it broke off, and went on"
    assert "Range" in site.asked[1]
    path = locate("cifar10")
    assert path.is_relative_to(tmp_path / "home")
    assert load_networks("cifar10").provenance["licence"] == entry.licence
    z, c = torch.randn(1, G.z_dim), torch.eye(G.c_dim)[:1]
    wanted: Any = load(sample_path(ADA))(z, c, noise_mode="const")
    assert torch.equal(load("cifar10")(z, c, noise_mode="const"), wanted)
    assert len(site.asked) == 2, "it is kept"


def test_a_public_model_that_turns_out_to_be_none_leaves_nothing_converted(
    published: tuple[Entry, Site], tmp_path: Path
) -> None:
    published[1].data = b"no model" * 1000
    with pytest.raises(ModelFileError):
        load("cifar10")
    assert not list((tmp_path / "home").rglob("*.safetensors"))


def test_without_the_file_one_sentence_says_what_to_fetch_and_where_to_put_it(
    published: tuple[Entry, Site], tmp_path: Path
) -> None:
    entry, site = published
    site.next_behaviours = [says(404)]
    with pytest.raises(DownloadError) as caught:
        load("cifar10")
    assert "\n" not in str(caught.value)
    assert site.address in str(caught.value)
    assert str(tmp_path / "home" / "models" / entry.name / entry.file_name) in str(caught.value)


def test_a_name_that_is_nearly_known_is_suggested() -> None:
    with pytest.raises(ModelFileError, match=r"did you mean .*ffhq-1024"):
        load("fhq-1024")
