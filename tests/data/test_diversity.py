import torch

from allaprima.data.diversity import DIVERSE, diversity, in_words


def test_twins_are_not_diverse() -> None:
    images = torch.randint(0, 256, (50, 30), dtype=torch.uint8)
    assert diversity(torch.cat([images, images])) == 0


def test_all_equally_far_apart_is_one() -> None:
    assert abs(diversity((torch.eye(40) * 255).to(torch.uint8)) - 1) < 1e-3


def test_noise_is_more_diverse_than_variations_of_few() -> None:
    noise = torch.randint(0, 256, (300, 48), dtype=torch.uint8)
    few = noise[:10].repeat(30, 1)
    variations = (few.float() + 20 * torch.rand(few.shape)).clamp(0, 255).to(torch.uint8)
    assert diversity(noise) > DIVERSE > 0.3 > diversity(variations)


def test_contrast_and_order_do_not_matter() -> None:
    images = torch.randint(0, 256, (200, 48), dtype=torch.uint8)
    assert abs(diversity(images) - diversity(images // 4)) < 0.02
    assert abs(diversity(images) - diversity(images.flip(0))) < 1e-3


def test_degenerate_sets_are_zero() -> None:
    assert diversity(torch.zeros(1, 5, dtype=torch.uint8)) == 0
    assert diversity(torch.zeros(9, 5, dtype=torch.uint8)) == 0


def test_words() -> None:
    assert in_words(0.5).startswith("very diverse")
    assert in_words(0.4) == "diverse"
    assert in_words(0.1).startswith("of one kind")
