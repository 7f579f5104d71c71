"""VGG-16 up to its second fully connected layer: the features of improved precision and recall.

Simonyan and Zisserman (2015), table 1, column D; Kynkäänniemi et al. (2019), section 3.1. Names are those of
torchvision's ``vgg16-397923af.pth``.

Axes: n image, h w rows and columns, f feature.
"""

import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from allaprima.models.lpips import DEVIATION, MEAN
from allaprima.models.vgg16 import VGG16

SIDE = 224
FEATURES = 4096


class VGG16Features(nn.Module):
    """Pictures → 4096 features, after the ReLU of the second fully connected layer."""

    def __init__(self) -> None:
        super().__init__()
        self.features = VGG16().features
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, FEATURES), nn.ReLU(), nn.Dropout(), nn.Linear(FEATURES, FEATURES)
        )
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, pixels: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n f"]:
        """Features of RGB pixels of any size, which are resized bilinearly, with antialiasing, to 224×224.

        Deviation: NVIDIA's ``vgg16.pt``, a TorchScript program, holds VGG-16 with a resize of its own.
        """
        x = F.interpolate(pixels.float() / 255, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        mean, deviation = (x.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        x = F.max_pool2d(self.features((x - mean) / deviation), 2)
        return F.relu(self.classifier(x.flatten(1)))
