"""Finding, checking and keeping the weights of LPIPS; here with random weights under the published names."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from allaprima.checkpoint import perceptual, weight_files
from allaprima.checkpoint.perceptual import KEPT, LPIPS_FILE, VGG16_FILE, fetch_lpips, find_lpips, folder
from allaprima.errors import DownloadError, ModelFileError
from allaprima.models.lpips import LPIPS


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LPIPS]:
    """A directory with both files as their publishers write them, and the network that they mean."""
    directory = tmp_path_factory.mktemp("published")
    torch.manual_seed(0)
    network = LPIPS().requires_grad_(False)
    for weight in network.weights:
        weight.uniform_()
    vgg = {**network.vgg.state_dict(), "classifier.0.weight": torch.ones(2, 2)}
    torch.save(vgg, directory / VGG16_FILE.names[0], _use_new_zipfile_serialization=False)
    linear = {f"lin{i}.model.1.weight": weight.view(1, -1, 1, 1) for i, weight in enumerate(network.weights)}
    torch.save(linear, directory / LPIPS_FILE.names[0])
    return directory, network


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the caches of this machine nor the network."""
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(perceptual, "find_spec", lambda name: None)
    monkeypatch.setattr(weight_files, "download", refused)


def refused(url: str, path: Path, **options: object) -> str:
    raise DownloadError(f"cannot download {url} to {path}")


def trust(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """Let the hashes be those of the files in a directory."""
    for name in ("VGG16_FILE", "LPIPS_FILE"):
        source = getattr(perceptual, name)
        digest = hashlib.sha256((directory / source.names[0]).read_bytes()).hexdigest()
        monkeypatch.setattr(perceptual, name, replace(source, sha256=digest))


def same(a: LPIPS | None, b: LPIPS) -> bool:
    assert a is not None
    mine, its = a.state_dict(), b.state_dict()
    return mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)


def test_the_file_name_of_torchvision_holds_the_beginning_of_the_hash() -> None:
    assert VGG16_FILE.names[0] == f"vgg16-{VGG16_FILE.sha256[:8]}.pth"
    assert len(VGG16_FILE.sha256) == len(LPIPS_FILE.sha256) == 64


def test_what_is_not_there_is_not_found_and_nothing_is_fetched() -> None:
    assert find_lpips() is None


@pytest.mark.parametrize("place", ["given", "home", "hub", "package"])
def test_both_files_are_found(
    place: str, published: tuple[Path, LPIPS], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, network = published
    trust(monkeypatch, directory)
    folders = {"home": folder(), "hub": tmp_path / "hub" / "checkpoints"}
    if place in folders:
        folders[place].parent.mkdir(parents=True, exist_ok=True)
        folders[place].symlink_to(directory)
        found = find_lpips()
    elif place == "given":
        found = find_lpips(directory)
    else:
        weights = tmp_path / "site" / "lpips" / "weights" / "v0.1"
        weights.mkdir(parents=True)
        (weights / "vgg.pth").symlink_to(directory / LPIPS_FILE.names[0])
        (tmp_path / "given").mkdir()
        (tmp_path / "given" / VGG16_FILE.names[0]).symlink_to(directory / VGG16_FILE.names[0])
        spec = type("Spec", (), {"origin": str(tmp_path / "site" / "lpips" / "__init__.py")})
        monkeypatch.setattr(perceptual, "find_spec", lambda name: spec)
        found = find_lpips(tmp_path / "given")
    assert same(found, network)
    if place == "home":
        (directory / KEPT).unlink()


def test_what_was_found_once_is_kept_in_a_small_file(
    published: tuple[Path, LPIPS], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, network = published
    trust(monkeypatch, directory)
    find_lpips(directory)
    assert [path.name for path in folder().iterdir()] == [KEPT]
    assert same(find_lpips(), network)


def test_a_file_of_another_hash_is_not_taken(published: tuple[Path, LPIPS]) -> None:
    assert find_lpips(published[0]) is None


def test_what_is_missing_is_fetched(published: tuple[Path, LPIPS], monkeypatch: pytest.MonkeyPatch) -> None:
    directory, network = published
    trust(monkeypatch, directory)
    asked: list[str] = []

    def download(url: str, path: Path, *, sha256: str, progress: object) -> str:
        asked.append(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((directory / path.name).read_bytes())
        return sha256

    monkeypatch.setattr(weight_files, "download", download)
    assert same(fetch_lpips(), network)
    assert asked == [VGG16_FILE.url, LPIPS_FILE.url]
    assert same(fetch_lpips(), network)
    assert len(asked) == 2, "what was kept was fetched again"


def test_without_a_network_it_says_so() -> None:
    with pytest.raises(DownloadError, match="vgg16-397923af"):
        fetch_lpips()


def test_a_damaged_file_says_so(published: tuple[Path, LPIPS], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, _ = published
    for source in (VGG16_FILE, LPIPS_FILE):
        (tmp_path / source.names[0]).write_bytes((directory / source.names[0]).read_bytes())
    torch.save({"lin0.model.1.weight": torch.ones(1, 64, 1, 1)}, tmp_path / LPIPS_FILE.names[0])
    trust(monkeypatch, tmp_path)
    with pytest.raises(ModelFileError, match=r"lin1\.model\.1\.weight"):
        find_lpips(tmp_path)
