"""One step of an optimizer, which stops the run at the first number that is not finite."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allaprima.errors import NonFiniteError
from allaprima.training.run import Run
from allaprima.training.statistics import Scalars, collect


def descend(run: Run, role: str, losses: Iterable[Tensor], scalars: Scalars | None = None) -> None:
    """Take one optimizer step along the summed gradient of ``losses``, which are made one by one.

    Only the parameters of the network ``role`` that learn receive gradients, so that no network is frozen by hand.

    Raises:
        NonFiniteError: A loss or a gradient is not finite; the weights are as they were before the step.
    """
    network: nn.Module = run.G if role == "G" else run.D
    optimizer: Optimizer = run.G_optimizer if role == "G" else run.D_optimizer
    parameters = optimizer.param_groups[0]["params"]
    optimizer.zero_grad(set_to_none=True)
    finite: list[Tensor] = []
    for loss in losses:
        finite.append(loss.detach())
        torch.autograd.backward(loss, inputs=parameters)
    norm = require_finite(run, role, network, torch.stack(finite))
    if scalars is not None:
        collect(scalars, {f"Gradients/{role}": norm})
    optimizer.step()


def require_finite(run: Run, role: str, network: nn.Module, losses: Tensor) -> Tensor:
    """The norm of the gradient of ``role``.

    Raises:
        NonFiniteError: Losses or gradients are not finite; names the step and the tensor.
    """
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    norms = torch.stack(torch._foreach_norm(gradients))
    if torch.isfinite(losses.sum() + norms.sum()):
        norm: Tensor = torch.linalg.vector_norm(norms)
        return norm
    names = [name for name, p in network.named_parameters() if p.grad is not None and not torch.isfinite(p.grad).all()]
    if names:
        what = f"the gradient of {role}.{names[0]}"
    else:  # a gradient that is finite, but too large to be squared, has a norm that is not
        what = f"the norm of the gradient of {role}" if torch.isfinite(losses).all() else f"the loss of {role}"
    raise NonFiniteError(f"{what} is not finite at step {run.step} ({run.images_seen} images seen)")
