"""allaprima import."""

from pathlib import Path

import pytest
import torch

from allaprima.checkpoint import load_networks
from allaprima.cli.main import main
from tests.interchange.samples import sample_path

ADA = "stylegan2ada_torch_labels"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["import", *map(str, arguments)])
    said = capsys.readouterr()
    return stopped.value.code, said.out, said.err


def test_a_pickle_becomes_a_model_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    status, said, _ = run(capsys, sample_path(ADA), out)
    assert status == 0
    assert said.startswith("StyleGAN2-ADA (PyTorch): G_ema, G, D; ")
    assert said.rstrip().endswith(f"wrote {out}")
    first, second = load_networks(sample_path(ADA)), load_networks(out)
    for role, network in first.members().items():
        same = second.members()[role].state_dict()
        assert all(torch.equal(same[name], tensor) for name, tensor in network.state_dict().items())
    assert second.provenance == first.provenance


def test_half_and_the_painter_alone_are_small(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, sample_path(ADA), tmp_path / "all.safetensors")[0] == 0
    assert run(capsys, sample_path(ADA), tmp_path / "small.safetensors", "--half", "--painter")[0] == 0
    assert list(load_networks(tmp_path / "small.safetensors").members()) == ["G_ema"]
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("all", "small")]
    assert sizes[1] < sizes[0] / 3


def test_the_result_lies_here_unless_told_and_nothing_is_lost(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, sample_path(ADA))[0] == 0
    made = (tmp_path / f"{ADA}.safetensors").read_bytes()
    status, _, error = run(capsys, sample_path(ADA))
    assert status == 2
    assert f"{ADA}.safetensors is there already" in error
    assert (tmp_path / f"{ADA}.safetensors").read_bytes() == made
    status, _, error = run(capsys, tmp_path / f"{ADA}.safetensors", tmp_path / f"{ADA}.safetensors")
    assert status == 2
    assert "is the file to be read" in error


def test_inspect_lists_and_builds_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, said, _ = run(capsys, "--inspect", sample_path(ADA), tmp_path / "x.safetensors")
    assert status == 0
    assert "G_ema  Generator: " in said
    assert "source  " in said
    assert not (tmp_path / "x.safetensors").exists()


def test_a_hostile_file_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    for flags in ([], ["--inspect"]):
        status, _, error = run(capsys, *flags, tmp_path / "evil.pkl", tmp_path / "out.safetensors")
        assert status == 2
        assert error.count("\n") == 1
        assert "posix.system" in error
    assert not (tmp_path / "out.safetensors").exists()
