"""The list of names: each has one meaning, and all that are said to be rebuilt are."""

import pytest

from allaprima.interchange import names
from allaprima.interchange.limits import Budget, Limits
from allaprima.interchange.names import recognise
from allaprima.interchange.rebuilder import Rebuilder
from allaprima.interchange.records import Global, Record


def test_all_names_that_are_rebuilt_are_on_the_list_and_no_others() -> None:
    assert Rebuilder(Budget(Limits(), 0)).builders.keys() == names.CONTAINERS | names.ARRAYS | names.TENSORS


def test_a_name_is_on_one_list_only() -> None:
    lists = [names.CONTAINERS, names.ARRAYS, names.TENSORS, names.VALUES, names.RECORDS]
    assert sum(map(len, lists)) == len(frozenset().union(*lists))


@pytest.mark.parametrize(
    ("module", "name", "home"),
    [
        ("__builtin__", "set", "builtins"),
        ("copy_reg", "_reconstructor", "copyreg"),
        ("numpy._core.multiarray", "scalar", "numpy.core.multiarray"),
        ("torch.cuda", "FloatStorage", "torch"),
        ("dnnlib.util", "EasyDict", "dnnlib"),
        ("torch.nn.modules.linear", "Linear", "torch.nn.modules.linear"),
        ("training.networks_stylegan2", "Generator", "training.networks_stylegan2"),
        ("network", "Network", "network"),
        ("dnnlib.tflib.network", "Network", "dnnlib.tflib.network"),
    ],
)
def test_names_of_all_years_are_recognised(module: str, name: str, home: str) -> None:
    assert recognise(module, name) == Global(home, name)


def test_a_value_that_is_called_becomes_a_record() -> None:
    made = Rebuilder(Budget(Limits(), 0)).call(Global("numpy", "dtype"), ("f4",), {})
    assert isinstance(made, Record)
    assert made.arguments == ("f4",)
