import torch

from allaprima.training.randomness import Streams


def draw(seed: int, name: str, step: int) -> float:
    return torch.rand(1, generator=Streams(seed).generator(name, step), dtype=torch.float64).item()


def test_the_same_arguments_give_the_same_numbers() -> None:
    assert draw(1, "G/noise", 5) == draw(1, "G/noise", 5)


def test_seed_name_and_step_all_matter() -> None:
    arguments = [(seed, name, step) for seed in range(4) for name in ("a", "b", "1/a") for step in range(4)]
    assert len({draw(*argument) for argument in arguments}) == len(arguments)


def test_generators_do_not_share_their_state() -> None:
    streams = Streams(0)
    first, second = streams.generator("a"), streams.generator("a")
    torch.rand(3, generator=first)
    assert torch.rand(1, generator=second).item() == torch.rand(1, generator=streams.generator("a")).item()


def test_these_numbers_are_for_ever() -> None:
    """A change here would let every stored run go on with other draws."""
    assert Streams(0).generator("weights").initial_seed() == 5409347080047710043
