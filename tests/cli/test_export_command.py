"""allaprima export."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.checkpoint import Networks, load_networks, save
from allaprima.cli.exporting import KINDS, WRITERS
from allaprima.cli.main import main
from allaprima.models import build
from tests.conftest import assert_near
from tests.models.stylegan2.small import small_discriminator, small_generator


@pytest.fixture
def model(tmp_path: Path) -> Path:
    networks = Networks(
        G_ema=build(small_generator(16, 16)).eval(),
        G=build(small_generator(16, 16)).eval(),
        D=build(small_discriminator(16, 16)).eval(),
        provenance={"licence": "Apache-2.0"},
    )
    save(networks, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["export", *map(str, arguments)])
    said = capsys.readouterr()
    return stopped.value.code, said.out, said.err


def paint(G: Any) -> torch.Tensor:
    z = torch.randn(2, G.z_dim, generator=torch.Generator().manual_seed(0))
    images: torch.Tensor = G(z, noise_mode="const")
    return images


@pytest.mark.parametrize("name", ["names.safetensors", "names.pth", "hub"])
def test_what_we_can_read_again_is_the_same(capsys: pytest.CaptureFixture[str], model: Path, name: str) -> None:
    out = model.with_name(name)
    status, said, _ = run(capsys, model, out)
    assert status == 0
    assert said.rstrip().endswith(f"wrote {out}")
    back, first = load_networks(out), load_networks(model)
    assert back.members().keys() == first.members().keys()
    assert torch.equal(paint(back.G_ema), paint(first.G_ema))


def test_the_painter_alone_has_the_names_that_encoders_expect(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    out = model.with_name("painter.pth")
    assert run(capsys, model, out, "--painter")[0] == 0
    content = torch.load(out, weights_only=True)
    assert "synthesis.b4.const" in content["G_ema"]


def test_the_hub_directory_has_a_card(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    assert run(capsys, model, model.with_name("flowers"))[0] == 0
    folder = model.with_name("flowers")
    assert json.loads((folder / "config.json").read_text())["networks"]["G_ema"]["height"] == 16
    assert "apache-2.0" in (folder / "README.md").read_text().lower()


def test_a_program_of_torch_export_paints_the_same(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    out = model.with_name("model.pt2")
    assert run(capsys, model, out)[0] == 0
    program = torch.export.load(out)
    assert program.example_inputs is not None
    keywords = dict(program.example_inputs[1])
    G = load_networks(model).G_ema
    assert_near(program.module()(**keywords), G(keywords["z"], noise_mode="const"), 1e-5)


def test_onnx_runs_in_onnxruntime(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    assert run(capsys, model, model.with_name("model.onnx"))[0] == 0
    session = runtime.InferenceSession(model.with_name("model.onnx"))
    z = torch.randn(3, 8)
    (images,) = session.run(None, {"z": z.numpy()})
    assert_near(torch.from_numpy(images), load_networks(model).G_ema(z, noise_mode="const"), 1e-4)


def test_what_a_format_cannot_say_is_one_sentence(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    status, _, error = run(capsys, model, model.with_name("model.pt"))  # 8 channels are not of rosinality's table
    assert status == 2
    assert error.count("\n") == 1
    assert not model.with_name("model.pt").exists()


def test_an_unknown_ending_names_those_that_are_known(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    status, _, error = run(capsys, model, model.with_name("model.xyz"))
    assert status == 2
    assert all(ending in error for ending in KINDS)
    assert set(KINDS.values()) == set(WRITERS)
