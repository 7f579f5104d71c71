"""The ``.pt`` files of rosinality's StyleGAN2 for PyTorch, which most encoders and editors are made for: both ways."""

from allaprima.interchange.rosinality.exporting import export_rosinality as export_rosinality
from allaprima.interchange.rosinality.importing import rosinality as rosinality
