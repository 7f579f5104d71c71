"""allaprima blend: one model of two, with the rights of both."""

from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from allaprima.checkpoint import Networks, load, load_networks, save
from allaprima.cli.blend import blend
from allaprima.errors import ConfigError, ModelFileError
from tests.surgery.small import discriminator, generator, same_tensors


@pytest.fixture
def models(tmp_path: Path) -> tuple[str, str, Path]:
    """Two models, and where to write."""
    told: list[dict[str, Any]] = [
        {"images_licence": "CC0", "attribution": "me", "recipe": {"batch": 4}, "images_seen": 100},
        {"images_licence": "MIT", "attribution": "me", "parent": "a.safetensors"},
    ]
    for name, seed in (("a", 0), ("b", 1)):
        networks = Networks(
            G_ema=generator("skip", seed=seed, c_dim=2),
            D=discriminator("resnet", c_dim=2),
            provenance=told[seed],
            class_names=["cat", "dog"],
        )
        save(networks, tmp_path / f"{name}.safetensors")
    return str(tmp_path / "a.safetensors"), str(tmp_path / "b.safetensors"), tmp_path / "out.safetensors"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(blend, [str(argument) for argument in arguments])


def test_layers_are_swapped_and_one_line_is_said(models: tuple[str, str, Path]) -> None:
    a, b, out = models
    result = run(a, b, out, "--from", 8)
    assert result.exit_code == 0
    assert result.stdout == f"blended {a} and {b} into {out}\n"
    A, B, C = load(a), load(b), load(out)
    assert torch.equal(C.synthesis.b4.const, A.synthesis.b4.const)
    assert torch.equal(C.synthesis.b8.conv0.weight, B.synthesis.b8.conv0.weight)
    assert torch.equal(C.mapping.fc0.weight, A.mapping.fc0.weight)


def test_the_options_reach_the_layers(models: tuple[str, str, Path]) -> None:
    a, b, out = models
    assert run(a, b, out, "--from", 8, "--smooth", 1, "--average", 0.5, "--mapping", "b").exit_code == 0
    A, B, C = (load(model).synthesis for model in (a, b, out))
    torch.testing.assert_close(C.b8.conv0.weight, torch.lerp(A.b8.conv0.weight, B.b8.conv0.weight, 0.25))
    torch.testing.assert_close(C.b16.conv1.weight, torch.lerp(A.b16.conv1.weight, B.b16.conv1.weight, 0.5))
    assert torch.equal(load(out).mapping.w_avg, load(b).mapping.w_avg)


def test_without_a_resolution_everything_is_averaged(models: tuple[str, str, Path]) -> None:
    a, b, out = models
    assert run(a, b, out, "--average", 0.25).exit_code == 0
    A, B, C = (load(model).mapping for model in (a, b, out))
    torch.testing.assert_close(C.w_avg, 0.75 * A.w_avg + 0.25 * B.w_avg)
    assert run(a, b, out, "--average", 1).exit_code == 0
    assert same_tensors(load(out), load(b))


def test_the_file_tells_its_parents_and_all_rights(models: tuple[str, str, Path]) -> None:
    a, b, out = models
    assert run(a, b, out, "--from", 16).exit_code == 0
    networks = load_networks(out)
    assert networks.D is None
    assert networks.class_names == ["cat", "dog"]
    assert networks.provenance == {
        "images_licence": "CC0; MIT",
        "attribution": "me",
        "blend": {"from": 16.0, "smooth": 0, "average": 1.0, "mapping": "a"},
        "parents": [
            {"model": a, "images_licence": "CC0", "attribution": "me", "images_seen": 100},
            {"model": b, "images_licence": "MIT", "attribution": "me", "parent": "a.safetensors"},
        ],
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "say what to blend"),
        (["--average", "0.5", "--mapping", "b"], "need --from"),
        (["--average", "0.5", "--smooth", "2"], "need --from"),
        (["--from", "32"], "these generators have blocks of 4, 8, 16"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(
    models: tuple[str, str, Path], options: list[str], sentence: str
) -> None:
    result = run(*models, *options)
    assert isinstance(result.exception, ConfigError)
    assert sentence in str(result.exception)
    assert not models[2].exists()


def test_models_that_do_not_fit_are_one_sentence(models: tuple[str, str, Path], tmp_path: Path) -> None:
    a, _, out = models
    save(generator("skip", 16, 24, c_dim=2), tmp_path / "wide.safetensors")
    result = run(a, tmp_path / "wide.safetensors", out, "--from", 8)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == "the networks cannot be mixed: width is 16 in one and 24 in the other"
    assert isinstance(run(a, "nothing", out, "--from", 8).exception, ModelFileError)
