"""ONNX files, run by onnxruntime, paint what the generator paints."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from allaprima.errors import ConfigError, OutputError
from allaprima.interchange.exported import export_onnx, onnx_file
from allaprima.interchange.exported.onnx_file import export_part
from allaprima.interchange.exported.parts import Mapper, detached
from tests.conftest import assert_near
from tests.interchange.exported.systems import SYSTEMS, cut_off, drawn_noise, generators, latents, trained
from tests.test_import import run_python

TOLERANCE = 1e-5
SLOW = ["stylegan3 T", "lucidrains"]  # of those that `test_program` and `test_parts` show too
OTHERS = [
    pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in SYSTEMS
    if name != "stylegan2 skip"  # `parts` is one
]


class Exported(NamedTuple):
    G: Any
    path: Path
    session: Any


@pytest.fixture(scope="module", params=OTHERS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """From z to image, of each system but the one that `parts` shows."""
    G = trained(request.param)
    (path,) = export_onnx(G, tmp_path_factory.mktemp("exported") / "model.onnx")
    return Exported(G, path, session_of(path))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Path]]:
    """Mapping and synthesis apart."""
    G = trained("stylegan2 skip")
    return G, export_onnx(G, tmp_path_factory.mktemp("exported") / "new" / "parts")


def session_of(path: Path) -> Any:
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of each input that has a value of its own
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def silent_noise(session: Any) -> dict[str, Tensor]:
    """One map of zeros for each layer that adds noise."""
    inputs = session.get_overridable_initializers()
    return {i.name: torch.zeros(1, *i.shape[1:]) for i in inputs if i.name.startswith("noise_")}


def run(session: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    (output,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    return torch.from_numpy(output)


@pytest.mark.parametrize("count", [1, 2, 5])
@torch.no_grad()
def test_images_are_those_of_the_generator(exported: Exported, count: int) -> None:
    G, given = exported.G, latents(exported.G, count)
    assert_near(run(exported.session, given), G(*given.values(), noise_mode="const"), TOLERANCE)
    nearer = {**given, "truncation_psi": cut_off(G, 0.5, 1)}
    wanted = G(*given.values(), noise_mode="const", truncation_psi=0.5, truncation_cutoff=1)
    assert_near(run(exported.session, nearer), wanted, TOLERANCE)


@pytest.mark.parametrize("count", [1, 3])
@torch.no_grad()
def test_noise_can_be_left_out_or_drawn(exported: Exported, count: int) -> None:
    G, given = exported.G, latents(exported.G, count)
    silence = silent_noise(exported.session)
    assert_near(run(exported.session, given | silence), G(*given.values(), noise_mode="none"), TOLERANCE)
    wanted = G(*given.values(), noise_mode="random", generators=generators(count))
    assert_near(run(exported.session, given | drawn_noise(G, silence, count)), wanted, TOLERANCE)


def test_the_file_is_valid_and_says_what_it_is(exported: Exported) -> None:
    model = onnx.load(exported.path)
    onnx.checker.check_model(model, full_check=True)
    told = json.loads(exported.session.get_modelmeta().custom_metadata_map["allaprima"])
    assert told["spec"]["height"] == exported.G.img_height
    assert list(told["inputs"]) == [value.name for value in model.graph.input]
    assert exported.session.get_outputs()[0].shape == ["n", *told["output"]["shape"][1:]]
    numbers = {onnx.TensorProto.DataType.Name(tensor.data_type) for tensor in model.graph.initializer}
    assert numbers <= {"FLOAT", "INT64", "BOOL"}


def test_the_file_names_no_folder_of_this_machine(exported: Exported) -> None:
    content = exported.path.read_bytes()
    assert str(Path(__file__).parents[3]).encode() not in content
    assert b"site-packages" not in content


def test_a_directory_gets_mapping_and_synthesis(parts: tuple[Any, list[Path]]) -> None:
    G, files = parts
    assert [path.name for path in files] == ["mapping.onnx", "synthesis.onnx"]
    assert sorted(files) == sorted(files[0].parent.iterdir())
    mapping, synthesis = map(session_of, files)
    for count in (1, 2, 5):
        given = latents(G, count)
        with torch.no_grad():
            ws = G.mapping(*given.values(), truncation_psi=0.3, truncation_cutoff=2)
            images = G.synthesis(ws, noise_mode="const")
        got = run(mapping, {**given, "truncation_psi": cut_off(G, 0.3, 2)})
        assert_near(got, ws, TOLERANCE)
        assert_near(run(synthesis, {"ws": got}), images, TOLERANCE)
    noise = drawn_noise(G, silent_noise(synthesis), count)
    with torch.no_grad():
        wanted = G.synthesis(ws, noise_mode="random", generators=generators(count))
    assert_near(run(synthesis, {"ws": got, **noise}), wanted, TOLERANCE)


def test_large_weights_go_into_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    G, path = trained("stylegan2 skip"), tmp_path / "mapping.onnx"
    monkeypatch.setattr(onnx_file, "LARGEST", 500)
    monkeypatch.setattr(onnx_file, "SEPARATE_FROM", 100)
    export_part(Mapper(detached(G)), path)
    (tmp_path / "mapping.onnx.data").rename(tmp_path / "first")
    size = (tmp_path / "first").stat().st_size
    assert size == sum(p.nbytes for p in G.mapping.parameters() if p.nbytes >= 100)
    (tmp_path / "mapping.onnx.data").write_bytes(bytes(10 * size))
    export_part(Mapper(detached(G)), path, external_data=True)  # over what is there
    assert (tmp_path / "mapping.onnx.data").read_bytes() == (tmp_path / "first").read_bytes()
    onnx.checker.check_model(path, full_check=True)
    given = latents(G, 2)
    with torch.no_grad():
        assert_near(run(session_of(path), given), G.mapping(*given.values()), TOLERANCE)


def test_a_file_that_stands_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=r"^cannot make the directory .*file"):
        export_onnx(trained("progan"), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_without_the_packages_a_sentence_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(ConfigError, match=r"^writing ONNX needs onnxscript: .* pip install 'allaprima\[export\]'$"):
        export_onnx(trained("progan"), tmp_path / "model.onnx")


def test_the_packages_are_loaded_when_they_are_needed_and_nothing_is_said(tmp_path: Path) -> None:
    code = f"""
import sys
import allaprima.interchange.exported as exported
assert not {{"onnx", "onnxscript", "onnxruntime"}} & set(sys.modules)
from allaprima.interchange.exported import parts
from allaprima.models import ProGANGenerator, build
G = build(ProGANGenerator(height=4, width=4, img_channels=1, z_dim=1, channel_max=1))
exported.onnx_file.export_part(parts.Mapper(parts.detached(G)), exported.onnx_file.Path({str(tmp_path / "x.onnx")!r}))
"""
    assert run_python(code) == ""
    assert (tmp_path / "x.onnx").is_file()


def test_numpy_is_enough_to_run_a_file(exported: Exported) -> None:
    z = np.random.default_rng(0).standard_normal((1, exported.G.z_dim), dtype=np.float32)
    labels = {"c": np.eye(exported.G.c_dim, dtype=np.float32)[:1]} if exported.G.c_dim else {}
    (images,) = exported.session.run(["image"], {"z": z, **labels})
    assert images.dtype == np.float32
