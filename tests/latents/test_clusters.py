"""k-means: each point is nearest to its own centre, each centre the mean of its points."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from allaprima.checkpoint import write_tensors
from allaprima.errors import ConfigError, LatentError, ModelFileError
from allaprima.latents.centres import sample_w
from allaprima.latents.clusters import cluster_centres, k_means, read_centres, write_centres
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


def clouds(per_cloud: int = 50) -> tuple[Tensor, Tensor]:
    """Three well-parted clouds, far from the origin, and their middles."""
    middles = torch.tensor([[100.0, 0.0], [110.0, 0.0], [100.0, 10.0]])
    return (middles[:, None] + 0.5 * torch.randn(3, per_cloud, 2)).flatten(0, 1), middles


def test_its_laws() -> None:
    points = torch.randn(400, 5).double()
    centres, owner = k_means(points, 7, least_gain=0)
    assert torch.equal(torch.cdist(points, centres).argmin(dim=1), owner)
    for index in range(7):
        torch.testing.assert_close(centres[index], points[owner == index].mean(dim=0))


def test_each_point_is_nearest_to_its_own_centre_also_when_it_stops_early() -> None:
    points = torch.randn(400, 5).double()
    centres, owner = k_means(points, 7, least_gain=0.05)
    assert torch.equal(torch.cdist(points, centres).argmin(dim=1), owner)
    settled = k_means(points, 7, least_gain=0)[0]
    assert not torch.equal(centres, settled)


def test_clouds_are_found_again_from_any_seed() -> None:
    points, middles = clouds()
    for seed in range(5):
        centres, owner = k_means(points, 3, seed=seed)
        assert torch.cdist(middles, centres).min(dim=1).values.max() < 0.5
        assert all(len(owner[part].unique()) == 1 for part in torch.arange(150).split(50))


def test_the_same_seed_gives_the_same_centres() -> None:
    points = torch.randn(100, 3)
    assert torch.equal(k_means(points, 4, seed=1)[0], k_means(points, 4, seed=1)[0])
    assert not torch.equal(k_means(points, 4, seed=1)[0], k_means(points, 4, seed=2)[0])


def test_as_many_centres_as_points_and_more_centres_than_places() -> None:
    points = torch.arange(4.0)[:, None]
    assert k_means(points, 4)[0].flatten().sort().values.tolist() == [0, 1, 2, 3]
    same = torch.ones(6, 2)
    centres, owner = k_means(same, 3)
    torch.testing.assert_close(centres[owner], same)
    assert torch.isfinite(centres).all()


@pytest.mark.parametrize("count", [0, 5])
def test_impossible_numbers(count: int) -> None:
    with pytest.raises(ConfigError, match=f"there cannot be {count} clusters of 4 points: ask for 1 to 4"):
        k_means(torch.randn(4, 2), count)


@pytest.mark.parametrize("kind", KINDS)
def test_centres_of_every_architecture_largest_first(kind: str) -> None:
    G = generator(kind, c_dim=2)
    centres = cluster_centres(G, 4, samples=300, class_index=1)
    w = sample_w(G, 300, class_index=1)
    members = torch.bincount(torch.cdist(w, centres).argmin(dim=1), minlength=4)
    assert centres.shape == (4, G.w_dim)
    assert (members.diff() <= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_centres_comes_back(kind: str, tmp_path: Path) -> None:
    G = generator(kind)
    centres = torch.randn(3, G.w_dim)
    write_centres(tmp_path / "c.safetensors", centres, G)
    assert torch.equal(read_centres(tmp_path / "c.safetensors", G), centres)
    other = generator(kind, **{"z_dim": 4} if kind in ("progan", "r3gan") else {"w_dim": 4})
    with pytest.raises(LatentError, match=r"was made for a \S+ with \d+ styles? of \d numbers; this model is a"):
        read_centres(tmp_path / "c.safetensors", other)


def test_damaged_files(tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "c.safetensors"
    with pytest.raises(ModelFileError, match="there is no file"):
        read_centres(path, G)
    path.write_bytes(b"centres")
    with pytest.raises(ModelFileError, match="no readable safetensors file"):
        read_centres(path, G)
    header = {"kind": "file of centres", "format_version": 1}
    write_tensors(path, {"centres": torch.zeros(1, 8)}, header)
    with pytest.raises(ModelFileError, match="does not say for which models"):
        read_centres(path, G)
    header |= {"model": {"architecture": "stylegan2-generator", "w_dim": 8, "num_ws": G.num_ws}}
    write_tensors(path, {"middles": torch.zeros(1, 8)}, header)
    with pytest.raises(ModelFileError, match="holds no centres"):
        read_centres(path, G)
    write_tensors(path, {"centres": torch.full((1, 8), torch.nan)}, header)
    with pytest.raises(LatentError, match="must be finite numbers"):
        read_centres(path, G)
