"""Laws of fine-tuning: what fits is copied, the rest is named."""

from pathlib import Path

import pytest
import torch

from allaprima.checkpoint import Networks, save
from allaprima.errors import ConfigError, ModelFileError
from allaprima.training import open_session
from allaprima.training.transfer import transfer
from tests.training.small import CPU, make_data, small_run, tiny, train


def networks_of(run: object) -> Networks:
    return Networks(G_ema=run.G_ema, G=run.G, D=run.D)


def weights_equal(a: object, b: object, names: list[str]) -> bool:
    mine, its = a.state_dict(), b.state_dict()
    return all(torch.equal(mine[name], its[name]) for name in names)


def test_of_the_same_shape_everything_is_copied() -> None:
    run, source = small_run(seed=1), small_run(seed=2)
    assert transfer(run, networks_of(source)) == []
    for role in ("G", "D", "G_ema"):
        assert weights_equal(getattr(run, role), getattr(source, role), list(getattr(run, role).state_dict()))


def test_of_another_resolution_the_common_blocks_are_copied_and_the_others_named() -> None:
    run, source = small_run(shape=(1, 16, 16), seed=1), small_run(shape=(1, 8, 8), seed=2)
    fresh = small_run(shape=(1, 16, 16), seed=1)
    notes = transfer(run, networks_of(source))
    assert weights_equal(run.G, source.G, ["mapping.fc0.weight", "synthesis.b4.const", "synthesis.b8.conv1.weight"])
    assert weights_equal(run.G, fresh.G, ["synthesis.b16.conv0.weight", "synthesis.b16.conv1.bias"])
    assert all("synthesis.b16" in note for note in notes if note.startswith("G"))
    assert [note.split(":")[0] for note in notes] == ["G", "D", "G_ema"]


def test_of_other_channels_the_common_colours_are_copied() -> None:
    run, source = small_run(shape=(4, 8, 8), seed=1), small_run(shape=(3, 8, 8), seed=2)
    fresh = small_run(shape=(4, 8, 8), seed=1)
    assert transfer(run, networks_of(source)) == []
    name = "synthesis.b8.torgb.weight"
    assert torch.equal(run.G.state_dict()[name][:3], source.G.state_dict()[name])
    assert torch.equal(run.G.state_dict()[name][3:], fresh.G.state_dict()[name][3:])
    name = "b8.fromrgb.weight"
    assert torch.equal(run.D.state_dict()[name][:, :3], source.D.state_dict()[name])


def test_of_other_labels_what_reads_them_is_new() -> None:
    run, source = small_run(labels=3, seed=1), small_run(labels=0, seed=2)
    notes = transfer(run, networks_of(source))
    assert any("mapping.embed.weight" in note for note in notes)
    assert weights_equal(run.G, source.G, ["synthesis.b4.conv1.weight"])


def test_without_a_discriminator_it_says_so() -> None:
    run, source = small_run(seed=1), small_run(seed=2)
    notes = transfer(run, Networks(G_ema=source.G_ema))
    assert notes == ["the model has no D: it starts from random weights"]
    assert weights_equal(run.G, source.G_ema, list(run.G.state_dict()))


def test_another_system_is_refused() -> None:
    source = small_run(system="r3gan", pl_weight=0.0, cardinality=2)
    with pytest.raises(ConfigError, match="none of the model's weights fits"):
        transfer(small_run(), networks_of(source))


def test_a_run_begins_with_a_model_and_goes_on_with_its_own_weights(data: Path, tmp_path: Path) -> None:
    source = small_run(seed=5)
    save(networks_of(source), tmp_path / "model.safetensors")
    run = tmp_path / "run"
    session = open_session(data, run, tiny(), device=CPU, init_from=tmp_path / "model.safetensors")
    assert weights_equal(session.run.G, source.G, list(source.G.state_dict()))
    del session
    train(data, run, tiny(kimg=0.004))
    again = open_session(data, run, tiny(), device=CPU, init_from=tmp_path / "model.safetensors")
    assert again.run.step == 1
    assert not weights_equal(again.run.G, source.G, ["synthesis.b8.conv1.weight"])


def test_the_parent_is_told_in_the_model_file(data: Path, tmp_path: Path) -> None:
    save(networks_of(small_run(seed=5)), tmp_path / "model.safetensors")
    session = open_session(data, tmp_path / "run", tiny(), device=CPU, init_from=tmp_path / "model.safetensors")
    assert session.provenance["parent"] == str(tmp_path / "model.safetensors")


def test_a_missing_model_leaves_no_run_behind(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no model"):
        open_session(data, tmp_path / "run", tiny(), device=CPU, init_from=tmp_path / "nothing")
    assert not (tmp_path / "run").exists()


def test_frozen_layers_do_not_learn(tmp_path: Path) -> None:
    data = make_data(tmp_path / "set.zip", (16, 16, 1))
    session, _ = train(data, tmp_path / "run", tiny(freezed=4, kimg=0.008))
    run, fresh = session.run, small_run(shape=(1, 16, 16), freezed=4)
    frozen = ["b16.fromrgb.weight", "b16.conv0.bias", "b16.conv1.weight", "b16.skip.weight"]
    assert weights_equal(run.D, fresh.D, frozen)
    assert not weights_equal(run.D, fresh.D, ["b8.conv0.weight"])
