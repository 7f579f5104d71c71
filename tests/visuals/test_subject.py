"""What is explained is painted as `generate` paints it."""

from types import SimpleNamespace

import numpy as np
import torch

import allaprima
from allaprima.images import to_pixels
from allaprima.models import noise_maps
from allaprima.visuals.subject import Subject, paint
from tests.visuals.subjects import model, subject


def test_images_are_those_that_generate_paints() -> None:
    one = Subject(G=model("skip"), seeds=(3, 5), truncation_psi=0.7)
    images = to_pixels(paint(one.G, one.ws())).permute(0, 2, 3, 1).numpy()
    wanted = list(allaprima.generate(one.G, seeds=[3, 5], truncation_psi=0.7))
    assert all(np.array_equal(image, other) for image, other in zip(images, wanted, strict=True))
    assert one.names == ["seed 3", "seed 5"]


def test_the_label_is_that_of_all_images() -> None:
    G = model("skip", c_dim=3)
    first, second = (Subject(G=G, seeds=(0, 1), c=torch.eye(3)[[i]]).ws() for i in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(second, G.mapping(subject("skip").z(), torch.eye(3)[[1, 1]]))


def test_of_large_images_few_are_painted() -> None:
    small = subject("skip", seeds=(0, 1, 2))
    assert small.few() is small
    large = Subject(G=SimpleNamespace(img_height=129, img_width=128), seeds=(0, 1, 2))
    assert large.is_large
    assert large.few().seeds == [0, 1]


def test_other_noise_is_painted_where_it_is_given() -> None:
    one = subject("skip")
    ws = one.ws()
    name, noise = next(iter(noise_maps(one.G).items()))
    assert torch.equal(paint(one.G, ws), paint(one.G, ws, {name: noise}))
    assert not torch.equal(paint(one.G, ws), paint(one.G, ws, {name: noise + 1}))
