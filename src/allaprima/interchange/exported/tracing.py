"""From a part of a generator to a graph: PyTorch's ``torch.export``, with a dynamic batch."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.export import Dim, ExportedProgram

from allaprima.interchange.exported.parts import Part

TALKATIVE = ("torch.export", "torch.onnx", "onnxscript", "onnx_ir")
_ONE_AT_A_TIME = threading.Lock()


def trace(part: Part) -> ExportedProgram:
    """The graph of ``part``, for any number of images; nothing in it tells of the machine that made it."""
    n = Dim("n", min=1)
    inputs = part.inputs()
    example = part.arguments({name: entry.example for name, entry in inputs.items()})
    dynamic = part.arguments({name: {0: n} if entry.per_image else None for name, entry in inputs.items()})
    with _ONE_AT_A_TIME, quiet(), torch.no_grad():
        program = torch.export.export(part, (), example, dynamic_shapes=dynamic, strict=False)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names of files and folders
    return program


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings and notes to themselves that the exporters give on every model, whatever it is."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
