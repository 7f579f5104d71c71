"""What NVIDIA's PyTorch programs, and those made from them, publish: StyleGAN2-ADA, StyleGAN3, R3GAN."""

from allaprima.interchange.torch_stylegan.designs import spec_of_weights
from allaprima.interchange.torch_stylegan.pickles import torch_stylegan
from allaprima.interchange.torch_stylegan.state_dicts import state_dict_model

__all__ = ["spec_of_weights", "state_dict_model", "torch_stylegan"]
