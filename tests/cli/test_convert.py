"""allaprima convert: the same model in another form, and what it says of that."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from allaprima.checkpoint import Networks, load, load_networks, read_tensors, save
from allaprima.cli.convert import convert
from allaprima.errors import ConfigError, OutputError
from allaprima.surgery import recolour
from tests.conftest import assert_near
from tests.surgery.small import discriminator, generator, paint, same_tensors


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    G = generator("skip")
    networks = Networks(
        G_ema=G, G=G, D=discriminator("skip"), provenance={"images_licence": "CC0"}, class_names=["cat"]
    )
    save(networks, path)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.safetensors"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(convert, [str(argument) for argument in arguments])


def test_all_networks_get_the_new_size_and_channels(model: Path, out: Path) -> None:
    result = run(model, out, "--height", 32, "--channels", 1)
    assert result.exit_code == 0
    assert result.stdout == f"converted {model} (16×16×3) into {out} (32×16×1)\n"
    for network in load_networks(out).members().values():
        assert (network.img_height, network.img_width, network.img_channels) == (32, 16, 1)


def test_channels_are_the_recoloured_images(model: Path, out: Path) -> None:
    assert run(model, out, "--channels", 4).exit_code == 0
    assert_near(paint(load(out)), recolour(paint(load(model)), 4), 1e-6)


def test_strip_keeps_the_painter_alone(model: Path, out: Path) -> None:
    assert run(model, out, "--strip").exit_code == 0
    assert list(load_networks(out).members()) == ["G_ema"]
    assert same_tensors(load(out), load(model))


def test_half_halves_the_file(model: Path, out: Path) -> None:
    assert run(model, out, "--half").exit_code == 0
    tensors, _ = read_tensors(out, kind="model", version=1)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert_near(paint(load(out)), paint(load(model)), 0.02)


def test_half_precision_is_refused_where_it_would_overflow(tmp_path: Path, out: Path) -> None:
    G = generator("skip")
    G.mapping.fc0.weight[0, 0] = 70000
    save(G, tmp_path / "large.safetensors")
    error = run(tmp_path / "large.safetensors", out, "--half").exception
    assert isinstance(error, OutputError)
    assert "G_ema.mapping.fc0.weight holds 70000: float16 ends at 65504" in str(error)
    assert not out.exists()


def test_the_file_tells_every_conversion(model: Path, out: Path, tmp_path: Path) -> None:
    assert run(model, out, "--size", 32, "--strip").exit_code == 0
    assert run(out, tmp_path / "again", "--channels", 1, "--half").exit_code == 0
    again = load_networks(tmp_path / "again")
    assert again.class_names == ["cat"]
    assert again.provenance == {
        "images_licence": "CC0",
        "parent": str(out),
        "conversions": [
            {"from": "16×16×3", "to": "32×32×3", "strip": True, "half": False},
            {"from": "32×32×3", "to": "32×32×1", "strip": False, "half": True},
        ],
    }


def test_doublings_may_be_chosen(model: Path, out: Path) -> None:
    assert run(model, out, "--strip", "--width", 12, "--doublings", 1).exit_code == 0
    assert load(out).synthesis.b4.const.shape[1:] == (8, 6)


def test_what_has_to_be_learned_first_is_told(tmp_path: Path, out: Path) -> None:
    save(Networks(G_ema=generator("skip"), D=discriminator("resnet")), tmp_path / "a.safetensors")
    lines = run(tmp_path / "a.safetensors", out, "--size", 32).stdout.splitlines()
    assert lines[0] == "D: only its finest block knows colours, and that is new: train it first"
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "say what to convert"),
        (["--size", "8", "--width", "8"], "give --size, or --height and --width, not both"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(
    model: Path, out: Path, options: list[str], sentence: str
) -> None:
    result = run(model, out, *options)
    assert isinstance(result.exception, ConfigError)
    assert sentence in str(result.exception)
    assert not out.exists()


def test_help_shows_examples_and_has_few_options() -> None:
    text = run("--help").stdout
    assert "allaprima convert emoji-64" in text
    assert text.count("\n  --") <= 9  # with --help
