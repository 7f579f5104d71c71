"""Files in the formats of other programs: read without running anything in them."""

from allaprima.interchange.imported import Imported, ImportedModel, assemble
from allaprima.interchange.importers import import_file, import_value, inspect_file, is_safetensors, provenance_of
from allaprima.interchange.inspection import Line, describe, outline
from allaprima.interchange.limits import Limits
from allaprima.interchange.pickle_reader import read_pickle, read_pickle_bytes
from allaprima.interchange.records import Global, Record
from allaprima.interchange.tf_network import TFNetwork, tf_network
from allaprima.interchange.torch_module import TorchModule, torch_module

__all__ = [
    "Global",
    "Imported",
    "ImportedModel",
    "Limits",
    "Line",
    "Record",
    "TFNetwork",
    "TorchModule",
    "assemble",
    "describe",
    "import_file",
    "import_value",
    "inspect_file",
    "is_safetensors",
    "outline",
    "provenance_of",
    "read_pickle",
    "read_pickle_bytes",
    "tf_network",
    "torch_module",
]
