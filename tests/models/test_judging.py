"""A score is what the network says of a batch of the image and its company, and nothing else has a say in it."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.models.judging import as_seen, company_size, in_company, judge
from tests.surgery.small import DISCRIMINATORS, discriminator, some_images

SHAPES = [(16, 16, 3), (24, 16, 1), (16, 16, 4)]
GROUPED = ["skip", "resnet", "growing", "stylegan", "progan"]


def images_and_company(D: Any, shape: tuple[int, int, int], count: int = 5) -> tuple[Tensor, Tensor]:
    images = some_images(*shape, count=count + company_size(D))
    return images[:count], images[count:]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_it_is_the_score_in_a_batch_with_the_company(kind: str, shape: tuple[int, int, int]) -> None:
    D = discriminator(kind, *shape)
    images, company = images_and_company(D, shape)
    with in_company(D, company):
        found = judge(D, images)
    wanted = torch.stack([D(torch.cat([image[None], company]), None)[0, 0] for image in images])
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_neither_the_order_nor_the_batch_has_a_say(kind: str) -> None:
    D = discriminator(kind)
    images, company = images_and_company(D, (16, 16, 3))
    order = torch.tensor([3, 0, 4, 1, 2])
    with in_company(D, company):
        whole = judge(D, images)
        torch.testing.assert_close(judge(D, images[order]), whole[order])
        torch.testing.assert_close(torch.cat([judge(D, one[None]) for one in images]), whole)


@pytest.mark.parametrize("kind", GROUPED)
def test_without_company_the_batch_has_a_say(kind: str) -> None:
    D = discriminator(kind)
    images, _ = images_and_company(D, (16, 16, 3), count=4)
    assert not torch.allclose(judge(D, images)[:2], judge(D, images[:2]))


def test_labels_and_several_statistics() -> None:
    D = discriminator("resnet", c_dim=3, mbstd_num_channels=2)
    images, company = images_and_company(D, (16, 16, 3), count=3)
    c = torch.eye(3)
    with in_company(D, company):
        found = judge(D, images, c)
    others = c[:1].expand(len(company), -1)
    wanted = [D(torch.cat([images[[k]], company]), torch.cat([c[[k]], others]))[0, 0] for k in range(3)]
    torch.testing.assert_close(found, torch.stack(wanted))


def test_afterwards_the_network_is_what_it_was() -> None:
    D = discriminator("resnet")
    images, company = images_and_company(D, (16, 16, 3))
    before = D(images, None)
    with pytest.raises(RuntimeError, match="stop"), in_company(D, company):
        raise RuntimeError("stop")
    assert torch.equal(D(images, None), before)


def test_groups_need_company_and_others_do_not() -> None:
    D = discriminator("resnet")
    assert company_size(D) == D.spec.mbstd_group - 1
    with pytest.raises(ValueError, match="give it company"), in_company(D, None):
        pass
    for alone in (discriminator("r3gan"), discriminator("resnet", mbstd_group=1)):
        assert company_size(alone) == 0
        with in_company(alone, None):
            assert judge(alone, some_images(16, 16)).shape == (2,)
    assert company_size(discriminator("resnet", mbstd_group=None)) == 3


def test_gradients_pass_and_stay_with_their_image() -> None:
    D = discriminator("resnet")
    images, company = images_and_company(D, (16, 16, 3), count=3)
    images.requires_grad_()
    with in_company(D, company):
        (gradient,) = torch.autograd.grad(judge(D, images)[1], images)
    assert gradient[1].abs().sum() > 0
    assert not gradient[[0, 2]].any()


def test_a_network_that_has_not_grown_up_sees_no_detail() -> None:
    D = discriminator("progan")
    images = some_images(16, 16)
    assert torch.equal(as_seen(D, images), images)
    D.set_lod(1.0)
    blocks = as_seen(D, images)
    assert torch.equal(blocks[:, :, ::2], blocks[:, :, 1::2])
    assert torch.equal(as_seen(discriminator("resnet"), images), images)
