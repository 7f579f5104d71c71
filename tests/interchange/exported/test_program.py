"""A .pt2 file, read by PyTorch alone, paints what the generator paints."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch.export import ExportedProgram

from allaprima.errors import OutputError
from allaprima.interchange.exported import export_program
from allaprima.interchange.exported.tracing import quiet
from tests.conftest import assert_near
from tests.interchange.exported.systems import cut_off, drawn_noise, generators, latents, trained

FEWER = ["stylegan2 skip", "stylegan3 T", "r3gan"]


class Exported(NamedTuple):
    G: Any
    path: Path
    program: ExportedProgram
    told: dict[str, Any]


@pytest.fixture(scope="module", params=FEWER)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    G = trained(request.param)
    path = export_program(G, tmp_path_factory.mktemp("exported") / "model.pt2")
    files = {"allaprima.json": ""}
    with quiet():
        program = torch.export.load(path, extra_files=files)
    return Exported(G, path, program, json.loads(files["allaprima.json"]))


@pytest.mark.parametrize("count", [1, 2, 5])
@torch.no_grad()
def test_images_are_those_of_the_generator(exported: Exported, count: int) -> None:
    G, given = exported.G, latents(exported.G, count)
    noise = {
        name.removeprefix("noise_"): exported.program.state_dict[stored].expand(count, 1, -1, -1)
        for name, stored in exported.told["stored_noise"].items()
    }
    more = {"noise": noise} if noise else {}
    got = exported.program.module()(**given, truncation_psi=cut_off(G, 0.7, 1), **more)
    wanted = G(*given.values(), truncation_psi=0.7, truncation_cutoff=1, noise_mode="const")
    assert_near(got, wanted, 1e-5)
    if noise:
        got = exported.program.module()(
            **given, truncation_psi=torch.ones(G.num_ws), noise=drawn_noise(G, noise, count)
        )
        assert_near(got, G(*given.values(), noise_mode="random", generators=generators(count)), 1e-5)


@torch.no_grad()
def test_the_example_is_a_call_with_the_stored_noise(exported: Exported) -> None:
    _, given = exported.program.example_inputs
    labels = [given["c"]] if exported.G.c_dim else []
    assert_near(exported.program.module()(**given), exported.G(given["z"], *labels, noise_mode="const"), 1e-5)


def test_the_weights_have_the_names_of_a_model_file(exported: Exported) -> None:
    wanted = {f"G_ema.{name}": tensor for name, tensor in exported.G.state_dict().items()}
    state = exported.program.state_dict
    assert state.keys() == wanted.keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in wanted.items())


def test_the_file_names_no_folder_of_this_machine(exported: Exported) -> None:
    content = exported.path.read_bytes()
    assert str(Path(__file__).parents[3]).encode() not in content
    assert b"site-packages" not in content


def test_a_place_where_nothing_can_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        export_program(trained("progan"), tmp_path / "nowhere" / "model.pt2")
    assert list(tmp_path.iterdir()) == []
