"""Tracing leaves no trace in the rest of the program."""

import logging
import warnings

import pytest

from allaprima.interchange.exported.parts import Whole, detached
from allaprima.interchange.exported.tracing import quiet, trace
from tests.interchange.exported.systems import trained


def test_quiet_is_over_when_it_is_over() -> None:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with quiet():
        assert not logger.isEnabledFor(logging.WARNING)
        warnings.warn("nothing", UserWarning, stacklevel=1)
    assert logger.level == level
    with pytest.warns(UserWarning, match="something"):
        warnings.warn("something", UserWarning, stacklevel=1)


def test_a_graph_names_no_file_of_this_machine() -> None:
    program = trace(Whole(detached(trained("progan"))))
    assert all("stack_trace" not in node.meta for node in program.graph.nodes)
