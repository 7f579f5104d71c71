"""The order is that of the scores; neither the images' order nor the batch size has a say."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError, DataError
from allaprima.images import to_network
from allaprima.models.judging import in_company, judge
from allaprima.visuals.ranking import Ranking, company_of, rank, spread
from tests.surgery.small import discriminator
from tests.training.small import make_data

KINDS = ["skip", "resnet", "stylegan", "progan", "r3gan"]


def pixels(count: int = 11, shape: tuple[int, int, int] = (3, 16, 16)) -> torch.Tensor:
    return torch.randint(256, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def ranking(scores: list[float], **fields: Any) -> Ranking:
    numbers = torch.tensor(scores)
    order = numbers.argsort(descending=True, stable=True)
    return Ranking(names=tuple(f"{i}.png" for i in range(len(scores))), scores=numbers, order=order, **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_is_that_of_the_scores(kind: str) -> None:
    D, images = discriminator(kind), pixels()
    found = rank(D, images)
    with in_company(D, to_network(company_of(images, 3))):
        torch.testing.assert_close(found.scores, judge(D, to_network(images)))
    sorted_scores = found.scores[found.order]
    assert bool((sorted_scores[:-1] >= sorted_scores[1:]).all())
    assert found.highest(3) == found.order[:3].tolist()
    assert found.lowest(3) == found.order.flip(0)[:3].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_neither_batches_nor_the_images_order_have_a_say(kind: str) -> None:
    D, images = discriminator(kind, 24, 16, 1), pixels(shape=(1, 24, 16))
    company = images[:3]
    whole = rank(D, images, company=company)
    for size in (1, 4):
        torch.testing.assert_close(rank(D, images, company=company, batch_size=size).scores, whole.scores)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(2))
    shuffled = rank(D, images[order], names=[str(i) for i in order.tolist()], company=company)
    torch.testing.assert_close(shuffled.scores, whole.scores[order])
    assert [shuffled.names[i] for i in shuffled.order] == [str(i) for i in whole.order.tolist()]


def test_a_dataset_is_ranked_by_the_names_of_its_files(tmp_path: Path) -> None:
    dataset = ImageDataset(make_data(tmp_path / "set.zip", (16, 16, 4), classes=3), mirror=True)
    D, told = discriminator("resnet", channels=4), []
    found = rank(D, dataset, batch_size=4, progress=told.append)
    assert found.names == tuple(dataset.names)
    assert told == [4, 8, 10]
    torch.testing.assert_close(found.scores, rank(D, dataset.load_all()[0]).scores)
    assert found.doubts() is None
    assert found.doubtful(3) == []


@pytest.mark.parametrize("kind", ["resnet", "stylegan", "r3gan"])
def test_scores_under_other_labels(kind: str) -> None:
    D, images = discriminator(kind, c_dim=3), pixels(7)
    classes = torch.arange(7) % 3
    found = rank(D, images, labels=torch.eye(3)[classes])
    assert found.class_scores is not None
    torch.testing.assert_close(found.scores, found.class_scores.gather(1, classes[:, None])[:, 0])
    for k in range(3):
        all_k = torch.eye(3)[torch.full((7,), k)]
        torch.testing.assert_close(rank(D, images, labels=all_k).scores, found.class_scores[:, k])
    doubts = found.doubts()
    assert doubts is not None
    right = found.class_scores.argmax(dim=1) == classes
    assert torch.equal(doubts > 0, ~right)
    assert sorted(found.doubtful(7)) == (~right).nonzero()[:, 0].tolist()


def test_a_network_that_tells_classes_is_believed() -> None:
    D, images = discriminator("progan", c_dim=3), pixels(5)
    classes = torch.tensor([0, 1, 2, 0, 1])
    found = rank(D, images, labels=torch.eye(3)[classes])
    torch.testing.assert_close(found.scores, rank(D, images).scores)
    with in_company(D, to_network(company_of(images, 3))):
        torch.testing.assert_close(found.class_scores, D(to_network(images), None)[:, 1:])


def test_doubts_are_what_the_best_other_class_is_ahead() -> None:
    scores = torch.tensor([[1.0, 0.0, 5.0], [0.0, 3.0, 1.0], [2.0, 1.0, 2.5]])
    found = ranking([1.0, 3.0, 2.5], classes=torch.tensor([0, 1, 2]), class_scores=scores)
    assert found.doubts().tolist() == [4.0, -2.0, -0.5]  # type: ignore[union-attr]
    assert found.doubtful(3) == [0]
    assert found.rows()[-1] == {
        "rank": 3,
        "name": "0.png",
        "score": 1.0,
        "class": 0,
        "most_real_as": 2,
        "doubt": 4.0,
    }


def test_equal_scores_keep_their_order() -> None:
    images = pixels(1).expand(6, -1, -1, -1)
    assert rank(discriminator("resnet"), images, batch_size=1).highest(6) == [0, 1, 2, 3, 4, 5]


def test_it_is_written_as_json_and_csv(tmp_path: Path) -> None:
    found = ranking([0.5, 2.0])
    for name in ("r.json", "r.csv"):
        found.write(tmp_path / name)
    rows = [{"rank": 1, "name": "1.png", "score": 2.0}, {"rank": 2, "name": "0.png", "score": 0.5}]
    assert json.loads((tmp_path / "r.json").read_text()) == rows
    with (tmp_path / "r.csv").open() as file:
        assert list(csv.DictReader(file)) == [{k: str(v) for k, v in row.items()} for row in rows]
    with pytest.raises(ConfigError, match=r"as \.json or \.csv, not as \.txt"):
        found.write(tmp_path / "r.txt")


@pytest.mark.parametrize(
    ("images", "fields", "sentence"),
    [
        (pixels(0), {}, "no images to judge"),
        (pixels(2, (1, 16, 16)), {}, "16×16 with 1 channels, .* 16×16 with 3 channels"),
        (pixels(2), {"c_dim": 3}, r"labels: they must be \[2, 3\], got none"),
    ],
)
def test_what_cannot_be_judged(images: torch.Tensor, fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        rank(discriminator("resnet", **fields), images)


def test_spread_numbers() -> None:
    assert spread(10, 2) == [2, 7]
    assert spread(3, 5) == [0, 1, 2]
    assert spread(5, 0) == []
