"""What is computed from a network's kernels alone, kept from one image to the next.

A program that paints many images with the same weights reorders, transforms and squares the same kernels for each of
them; for one small image at a time, that is a third of the work. Whoever paints many says so:

    kept = KeptKernels()
    for ws in many:
        with kept, torch.inference_mode():
            G.synthesis(ws)
"""

import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.allocator import for_long, give_back_holes, give_back_pages, is_of_a_file, lasting

LIMIT = 256 * 2**20  # bytes
SMALL = 3 * 2**20  # bytes that one kernel may cost, whatever they save
LEAST_WORTH = 0.22  # milliseconds that a MB of more than that saves; so, painting needs no more memory than plainly
_IN_FORCE: ContextVar["KeptKernels | None"] = ContextVar("kept kernels", default=None)


class _Entry(NamedTuple):
    weight: "weakref.ref[Tensor]"
    state: tuple[Any, ...]
    value: tuple[Tensor, ...] | None


class KeptKernels:
    """A store, in force for what one thread computes without gradients inside ``with``; for float32 on a CPU.

    A kernel that changes in place, or is replaced, is computed anew. Only a change through ``weight.data`` goes unseen:
    take a new store then.

    What is kept does not depend on the images, so that they do not differ in their last digits by what was painted
    before. Kernels that were read from a file, and are kept in another order, need no memory meanwhile: the system gets
    their pages, and would read them again.

    Args:
        limit: Bytes to keep at most; what does not fit is computed for each image.
        thrifty: Do not keep what saves little for its size. What the compiled passes keep of a network that was read
            from a file always pays, for it needs no more memory; in plain PyTorch, keeping everything takes 25 MB more.
    """

    def __init__(self, limit: int = LIMIT, *, thrifty: bool = True) -> None:
        self.limit = limit
        self.thrifty = thrifty
        self._entries: dict[tuple[str, int], _Entry] = {}
        self._tokens: list[Token[KeptKernels | None]] = []
        self._scratch: list[Tensor] = []  # a block for each thread that has computed at the same time
        self._grown = False  # since the pages of holes were given back

    def __enter__(self) -> "KeptKernels":
        self._tokens.append(_IN_FORCE.set(self))
        return self

    def __exit__(self, *_: object) -> None:
        _IN_FORCE.reset(self._tokens.pop())
        if self._grown:  # what was in use beside the work of making will not be again
            self._grown = False
            give_back_holes()

    @classmethod
    def here(cls, limit: int = LIMIT) -> "KeptKernels":
        """The store in force, or a new one with this limit."""
        return _IN_FORCE.get() or cls(limit)

    @property
    def nbytes(self) -> int:
        """What is kept now."""
        return sum(_bytes(entry.value or ()) for entry in self._entries.values())

    def get(
        self,
        kind: str,
        weight: Float[Tensor, "..."],
        make: Callable[[Tensor], tuple[Tensor, ...]],
        *,
        size: int,
        worth: float,
        about: Sequence[Any] = (),
    ) -> tuple[Tensor, ...] | None:
        """What ``make`` computes from ``weight``; None where there is no room for it.

        Args:
            kind: Of what is kept; one of each kind for each weight.
            weight: A network's own, [o, i, k, k] in convolutions.
            make: Is called if nothing is kept, or something for other inputs or for what the weight was before.
            size: Bytes of the result.
            worth: Milliseconds that a MB of it saves, about.
            about: The inputs, as far as the result depends on them.
        """
        key, state = (kind, id(weight)), (weight._version, weight.data_ptr(), *about)
        entry = self._entries.get(key)
        if entry is not None and entry.weight() is weight and entry.state == state:
            return entry.value
        self._entries = {k: e for k, e in self._entries.items() if k != key and e.weight() is not None}
        value = None
        if self.nbytes + size <= self.limit and not (self.thrifty and _costs_too_much(weight, size, worth)):
            with for_long():
                value = make(weight)
            give_back_pages(weight.data_ptr(), weight.nbytes)
            give_back_holes()
            self._grown = True
        self._entries[key] = _Entry(weakref.ref(weight), state, value)
        return value

    @contextmanager
    def scratch(self, like: Float[Tensor, "..."], numbers: int) -> Iterator[Float[Tensor, "numbers"]]:
        """A block of numbers of any value, for the time of ``with``, and the same one the next time.

        Args:
            like: Has the type of the numbers.
            numbers: So many, …

        Yields:
            … in one row.
        """
        block = self._scratch.pop() if self._scratch else like.new_empty(0)  # else, of another thread
        if block.numel() < numbers or block.dtype != like.dtype:
            block = lasting_zeros(like, numbers)
        yield block[:numbers]
        self._scratch.append(block)


def _costs_too_much(weight: Tensor, size: int, worth: float) -> bool:
    weight.flatten()[weight.numel() // 2].item()  # so that a page is there, though another store gave all back
    cost = size - weight.nbytes if is_of_a_file(weight.data_ptr(), weight.nbytes) else size
    return cost > SMALL and worth * size < LEAST_WORTH * cost


def in_force(weight: Tensor) -> KeptKernels | None:
    """The store, where there is one and what is computed from ``weight`` may be kept: it is a network's own."""
    kept = _IN_FORCE.get()
    if kept is None or not isinstance(weight, nn.Parameter) or torch.is_grad_enabled() or weight.is_inference():
        return None
    return kept


def lasting_zeros(like: Tensor, *size: int) -> Tensor:
    """For what is kept: zeros in memory of their own, which leave no holes among what comes and goes."""
    numbers = max(math.prod(size), 1)
    return torch.frombuffer(lasting(numbers * like.element_size()), dtype=like.dtype, count=math.prod(size)).view(size)


def _bytes(value: tuple[Tensor, ...]) -> int:
    return sum(part.numel() * part.element_size() for part in value)  # `nbytes` is not known of a reordered tensor
