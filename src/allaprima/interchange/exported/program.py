"""``.pt2``: a generator as a program of ``torch.export``, which PyTorch runs without a line of ours."""

from pathlib import Path
from typing import Any

import torch

from allaprima.files import atomic_path
from allaprima.interchange.exported.description import KEY, describe_json
from allaprima.interchange.exported.parts import Whole, detached
from allaprima.interchange.exported.tracing import quiet, trace


def export_program(G: Any, path: str | Path) -> Path:
    """Write ``G``, from z to image, as a ``.pt2`` file.

        program = torch.export.load("model.pt2")
        args, kwargs = program.example_inputs    # a call for two images, with the stored noise
        images = program.module()(**kwargs)      # [2, c, h, w], about [-1, 1], not clamped

    The arguments, by keyword:

    - ``z`` [n, z_dim], standard normal, of any n;
    - ``c`` [n, c_dim], of models with labels alone;
    - ``truncation_psi`` [num_ws]: ψ of each layer, ones for none. A ``truncation_cutoff`` of k is ψ k times, then ones;
    - ``noise``, of models with noise alone: a dictionary of maps [n, 1, h, w], one for each layer. Zeros are
      ``noise_mode="none"``, ``torch.randn`` is ``random`` (``torch.rand`` of lucidrains' networks, which have one map
      for all layers); the stored ones are those of the example.

    The weights are in ``program.state_dict`` under the names of our model files, ``G_ema.…``. What the program is
    stands, as JSON, in the extra file ``allaprima.json``: spec, inputs, output, names of the stored noise.

    Args:
        G: The generator; it stays as it is.
        path: The file, which appears complete or not at all.

    Returns:
        ``path``.

    Raises:
        ConfigError: ``G`` is no generator.
        OutputError: The file cannot be written.
    """
    part, path = Whole(detached(G)), Path(path)
    program = trace(part)
    with atomic_path(path) as temporary, quiet(), temporary.open("wb") as file:
        torch.export.save(program, file, extra_files={f"{KEY}.json": describe_json(part)})
    return path
