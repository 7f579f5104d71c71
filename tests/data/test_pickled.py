"""What a worker that is started afresh is sent: not the index, which it maps by itself."""

import pickle
from collections.abc import Callable
from typing import Any

import torch

from allaprima.data import ImageDataset

Make = Callable[..., Any]


def test_a_dataset_of_shards_is_small(make_archive: Make, make_shards: Make) -> None:
    count = 300
    shards = make_shards(make_archive(count, labels=[i % 3 for i in range(count)]), count)[0].parent
    dataset = ImageDataset(shards, use_labels=True, holdout=2)
    sent = pickle.dumps(dataset)
    assert len(sent) < 3000
    copy = pickle.loads(sent)
    assert list(copy.names) == list(dataset.names)
    assert torch.equal(copy.label_table(), dataset.label_table())
    assert torch.equal(copy[299 - 2][0], dataset[299 - 2][0])
    assert copy.fingerprint() == dataset.fingerprint()
