"""Laws of the discriminator; those of growing are in `tests/models/test_growth.py`."""

import pytest
import torch

from allaprima.models import set_half
from allaprima.models.progan import Discriminator, ProGANDiscriminator
from tests.conftest import assert_near
from tests.models.progan.small import small_discriminator, trained


def test_tells_labels_beside_the_score_and_reads_none() -> None:
    D, images = Discriminator(small_discriminator(8, 8, c_dim=3)), torch.randn(2, 3, 8, 8)
    assert D.label_head
    assert D.c_dim == 3
    assert D(images, torch.eye(3)[[0, 1]]).shape == (2, 4)
    assert torch.equal(D(images, torch.eye(3)[[0, 1]]), D(images))
    D = Discriminator(small_discriminator(8, 8))
    assert not D.label_head
    assert D(images).shape == (2, 1)


@pytest.mark.parametrize("leaky", [True, False])
def test_leaky_is_a_switch(leaky: bool) -> None:
    D, seen = trained(Discriminator(small_discriminator(8, 8, leaky=leaky))), []
    D.b4.fc.register_forward_hook(lambda _, __, output: seen.append(output))
    D(torch.randn(16, 3, 8, 8))
    assert (seen[0] < 0).any() == leaky


def test_equalized_is_a_switch() -> None:
    D = Discriminator(small_discriminator(8, 8, channel_max=64, channel_base=2048, equalized=False))
    assert D.b4.conv.weight.std().item() == pytest.approx((2 / (65 * 9)) ** 0.5, rel=0.1)
    assert D.b8.conv1.weight_gain == D.b4.out.weight_gain == 1


def test_layers_are_registered_from_the_image_inwards() -> None:
    D = Discriminator(small_discriminator(16, 16))
    names = [n.rpartition(".")[0] for n, _ in D.named_parameters() if n.endswith("weight")]
    assert names == [
        *("b16.fromrgb", "b16.conv0", "b16.conv1", "b8.fromrgb", "b8.conv0", "b8.conv1"),
        *("b4.fromrgb", "b4.conv", "b4.fc", "b4.out"),
    ]


def test_bfloat16_is_near_float32() -> None:
    D = trained(Discriminator(small_discriminator(32, 24, num_fp16_res=4, conv_clamp=256)))
    images = torch.randn(4, 3, 32, 24)
    with torch.no_grad():
        for lod in (0, 0.5, 1):
            set_half(D, None)
            D.set_lod(lod)
            wanted = D(images)
            set_half(D, torch.bfloat16)
            got = D(images)
            assert got.dtype == torch.float32
            assert not torch.equal(got, wanted), "nothing ran in half precision"
            assert_near(got, wanted, 0.03)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_batch_size(count: int) -> None:
    assert Discriminator(small_discriminator(24, 16))(torch.randn(count, 3, 24, 16)).shape == (count, 1)


def test_wrong_images_are_named() -> None:
    with pytest.raises(ValueError, match=r"images must be \[n, 3, 24, 16\], got \[2, 3, 16, 24\]"):
        Discriminator(small_discriminator(24, 16))(torch.zeros(2, 3, 16, 24))


def test_the_published_size() -> None:
    with torch.device("meta"):
        D = Discriminator(ProGANDiscriminator(height=1024, width=1024, img_channels=3))
    in_use = sum(p.numel() for n, p in D.named_parameters() if "fromrgb" not in n or "b1024" in n)
    assert round(in_use / 1e6, 1) == 23.1  # table 2
