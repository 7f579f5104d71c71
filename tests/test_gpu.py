"""What only a GPU can show; skipped, loudly, where there is none."""

from pathlib import Path

import pytest
import torch

from allaprima.generation import generate
from allaprima.models import StyleGAN2Generator, build, fast_half, set_half
from allaprima.training import open_session
from allaprima.training.loop import fit
from allaprima.training.run import choose_precision, start
from allaprima.training.step import train_step
from tests.conftest import assert_near
from tests.training.small import batch_for, make_data, tiny
from tests.training.test_systems import SYSTEMS, of

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="NOT SHOWN: there is no GPU on this machine")


def test_a_gpu_paints_what_a_processor_paints() -> None:
    G = build(StyleGAN2Generator(height=32, width=24, img_channels=4, z_dim=16, w_dim=16, channel_base=512)).eval()
    here = [image.astype(int) for image in generate(G, seeds=range(4), noise_mode="random")]
    there = [image.astype(int) for image in generate(G.to("cuda"), seeds=range(4), noise_mode="random")]
    assert max(abs(a - b).max() for a, b in zip(here, there, strict=True)) <= 2


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_a_training_runs_stops_and_goes_on(precision: str, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data.zip", (32, 16, 3))
    recipe = tiny(precision=precision, num_fp16_res=4, conv_clamp=256.0)
    device = torch.device("cuda")
    first = open_session(data, tmp_path / "run", recipe, device=device)
    reports = fit(first, should_stop=lambda: first.run.step >= 3)
    assert list(reports)[-1].stopped
    second = open_session(data, tmp_path / "run", recipe, device=device)
    assert second.run.step == 3
    last = list(fit(second))[-1]
    assert last.snapshot is not None
    assert all(torch.isfinite(p).all() for p in second.run.G_ema.parameters())


@pytest.mark.parametrize("precision", ["fp32", "auto"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_takes_its_steps(system: str, precision: str) -> None:
    augmented = {} if system == "r3gan" else {"aug": "ada", "p": 0.5}  # r3gan has a schedule of its own
    chosen = choose_precision(precision, torch.device("cuda"))
    recipe = of(system, precision=chosen, num_fp16_res=8, batch_gpu=4, **augmented)
    run = start(recipe, height=24, width=16, channels=4, label_table=torch.eye(3), device=torch.device("cuda"))
    for _ in range(3):
        scalars = train_step(run, *batch_for(run))
    assert all(torch.isfinite(value).all() for value in scalars.values())
    here = build(run.G_ema.spec)
    here.load_state_dict(run.G_ema.cpu().state_dict())
    z, c = torch.randn(2, run.G.z_dim), torch.eye(3)[:2]
    set_half(run.G_ema, None)
    on_gpu = run.G_ema.to("cuda")(z.cuda(), c.cuda(), noise_mode="const").cpu()
    assert_near(on_gpu, here(z, c, noise_mode="const"), 1e-3)


def test_half_precision_is_chosen() -> None:
    assert fast_half(torch.device("cuda")) in (torch.bfloat16, torch.float16)
