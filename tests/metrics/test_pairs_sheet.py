"""The sheet of closest pairs: the right fake beside the right training image."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError
from allaprima.metrics import evaluate
from allaprima.metrics.detector import Detector
from allaprima.metrics.fakes import drawn_labels, painted
from allaprima.metrics.pairs_sheet import MARGIN, pairs_sheet
from allaprima.metrics.result import Result
from allaprima.models import build
from tests.models.stylegan2.small import small_generator

Make = Callable[..., ImageDataset]


@pytest.mark.parametrize("c_dim", [0, 2])
def test_a_fake_is_beside_its_training_image(make_data: Make, looking: Detector, c_dim: int) -> None:
    G, data = build(small_generator(16, 24, c_dim=c_dim)).eval(), make_data(use_labels=bool(c_dim))
    (result,) = evaluate(["copies20_own"], G, data, detectors={"own": looking}, seed=7)
    sheet = pairs_sheet(result, G, data, columns=3)
    seed, name, _ = result.pairs[0]
    c = drawn_labels(G, data, 20, 7)
    fakes = torch.cat(list(painted(G, c, 20, seed=7, batch_size=20)))
    left = sheet[MARGIN : MARGIN + 16, MARGIN : MARGIN + 24].transpose(2, 0, 1)
    right = sheet[MARGIN : MARGIN + 16, MARGIN + 24 : MARGIN + 48].transpose(2, 0, 1)
    assert np.abs(left.astype(int) - fakes[seed - 7].numpy()).max() <= 1
    assert np.array_equal(right, data[data.names.index(name)][0].numpy())
    assert sheet.shape[1] == 3 * (48 + 2 * MARGIN)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_any_channels_become_rgb(make_data: Make, channels: int) -> None:
    G, data = build(small_generator(16, 24, channels)).eval(), make_data(channels=channels)
    result = Result(name="copies3_own", values={}, fakes=3, pairs=((0, data.names[4], 0.1),))
    assert pairs_sheet(result, G, data).shape == (16 + 2 * MARGIN, 48 + 2 * MARGIN, 3)


def test_a_result_without_pairs_is_an_error(make_data: Make) -> None:
    with pytest.raises(ConfigError, match="no pairs"):
        pairs_sheet(Result(name="fid5k_full", values={}), build(small_generator(16, 24)), make_data())
