"""The weights of a file made those of a spec: complete, and nothing besides."""

from collections.abc import Collection

import torch
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.average import NOTE, average_w
from allaprima.interchange.records import printable
from allaprima.interchange.torch_stylegan.shapes import Weights
from allaprima.models import GeneratorSpec, Spec, build, outline

W_AVG = "mapping.w_avg"
FIXED = ("resample_filter", "up_filter", "down_filter", "Kernel", "input.transform")  # nothing in them was learned
UNUSED = "resample_filter"  # most layers have one without resampling; forks give these any size
SHOWN = 5  # names in a note


def fit(spec: Spec, weights: Weights, *, droppable: Collection[str] = ()) -> tuple[dict[str, Tensor], list[str]]:
    """Give the state dict of ``spec``, and a sentence for everything that was left out or filled in.

    Args:
        spec: What the weights are of.
        weights: The file's.
        droppable: Names of tensors that may be left out if the network has none of that name.

    Raises:
        ModelFileError: A tensor is missing, has another shape, or is nothing that the network knows.
    """
    wanted: dict[str, Tensor] = outline(spec).state_dict()
    notes = _left_out([name for name in weights if name not in wanted], droppable)
    taken = {name: weights[name].float() for name in wanted if name in weights}
    for name, tensor in list(taken.items()):
        if not weights[name].is_floating_point():
            raise ModelFileError(f"the tensor {printable(name)} holds {weights[name].dtype}, not weights")
        if tensor.shape == wanted[name].shape:
            continue
        if not name.endswith(UNUSED):
            got, shape = list(tensor.shape), list(wanted[name].shape)
            raise ModelFileError(f"the tensor {printable(name)} is {got}, where {shape} was expected")
        del taken[name]
    missing = [name for name in wanted if name not in taken]
    if learned := [name for name in missing if name != W_AVG and not name.endswith(FIXED)]:
        raise ModelFileError(f"the file has no tensor {learned[0]}")
    if filters := [name for name in missing if name != W_AVG]:
        taken |= fixed_tensors(spec, filters)
        if absent := [name for name in filters if name not in weights]:
            notes.append(f"filters that the file lacks were computed: {_names(absent)}")
    if W_AVG in missing:
        assert isinstance(spec, GeneratorSpec)  # discriminators have none
        taken[W_AVG] = average_w(spec, taken)
        notes.append(NOTE)
    return {name: taken[name] for name in wanted}, notes


def fixed_tensors(spec: Spec, names: list[str]) -> dict[str, Tensor]:
    """Tensors that are the same in all networks of this spec. The global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        state: dict[str, Tensor] = build(spec).state_dict()
    return {name: state[name] for name in names}


def _left_out(names: list[str], droppable: Collection[str]) -> list[str]:
    if foreign := [name for name in names if name not in droppable]:
        raise ModelFileError(f"the file has weights that this network does not have: {_names(foreign)}")
    return [f"unknown to us, and left out: {_names(names)}"] if names else []


def _names(names: list[str]) -> str:
    return printable(", ".join(names[:SHOWN]), 300) + (", …" if len(names) > SHOWN else "")
