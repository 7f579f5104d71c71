"""How well a discriminator tells the class: the auxiliary classifier of Odena, Olah & Shlens (2017), equation 3.

Axes: n image, k class.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def label_loss(class_logits: Float[Tensor, "n k"], labels: Float[Tensor, "n k"]) -> Float[Tensor, "n"]:
    """Cross-entropy of the softmax of ``class_logits`` with one-hot or soft ``labels``.

    Both networks minimise it, the discriminator at real and generated images, the generator at its own. A label of
    zeros, of an image without a class, costs nothing.
    """
    return F.cross_entropy(class_logits, labels, reduction="none")
