"""Every system of the family trains, grows, resumes, paints; on any shape, with labels, in half precision."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

import allaprima
from allaprima.training import Recipe, open_session
from allaprima.training.state import same
from allaprima.training.step import train_step
from tests.training.small import CPU, batch_for, lasting_files, make_data, small_run, tiny, train

GROWTH = {"growing": True, "lod_training_kimg": 0.004, "lod_transition_kimg": 0.008}
WGAN = {"loss": "wasserstein", "penalty": "wgan-gp", "r1_interval": 1, "drift": 0.001, "gamma": 10.0}
SYSTEMS: dict[str, dict[str, Any]] = {
    "progan": {"system": "progan", "pl_weight": 0.0, **GROWTH, **WGAN, "batch_by_res": ((4, 8),)},
    "stylegan": {"system": "stylegan", "pl_weight": 0.0, "r1_interval": 1, **GROWTH, "noise": True},
    "stylegan, nothing of its own": {
        "system": "stylegan",
        "pl_weight": 0.0,
        "styles": False,
        "const_input": False,
        "noise": False,
        **GROWTH,
    },
    "stylegan2-d": {"g_architecture": "orig", "d_architecture": "orig", **GROWTH},
    "stylegan2 resnet": {"g_architecture": "resnet", "d_architecture": "skip"},
    "stylegan3-t": {"system": "stylegan3-t", "pl_weight": 0.0, "map_depth": 2, "cmax": 4},
    "stylegan3-r": {
        "cmax": 4,
        "system": "stylegan3-r",
        "pl_weight": 0.0,
        "blur_init_sigma": 2.0,
        "blur_fade_kimg": 0.02,
    },
    "r3gan": {
        "system": "r3gan",
        "pl_weight": 0.0,
        "cardinality": 2,
        "loss": "relativistic",
        "penalty": "r1+r2",
        "r1_interval": 1,
        "aug": "fixed",
        "p": 0.0,
        "p_end": 0.5,
        "gamma_end": 0.1,
        "glr_end": 0.001,
        "beta2_end": 0.9,
        "ema_kimg_end": 0.01,
        "decay_kimg": 0.02,
    },
}
LOSSES = ("nonsaturating", "saturating", "wasserstein", "hinge", "relativistic", "dual-contrastive")
each_system = pytest.mark.parametrize("system", SYSTEMS)


def of(system: str, **fields: Any) -> Recipe:
    return tiny(**{**SYSTEMS[system], **fields})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten images of 16×12 RGB in three classes."""
    return make_data(tmp_path_factory.mktemp("pictures") / "set.zip", (16, 12, 3), classes=3)


@each_system
def test_it_resumes_exactly_in_the_middle_and_paints(system: str, pictures: Path, tmp_path: Path) -> None:
    recipe = of(system, kimg=0.016)
    session, _ = train(pictures, tmp_path / "whole", recipe)
    train(pictures, tmp_path / "cut", recipe, stop_at=2)
    train(pictures, tmp_path / "cut", recipe)
    assert lasting_files(tmp_path / "whole") == lasting_files(tmp_path / "cut")
    assert same(session.run, open_session(pictures, tmp_path / "cut", None, device=CPU).run)

    G = allaprima.load(tmp_path / "whole")
    (image,) = allaprima.generate(G, seeds=[3], truncation_psi=0.7)
    assert image.shape == (16, 12, 3)
    (again,) = allaprima.generate(allaprima.load(tmp_path / "cut"), seeds=[3], truncation_psi=0.7)
    assert (image == again).all()


@each_system
def test_every_weight_learns(system: str) -> None:
    run = small_run(shape=(3, 8, 8), labels=2, **{**SYSTEMS[system], "style_mixing": 0.0, "glr": 0.01, "dlr": 0.01})
    before = {role: {n: p.clone() for n, p in getattr(run, role).named_parameters()} for role in ("G", "D")}
    for _ in range(6):
        train_step(run, *batch_for(run))
    for role, old in before.items():
        still = [n for n, p in getattr(run, role).named_parameters() if torch.equal(p, old[n])]
        assert still == [], role


@pytest.mark.parametrize("system", ["progan", "stylegan", "stylegan3-t", "stylegan3-r", "r3gan"])
@pytest.mark.parametrize("shape", [(1, 24, 24), (4, 9, 21), (5, 16, 8)])
def test_it_trains_on_any_shape(system: str, shape: tuple[int, int, int]) -> None:
    run = small_run(shape=shape, **SYSTEMS[system])
    for _ in range(2):
        scalars = train_step(run, *batch_for(run))
    assert all(torch.isfinite(value).all() for value in scalars.values())
    assert run.G(torch.randn(2, run.G.z_dim)).shape == (2, *shape)


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_trains_in_bfloat16(system: str) -> None:
    run = small_run(shape=(3, 16, 16), **{**SYSTEMS[system], "precision": "bf16", "num_fp16_res": 8})
    for _ in range(2):
        scalars = train_step(run, *batch_for(run))
    assert all(torch.isfinite(value).all() for value in scalars.values())
    assert any(getattr(module, "half_dtype", None) == torch.bfloat16 for module in run.G.modules())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", ["r1", "r1+r2", "wgan-gp"])
