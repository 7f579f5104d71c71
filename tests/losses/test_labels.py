"""Laws of the label loss."""

import math

import pytest
import torch
from torch import Tensor

from allaprima.losses import label_loss


def random(count: int = 5, classes: int = 4) -> Tensor:
    return torch.randn(count, classes, dtype=torch.float64)


def test_it_is_the_negative_logarithm_of_the_right_class_probability() -> None:
    class_logits, classes = random(), [0, 3, 1, 1, 2]
    wanted = [-math.log(math.exp(row[k]) / row.exp().sum()) for row, k in zip(class_logits, classes, strict=True)]
    got = label_loss(class_logits, torch.eye(4, dtype=torch.float64)[classes])
    torch.testing.assert_close(got, torch.tensor(wanted, dtype=torch.float64))


def test_known_values() -> None:
    even = label_loss(torch.zeros(2, 8), torch.eye(8)[:2])
    torch.testing.assert_close(even, torch.full((2,), math.log(8)))
    assert label_loss(torch.tensor([[math.log(3), 0.0]]), torch.eye(2)[:1]).item() == pytest.approx(math.log(4 / 3))


def test_it_is_linear_in_the_labels_and_none_cost_nothing() -> None:
    class_logits, a, b = random(), torch.rand(5, 4).double(), torch.rand(5, 4).double()
    mixed = label_loss(class_logits, 0.3 * a + 0.7 * b)
    torch.testing.assert_close(mixed, 0.3 * label_loss(class_logits, a) + 0.7 * label_loss(class_logits, b))
    assert not label_loss(class_logits, torch.zeros(5, 4).double()).any()


def test_only_differences_between_class_logits_matter() -> None:
    class_logits, labels = random(), torch.eye(4).double()[[0, 1, 2, 3, 0]]
    torch.testing.assert_close(label_loss(class_logits + 100, labels), label_loss(class_logits, labels))


def test_soft_labels_are_matched_best_by_their_own_logarithm() -> None:
    labels = random().softmax(dim=1)
    class_logits = labels.log().requires_grad_()
    loss = label_loss(class_logits, labels)
    torch.testing.assert_close(loss, -(labels * labels.log()).sum(dim=1))
    (gradient,) = torch.autograd.grad(loss.sum(), class_logits)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient))


def test_extreme_logits_stay_finite() -> None:
    class_logits = torch.tensor([[1e4, -1e4], [-1e4, 1e4]])
    assert label_loss(class_logits, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).tolist() == [0, 2e4]
