"""One step of an optimizer, which stops the run at the first number that is not finite."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allaprima.errors import NonFiniteError, RunError
from allaprima.processes import Processes
from allaprima.training.memory import is_out_of_memory, no_remedy
from allaprima.training.run import Run
from allaprima.training.statistics import Scalars, collect


def descend(
    run: Run, role: str, losses: Iterable[Tensor], scalars: Scalars | None = None, sums: Sequence[Tensor] = ()
) -> None:
    """Take one optimizer step along the summed gradient of ``losses``, which are made one by one.

    Only the parameters of the network ``role`` that learn receive gradients, so that no network is frozen by hand.
    Where several processes share the training, the gradient is that of all of them.

    Args:
        run: The training.
        role: G or D.
        losses: Of the parts of this process's share, each divided by the size of the whole batch.
        scalars: Where the gradient's norm is noted.
        sums: Tensors that are added up over all processes on the same way, once ``losses`` are through.

    Raises:
        NonFiniteError: A loss or a gradient is not finite, in all processes at once; the weights are as they were
            before the step.
        RunError: Another process is gone; or one of several has not memory enough for its optimizer.
    """
    network: nn.Module = run.G if role == "G" else run.D
    optimizer: Optimizer = run.G_optimizer if role == "G" else run.D_optimizer
    parameters = optimizer.param_groups[0]["params"]
    optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), device=run.device)
    for loss in losses:
        total += loss.detach()
        torch.autograd.backward(loss, inputs=parameters)
    if run.processes.count > 1:
        add_up(run.processes, parameters, [total, *sums])
    norm = require_finite(run, role, network, total)
    if scalars is not None and run.processes.is_first:  # it is the same in all of them
        collect(scalars, {f"Gradients/{role}": norm})
    try:
        optimizer.step()
    except RuntimeError as error:
        if run.processes.count > 1 and is_out_of_memory(error):  # the others have moved, so this cannot be done again
            raise RunError(no_remedy(run)) from error
        raise


def add_up(processes: Processes, parameters: Sequence[Tensor], sums: Sequence[Tensor]) -> None:
    """Add up the gradients of ``parameters``, and ``sums``, over all processes, on one way.

    Wrapping the networks would cost the path length regularisation: PyTorch's DistributedDataParallel hides from
    autograd that a network's output depends on w. A parameter that has a gradient in any process has it in all.
    """
    has_gradient = torch.tensor([float(p.grad is not None) for p in parameters]).to(parameters[0])
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    pieces = [has_gradient, *gradients, *sums]
    flat = torch.cat([piece.detach().reshape(-1).to(has_gradient) for piece in pieces])
    processes.add_up(flat)
    counts, *found = torch.split(flat, [piece.numel() for piece in pieces])
    for parameter, gradient, count in zip(parameters, found, counts.tolist(), strict=False):
        parameter.grad = gradient.view_as(parameter) if count else None
    for total, value in zip(sums, found[len(parameters) :], strict=True):
        total.copy_(value.view_as(total))


def require_finite(run: Run, role: str, network: nn.Module, loss: Tensor) -> Tensor:
    """The norm of the gradient of ``role``.

    Raises:
        NonFiniteError: The loss or gradients are not finite; names the step and the tensor.
    """
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    norms = torch.stack(torch._foreach_norm(gradients))
    if torch.isfinite(loss + norms.sum()):
        norm: Tensor = torch.linalg.vector_norm(norms)
        return norm
    names = [name for name, p in network.named_parameters() if p.grad is not None and not torch.isfinite(p.grad).all()]
    if names:
        what = f"the gradient of {role}.{names[0]}"
    else:  # a gradient that is finite, but too large to be squared, has a norm that is not
        what = f"the norm of the gradient of {role}" if torch.isfinite(loss) else f"the loss of {role}"
    raise NonFiniteError(f"{what} is not finite at step {run.step} ({run.images_seen} images seen)")