@pytest.mark.parametrize("interval", [1, 2])
def test_any_loss_goes_with_any_penalty(loss: str, penalty: str, interval: int) -> None:
    run = small_run(labels=2, loss=loss, penalty=penalty, r1_interval=interval, batch_gpu=2)
    found = train_step(run, *batch_for(run))
    names = {"r1": {"r1"}, "r1+r2": {"r1", "r2"}, "wgan-gp": {"gp"}}[penalty]
    assert {name for name in ("r1", "r2", "gp") if f"Loss/{name}_penalty" in found} == names
    assert all(value.numel() == 4 for name, value in found.items() if name.endswith("1_penalty"))
    assert all(torch.isfinite(value).all() for value in found.values())


@each_system
@pytest.mark.parametrize("loss", LOSSES)
def test_any_loss_goes_with_any_system(system: str, loss: str) -> None:
    run = small_run(labels=2, **{**SYSTEMS[system], "loss": loss, "penalty": "r1+r2"})
    found = train_step(run, *batch_for(run))
    assert {"Loss/r1_penalty", "Loss/r2_penalty"} <= found.keys()
    assert all(torch.isfinite(value).all() for value in found.values())


def test_a_penalty_of_every_step_is_part_of_the_discriminators_loss() -> None:
    """Merged or apart, the gradient is the sum of both; merged, Adam takes one step."""
    run = small_run(r1_interval=1, pl_weight=0.0, noise=False)
    train_step(run, *batch_for(run))
    assert {int(state["step"]) for state in run.D_optimizer.state.values()} == {1}
    (group,) = run.D_optimizer.param_groups
    assert (group["lr"], group["betas"]) == (run.recipe.dlr, (0.0, 0.99))


# Growing


def test_it_grows_forgets_its_optimizers_and_changes_its_batch(tmp_path: Path) -> None:
    data = make_data(tmp_path / "set.zip", (16, 16, 1), count=30)
    recipe = of("progan", kimg=0.06)
    seen: list[tuple[int, int, float, int]] = []

    def watch(run: Any) -> None:
        steps = {int(state["step"]) for state in run.D_optimizer.state.values()}
        seen.append((run.images_seen, run.batch, float(run.D.lod), max(steps)))

    session, _ = train(data, tmp_path / "run", recipe, on_step=watch)
    lods = [lod for _, _, lod, _ in seen]
    assert lods[0] == 2
    assert lods[-1] == 0
    assert lods == sorted(lods, reverse=True)
    assert any(lod % 1 > 0 for lod in lods), "it fades"
    assert seen[0][0] == 8, "the batch of the base grid"
    assert seen[-1][0] - seen[-2][0] == 4
    assert any(b[3] <= a[3] for a, b in itertools.pairwise(seen)), "an optimizer began anew"
    assert float(session.run.G_ema.lod) == 0


def test_reals_fade_as_fakes_do(monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run(shape=(1, 16, 16), **{**SYSTEMS["progan"], "lod_training_kimg": 1.0})
    shown: list[torch.Tensor] = []
    run.D.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0].detach()))
    train_step(run, *batch_for(run))
    assert float(run.D.lod) == 2
    for images in shown:
        if images.shape[0] and not images.requires_grad:
            blocks = images.unfold(2, 4, 4).unfold(3, 4, 4)
            assert torch.allclose(blocks, blocks[..., :1, :1].expand_as(blocks), atol=1e-5), "4×4 blocks of one colour"


def test_coarse_networks_mix_only_the_styles_that_they_use() -> None:
    from allaprima.training.painting import draw_latents, styles_in_use

    run = small_run(shape=(1, 32, 32), **{**SYSTEMS["stylegan"], "style_mixing": 1.0})
    train_step(run, *batch_for(run))
    assert run.G.num_ws == 8
    assert styles_in_use(run) == 8 - 2 * 3
    for run.step in range(30):
        assert draw_latents(run, "G").cutoff == 1


# Labels


def test_a_label_head_learns_the_classes() -> None:
    run = small_run(shape=(1, 8, 8), labels=3, **{**SYSTEMS["progan"], "growing": False})
    assert run.D.label_head
    pixels, labels = batch_for(run)
    assert run.D(pixels.float() / 127.5 - 1, labels).shape == (len(pixels), 4)
    with_head = train_step(run, pixels, labels)
    without = small_run(shape=(1, 8, 8), labels=3, **{**SYSTEMS["progan"], "growing": False, "label_weight": 0.0})
    assert torch.equal(train_step(without, pixels, labels)["Loss/G/loss"], with_head["Loss/G/loss"])
    assert not same(run, without), "its loss moves the weights"


def test_class_names_come_along(tmp_path: Path, pictures: Path) -> None:
    session, _ = train(pictures, tmp_path / "run", of("stylegan3-t", cond=True, kimg=0.004))
    session.dataset.class_names = ["cat", "dog", "owl"]
    path = session.directory.write_snapshot(session.run, {}, session.dataset.class_names)
    assert allaprima.load_networks(path).class_names == ["cat", "dog", "owl"]
