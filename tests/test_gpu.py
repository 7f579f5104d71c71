"""What only a GPU can show; skipped, loudly, where there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from allaprima.generation import generate
from allaprima.models import StyleGAN2Generator, build, fast_half, set_half
from allaprima.ops import bias_act, filtered_lrelu, kernels, upfirdn2d
from allaprima.ops.scaled_bias_act import scaled_bias_act
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


FILTERS = {"long": (12,), "short": (4, 4)}
OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    **{
        f"upfirdn2d up {taps}": lambda x, b, t=shape: upfirdn2d(x, ramp(t, x), up=2, padding=(6, 5, 4, 7))
        for taps, shape in FILTERS.items()
    },
    **{
        f"upfirdn2d down {taps}": lambda x, b, t=shape: upfirdn2d(x, ramp(t, x), down=2, padding=(6, 5, 4, 7))
        for taps, shape in FILTERS.items()
    },
    "bias_act": lambda x, b: bias_act(x, b, activation="lrelu", clamp=1.5),
    "scaled_bias_act": lambda x, b: scaled_bias_act(
        x, b.expand(len(x), -1).sin(), x.detach()[:, :1].cos(), b, activation="lrelu", clamp=1.5
    ),
    **{
        f"filtered_lrelu {taps}": lambda x, b, t=shape: filtered_lrelu(
            x, ramp((12,), x), ramp(t, x), b, up=2, down=2, padding=(9, 8, 9, 8), clamp=1.5
        )
        for taps, shape in FILTERS.items()
    },
}


def ramp(shape: tuple[int, ...], x: Tensor) -> Tensor:
    """A lopsided filter."""
    f = torch.arange(1.0, 1 + torch.Size(shape).numel(), device=x.device).reshape(shape)
    return f / f.sum()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["contiguous", "channels last"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_operations_and_derivatives_equal_those_in_double_precision_on_the_processor(
    operation: Callable[[Tensor, Tensor], Tensor], layout: torch.memory_format
) -> None:
    x, bias = torch.randn(3, 20, 70, 37), torch.randn(20)
    found = []
    for device, dtype in (("cuda", torch.float32), ("cpu", torch.float64)):
        leaves = [t.to(device, dtype).requires_grad_() for t in (x.contiguous(memory_format=layout), bias)]
        assert kernels.serve(leaves[0]) == (device == "cuda")
        y = operation(*leaves)
        (first,) = torch.autograd.grad(y.square().mean() * 1000, leaves[0], create_graph=True)
        second = torch.autograd.grad(first.square().mean() * 1000, leaves[0])
        found.append([y, first, *second])
    for got, wanted in zip(*found, strict=True):
        relative = (got.cpu().double() - wanted).norm() / wanted.norm()
        assert relative < 1e-3, relative  # a number near a kink may fall on its other side


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_operations_in_half_precision(operation: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> None:
    x, bias = torch.randn(3, 20, 70, 37).to(dtype), torch.randn(20)
    got = operation(x.cuda(), bias.cuda())
    assert got.dtype == dtype
    assert_near(got.float().cpu(), operation(x.float(), bias), 8 * torch.finfo(dtype).eps)
