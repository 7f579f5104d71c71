"""Files in the formats of other programs: read without running anything in them."""

from allaprima.interchange.inspection import Line, describe, outline
from allaprima.interchange.limits import Limits
from allaprima.interchange.pickle_reader import read_pickle, read_pickle_bytes
from allaprima.interchange.records import Global, Record
from allaprima.interchange.tf_network import TFNetwork, tf_network
from allaprima.interchange.torch_module import TorchModule, torch_module

__all__ = [
    "Global",
    "Limits",
    "Line",
    "Record",
    "TFNetwork",
    "TorchModule",
    "describe",
    "outline",
    "read_pickle",
    "read_pickle_bytes",
    "tf_network",
    "torch_module",
]
