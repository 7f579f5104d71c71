"""One, two and four processes with the same batch make the same training."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.side_by_side import side_by_side
from tests.training.systems import SYSTEMS


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Directories of what one, two and four processes made."""
    script, place = Path(__file__).with_name("shared_trainings.py"), tmp_path_factory.mktemp("by")
    done = side_by_side("1,2,4", script, place)
    assert done.returncode == 0, done.stderr[-3000:]
    return {count: place / str(count) for count in (1, 2, 4)}


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("system", SYSTEMS)
def test_many_processes_train_as_one(trainings: dict[int, Path], system: str, count: int) -> None:
    alone, shared = (load_file(trainings[n] / f"{system}.safetensors") for n in (1, count))
    assert alone.keys() == shared.keys()
    far = {}
    for name, x in alone.items():
        distance = float((x.double() - shared[name].double()).abs().max()) if x.numel() else 0.0
        if not distance <= 1e-10 * max(float(x.double().abs().max()), 1.0):
            far[name] = distance
    assert not far, dict(sorted(far.items(), key=lambda item: -item[1])[:5])


def test_what_is_compared_is_all_of_a_training(trainings: dict[int, Path]) -> None:
    found = load_file(trainings[1] / "stylegan2.safetensors")
    for name in ("pl_mean", "signs", "strength", "G.mapping.w_avg", "statistics.Loss/signs/real", "images_seen"):
        assert name in found
    assert found["images_seen"] == 24
    assert found["G.mapping.w_avg"].dtype == torch.float64
    assert found["pl_mean"] > 0
    assert found["strength"] != 0.5, "the augmentation's strength has not moved"
