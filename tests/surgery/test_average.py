"""Laws of the average: of equals the same, of others in between."""

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.surgery import average
from tests.surgery.small import DISCRIMINATORS, GENERATORS, discriminator, generator, same_tensors


@pytest.mark.parametrize("kind", GENERATORS)
def test_of_equals_it_is_the_same(kind: str) -> None:
    G = generator(kind)
    mean = average([G, G, G, G])
    assert same_tensors(mean, G)
    assert all(a.data_ptr() != b.data_ptr() for a, b in zip(mean.parameters(), G.parameters(), strict=True))


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_every_tensor_is_the_weighted_mean(kind: str) -> None:
    networks = [discriminator(kind, seed=seed) for seed in range(3)]
    states = [network.state_dict() for network in networks]
    for name, tensor in average(networks, [2, 1, 1]).state_dict().items():
        torch.testing.assert_close(tensor, (2 * states[0][name] + states[1][name] + states[2][name]) / 4)


def test_it_averages_the_average_of_w() -> None:
    A, B = generator("skip", seed=1), generator("skip", seed=2)
    torch.testing.assert_close(average([A, B]).mapping.w_avg, (A.mapping.w_avg + B.mapping.w_avg) / 2)


def test_all_weight_on_one_is_that_one() -> None:
    A, B = generator("skip", seed=1), generator("skip", seed=2)
    assert same_tensors(average([A, B], [0, 3]), B)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [([1], "1 weights for 2 networks"), ([1, -1], "no positive sum"), ([1, float("nan")], "no positive sum")],
)
def test_wrong_weights_are_refused(weights: list[float], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        average([generator("skip"), generator("skip")], weights)


def test_nothing_and_different_networks_are_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to average"):
        average([])
    with pytest.raises(ConfigError, match="width is 16 in one and 24 in the other"):
        average([generator("skip"), generator("skip", 16, 24)])
