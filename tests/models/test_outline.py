"""Networks without numbers: those that `build` makes, and without PyTorch's compiler."""

import json
import subprocess
import sys

import pytest
import torch

from allaprima.models import Spec, build, outline, spec_to_dict
from allaprima.models.spec import NETWORKS
from tests.models.every import small_spec

SPECS = [small_spec(name) for name in NETWORKS]
WITHOUT_COMPILER = ("stylegan2-", "stylegan-", "progan-", "r3gan-")  # the others compute more when they are made


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_it_has_the_tensors_of_the_network(spec: Spec) -> None:
    network, expected = outline(spec), build(spec).state_dict()
    found = network.state_dict()
    assert all(parameter.is_meta for parameter in network.parameters())
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert (found[name].shape, found[name].dtype) == (tensor.shape, tensor.dtype), name


def test_numbers_are_drawn_again_afterwards() -> None:
    outline(SPECS[0])
    weight = torch.randn(3).mul_(2)
    assert weight.device.type == "cpu"
    assert weight.abs().sum() > 0


def test_it_loads_no_compiler() -> None:
    program = """
import json, sys
from allaprima.models import outline, spec_from_dict
for spec in json.loads(sys.argv[1]):
    outline(spec_from_dict(spec))
    if "sympy" in sys.modules:
        sys.exit(f"the outline of a {spec['type']} loads PyTorch's compiler")
"""
    specs = json.dumps([spec_to_dict(small_spec(name)) for name in NETWORKS if name.startswith(WITHOUT_COMPILER)])
    done = subprocess.run([sys.executable, "-c", program, specs], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
