"""Finding, checking and filling the detectors; here with random weights under the published names."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.checkpoint import detectors, weight_files
from allaprima.checkpoint.detectors import DETECTORS, DINOV2_FILE, INCEPTION_FILE, KIND, find_detector, require_detector
from allaprima.checkpoint.weight_files import WeightFile, fill, folder
from allaprima.errors import ConfigError, DownloadError, ModelFileError
from allaprima.models.dinov2 import DINOv2, DINOv2Size

TINY = DINOv2Size(width=12, depth=1, heads=2)


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the caches of this machine nor the network."""

    def refused(url: str, path: Path, **options: object) -> str:
        raise DownloadError(f"cannot download {url} to {path}")

    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(weight_files, "download", refused)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, DINOv2]:
    """A directory with a tiny network under the name of DINOv2's file, which is trusted."""
    torch.manual_seed(0)
    network = DINOv2(TINY)
    for parameter in network.parameters():
        parameter.normal_()
    directory = tmp_path / "weights"
    directory.mkdir()
    path = directory / DINOV2_FILE.names[0]
    torch.save({**network.state_dict(), "head.weight": torch.ones(2, 2)}, path)
    trust(monkeypatch, path, lambda: DINOv2(TINY))
    return directory, network


def trust(monkeypatch: pytest.MonkeyPatch, path: Path, build: Any) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = replace(DINOV2_FILE, sha256=digest, size=path.stat().st_size)
    monkeypatch.setitem(detectors.DETECTORS, "dinov2", replace(DETECTORS["dinov2"], file=file, build=build))


def same(a: Any, b: DINOv2) -> bool:
    mine, its = a.state_dict(), b.state_dict()
    return mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)


def test_the_name_of_inceptions_file_holds_the_beginning_of_its_hash() -> None:
    assert INCEPTION_FILE.sha256[:8] in INCEPTION_FILE.names[0]
    assert all(len(about.file.sha256) == 64 for about in DETECTORS.values())
    assert all(about.file.url.startswith("https://") for about in DETECTORS.values())


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_what_is_not_there_is_not_found_and_what_to_do_is_said(name: str, tmp_path: Path) -> None:
    assert find_detector(name, tmp_path) is None
    with pytest.raises(DownloadError, match=DETECTORS[name].file.names[0].replace(".", r"\.")):
        require_detector(name)


@pytest.mark.parametrize("place", ["given", "home", "hub"])
def test_a_file_is_found_and_its_head_left_out(place: str, saved: tuple[Path, DINOv2], tmp_path: Path) -> None:
    directory, network = saved
    links = {"home": folder(KIND), "hub": tmp_path / "hub" / "checkpoints"}
    if place in links:
        links[place].parent.mkdir(parents=True, exist_ok=True)
        links[place].symlink_to(directory)
    assert same(find_detector("dinov2", directory if place == "given" else None), network)


def test_a_file_of_another_hash_is_not_taken(saved: tuple[Path, DINOv2]) -> None:
    path = saved[0] / DINOV2_FILE.names[0]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert find_detector("dinov2", saved[0]) is None


def test_what_is_missing_is_fetched_only_if_allowed(
    saved: tuple[Path, DINOv2], monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(url: str, path: Path, *, sha256: str, progress: object) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((saved[0] / path.name).read_bytes())
        return sha256

    monkeypatch.setattr(weight_files, "download", download)
    with pytest.raises(DownloadError):
        require_detector("dinov2")
    assert same(require_detector("dinov2", may_fetch=True), saved[1])
    assert same(find_detector("dinov2"), saved[1]), "what was fetched was not kept"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm.bias": None}, r"has no norm\.bias"),
        ({"norm.bias": torch.ones(5)}, r"norm\.bias .* is \[5\], not \[12\]"),
    ],
)
def test_other_tensors_are_an_error(
    change: dict[str, Any], message: str, saved: tuple[Path, DINOv2], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {k: v for k, v in {**saved[1].state_dict(), **change}.items() if v is not None}
    path = saved[0] / DINOV2_FILE.names[0]
    torch.save(state, path)
    trust(monkeypatch, path, lambda: DINOv2(TINY))
    with pytest.raises(ModelFileError, match=message):
        find_detector("dinov2", saved[0])


def test_a_file_without_tensors_by_name_is_an_error(saved: tuple[Path, DINOv2], monkeypatch: Any) -> None:
    path = saved[0] / DINOV2_FILE.names[0]
    torch.save([1, 2, 3], path)
    trust(monkeypatch, path, lambda: DINOv2(TINY))
    with pytest.raises(ModelFileError, match="no tensors by name"):
        find_detector("dinov2", saved[0])


def test_old_files_without_counts_of_batches_are_filled_in(tmp_path: Path) -> None:
    network = torch.nn.BatchNorm2d(3)
    state = {k: torch.full_like(v, 2) for k, v in network.state_dict().items() if k != "num_batches_tracked"}
    fill(network, state, tmp_path, "a test")
    assert float(network.running_var.sum()) == 6


def test_an_unknown_detector_is_an_error() -> None:
    with pytest.raises(ConfigError, match="inception, vgg16, dinov2"):
        find_detector("resnet")


def test_the_size_spares_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_files, "sha256_of", lambda path: pytest.fail(f"{path} was hashed"))
    (tmp_path / "a.pth").write_bytes(b"other")
    assert weight_files.find(WeightFile(names=("a.pth",), url="https://x", sha256="0", size=7), KIND, tmp_path) is None
