"""A phase of a training that does not fit into memory is done again in smaller parts."""

import gc
from collections.abc import Callable

import torch
from torch import Tensor

from allaprima.errors import RunError
from allaprima.training.run import Run
from allaprima.training.statistics import Scalars, collect


def within_memory(run: Run, phase: Callable[[Scalars], None], scalars: Scalars) -> None:
    """Do one phase; where memory runs out, do it again from its beginning with half as many images at once.

    Its images and its random streams are functions of the step, so they are the same again, and all that a phase
    changes before its optimizer moves is put back: the failed try leaves nothing. Phases before it have already moved
    their network, and stay as they are.

    Raises:
        RunError: Not even one image fits.
    """
    while True:
        before, found = _Before(run), Scalars()
        try:
            phase(found)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if run.batch_gpu == 1:
                raise RunError(no_remedy(run)) from error
        else:
            collect(scalars, found)
            return
        before.restore(run)  # out of the handler, whose error keeps the tensors of the failed try
        _release(run)
        run.halvings += 1


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether ``error`` says that a GPU, or PyTorch's allocator on the CPU, has no memory left."""
    text = str(error)
    on_cpu = "DefaultCPUAllocator" in text and "you tried to allocate" in text
    return on_cpu or isinstance(error, torch.OutOfMemoryError)


def no_remedy(run: Run) -> str:
    """What to change where not even one image fits."""
    options = ["a smaller network (cbase, cmax)", "smaller images"]
    if not run.recipe.checkpointing:
        options.insert(0, "checkpointing=true")
    return (
        f"there is not memory enough for step {run.step}, even for one image at a time:"
        f" {', '.join(options[:-1])} or {options[-1]} would take less"
    )


class _Before:
    """What a phase changes before its optimizer moves: moving averages, signs, and which weights have a state."""

    def __init__(self, run: Run) -> None:
        self.pl_mean = run.pl_mean
        self.signs = run.signs.clone()
        self.buffers: list[Tensor] = [buffer.clone() for buffer in run.G.buffers()]
        self.known = [set(optimizer.state) for optimizer in (run.G_optimizer, run.D_optimizer)]

    def restore(self, run: Run) -> None:
        """Put it back."""
        run.pl_mean = self.pl_mean
        run.signs.copy_(self.signs)
        for buffer, value in zip(run.G.buffers(), self.buffers, strict=True):
            buffer.copy_(value)
        for optimizer, known in zip((run.G_optimizer, run.D_optimizer), self.known, strict=True):
            for parameter in set(optimizer.state) - known:  # the state of a first step, half made
                del optimizer.state[parameter]


def _release(run: Run) -> None:
    run.G_optimizer.zero_grad(set_to_none=True)
    run.D_optimizer.zero_grad(set_to_none=True)
    gc.collect()  # a failed graph may hold itself in a cycle
    if run.device.type == "cuda":
        torch.cuda.empty_cache()
