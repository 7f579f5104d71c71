"""What people write for --truncation."""

from pathlib import Path

import pytest
import torch

from allaprima.cli.truncation import truncation_of
from allaprima.errors import LatentError, ModelFileError
from allaprima.latents.centres import centre_of_class
from allaprima.latents.clusters import cluster_centres, write_centres
from tests.surgery.small import generator


@pytest.mark.parametrize(("text", "psi"), [("0.7", 0.7), ("1", 1), ("-1.5", -1.5), (".5", 0.5), (" 0 ", 0)])
def test_a_number_is_psi(text: str, psi: float) -> None:
    assert truncation_of(text, generator("skip"), {}) == {"truncation_psi": psi}


@pytest.mark.parametrize("kind", ["skip", "stylegan", "progan", "r3gan", "stylegan3"])
def test_a_class_is_truncated_towards_its_own_mean(kind: str) -> None:
    G = generator(kind, c_dim=2)
    for label in ({"class_index": 1}, {"c": torch.tensor([[0.0, 1.0]])}):
        found = truncation_of("0.5@class", G, label)
        assert found["truncation_psi"] == 0.5
        torch.testing.assert_close(found["centres"], centre_of_class(G, 1)[None])
    assert not torch.allclose(centre_of_class(G, 0), centre_of_class(G, 1))


def test_clusters_are_those_of_the_class() -> None:
    G = generator("skip", c_dim=2)
    found = truncation_of("0.5@3", G, {"class_index": 1})
    torch.testing.assert_close(found["centres"], cluster_centres(G, 3, class_index=1))


def test_a_file_of_centres(tmp_path: Path) -> None:
    G, path = generator("skip"), tmp_path / "c.safetensors"
    centres = torch.randn(2, 8)
    write_centres(path, centres, G)
    assert torch.equal(truncation_of(f"0.5@{path}", G, {})["centres"], centres)
    with pytest.raises(ModelFileError, match="there is no file"):
        truncation_of("0.5@nothing.safetensors", G, {})


@pytest.mark.parametrize("text", ["", "x", "0.7@", "@class", "nan", "inf", "1e999", "0.7@0"])
def test_no_truncation(text: str) -> None:
    with pytest.raises((LatentError, ValueError), match=r"is no truncation|there cannot be 0 clusters"):
        truncation_of(text, generator("skip"), {})
