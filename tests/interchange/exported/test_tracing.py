"""Tracing leaves no trace in the rest of the program."""

import logging
import warnings

import pytest
import torch

from allaprima.interchange.exported.parts import Whole, detached
from allaprima.interchange.exported.tracing import quiet, symbolic_lengths, trace
from allaprima.layers import style
from tests.interchange.exported.systems import trained


def test_len_is_symbolic_meanwhile_and_python_s_own_again() -> None:
    with pytest.raises(KeyError), symbolic_lengths(trained("stylegan2 skip")):  # noqa: PT012
        assert vars(style)["len"](torch.zeros(3, 2)) == 3
        assert vars(style)["len"]([1, 2]) == 2
        raise KeyError
    assert "len" not in vars(style)


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
