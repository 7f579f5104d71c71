"""Numbers of the steps between two progress lines: count, mean and standard deviation by name."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from allaprima.processes import Processes

Scalars = dict[str, Tensor]  # one value, or one for each image of the batch


class Statistics:
    """Collects tensors without waiting for the device; sums are made when they are asked for."""

    def __init__(self) -> None:
        self._pending: dict[str, list[Tensor]] = {}
        self._sums: dict[str, tuple[int, float, float]] = {}

    def add(self, scalars: Mapping[str, Tensor | float]) -> None:
        """Take in the values of one step."""
        for name, value in scalars.items():
            tensor = value.detach() if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
            self._pending.setdefault(name, []).append(tensor.reshape(-1))

    def summary(self) -> dict[str, dict[str, float]]:
        """``{name: {num, mean, std}}``, as in the reference's stats.jsonl."""
        rows = {}
        for name, (num, total, squares) in self._reduced().items():
            mean = total / num
            rows[name] = {"num": num, "mean": mean, "std": max(squares / num - mean**2, 0.0) ** 0.5}
        return rows

    def clear(self) -> None:
        """Begin a new tick."""
        self._pending.clear()
        self._sums.clear()

    def state(self) -> dict[str, Any]:
        """JSON-ready sums, for a resume in the middle of a tick."""
        return {name: list(sums) for name, sums in self._reduced().items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.clear()
        self._sums = {name: (int(n), float(s), float(q)) for name, (n, s, q) in state.items()}

    def gather(self, processes: Processes) -> None:
        """Bring the values of all processes together in the first; the others begin anew."""
        if processes.count == 1:
            return
        merged: dict[str, tuple[int, float, float]] = {}
        for sums in processes.gathered(self._reduced):
            for name, values in sums.items():
                before = merged.get(name, (0, 0.0, 0.0))
                merged[name] = (before[0] + values[0], before[1] + values[1], before[2] + values[2])
        self.clear()
        self._sums = merged

    def _reduced(self) -> dict[str, tuple[int, float, float]]:
        for name, tensors in self._pending.items():
            values = torch.cat(tensors).double().cpu()
            num, total, squares = self._sums.get(name, (0, 0.0, 0.0))
            # One value after another, so that sums do not depend on where they were cut by a resume.
            for value in values.tolist():
                num, total, squares = num + 1, total + value, squares + value * value
            self._sums[name] = (num, total, squares)
        self._pending.clear()
        return self._sums


def collect(scalars: Scalars, values: dict[str, Tensor]) -> None:
    """Append ``values`` to what earlier parts of the batch gave."""
    for name, value in values.items():
        flat = value.detach().reshape(-1)
        scalars[name] = torch.cat([scalars[name], flat]) if name in scalars else flat
