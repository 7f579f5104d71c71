"""The model file, the state of a run, and `load`, the one door through which models come in."""

from allaprima.checkpoint.load import bundled_names as bundled_names
from allaprima.checkpoint.load import load as load
from allaprima.checkpoint.load import load_networks as load_networks
from allaprima.checkpoint.load import locate as locate
from allaprima.checkpoint.model_file import FORMAT_VERSION as FORMAT_VERSION
from allaprima.checkpoint.model_file import Networks as Networks
from allaprima.checkpoint.model_file import read_description as read_description
from allaprima.checkpoint.model_file import save as save
from allaprima.checkpoint.tensors import read_tensors as read_tensors
from allaprima.checkpoint.tensors import write_tensors as write_tensors
