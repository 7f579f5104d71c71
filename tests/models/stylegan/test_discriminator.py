"""Laws of the discriminator; those of growing are in `tests/models/test_growth.py`."""

import pytest
import torch

from allaprima.models.stylegan import Discriminator
from tests.conftest import assert_near
from tests.models.stylegan.small import small_discriminator, trained


def test_with_labels_the_score_is_that_of_the_images_own_class() -> None:
    D, images = trained(Discriminator(small_discriminator(8, 8, c_dim=3))), torch.randn(3, 3, 8, 8)
    each = D.outputs(images)
    assert each.shape == (3, 3)
    assert_near(D(images, torch.eye(3)), each.diagonal()[:, None], 1e-6)
    mixed = torch.tensor([[0.5, 0.25, 0.25]]).repeat(3, 1)
    assert_near(D(images, mixed), (each * mixed).sum(dim=1, keepdim=True), 1e-6)
    with pytest.raises(ValueError, match=r"this model has labels: c must be \[n, 3\], got None"):
        D(images)
    with pytest.raises(ValueError, match=r"this model has labels: c must be \[n, 3\], got \[3, 2\]"):
        D(images, torch.zeros(3, 2))


def test_without_labels_there_is_one_score() -> None:
    D, images = Discriminator(small_discriminator(8, 8)), torch.randn(2, 3, 8, 8)
    assert D(images).shape == (2, 1)
    assert torch.equal(D(images, torch.zeros(2, 0)), D(images))


def test_the_blur_is_a_switch() -> None:
    D = trained(Discriminator(small_discriminator(16, 16)))
    E = Discriminator(small_discriminator(16, 16, blur_filter=()))
    state = {name: value for name, value in D.state_dict().items() if not name.endswith("blur_filter")}
    E.load_state_dict(state, strict=True)
    images = torch.randn(2, 3, 16, 16)
    assert not torch.allclose(D(images), E(images))
