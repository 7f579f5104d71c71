"""An image depends on its own seed alone."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allaprima.errors import AllaPrimaError, ConfigError, LatentError
from allaprima.generation import generate, latents_of_seeds
from allaprima.images import to_pixels
from allaprima.ops import packed
from allaprima.ops.kept_kernels import KeptKernels
from tests.conftest import assert_near
from tests.generation.conftest import Builder

SEEDS = [3, 85, 0, 2**32 - 1, 17, 4, 1000, 5]
each_noise_mode = pytest.mark.parametrize("noise_mode", ["const", "random", "none"])
each_batch_size = pytest.mark.parametrize("batch_size", [1, 3, 8])


def stack(G: Any, **options: Any) -> NDArray[np.int64]:
    """All images as integers, whose differences do not wrap around."""
    return np.stack(list(generate(G, **options))).astype(np.int64)


# Seeds and batches.


@each_noise_mode
@each_batch_size
def test_before_quantisation_a_batch_changes_nothing(G: Any, noise_mode: Any, batch_size: int) -> None:
    def paint(seeds: list[int]) -> torch.Tensor:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        images: torch.Tensor = G(latents_of_seeds(seeds, G.z_dim), noise_mode=noise_mode, generators=generators)
        return images

    alone = torch.cat([paint([seed]) for seed in SEEDS])
    parts = [paint(SEEDS[i : i + batch_size]) for i in range(0, len(SEEDS), batch_size)]
    assert_near(torch.cat(parts), alone, 1e-5)


@each_noise_mode
@each_batch_size
def test_nor_after_it(G: Any, noise_mode: Any, batch_size: int) -> None:
    alone = np.concatenate([stack(G, seeds=[seed], noise_mode=noise_mode) for seed in SEEDS])
    together = stack(G, seeds=SEEDS, noise_mode=noise_mode, batch_size=batch_size)
    assert np.abs(together - alone).max() <= 1


@each_noise_mode
def test_neighbours_and_order_do_not_matter(G: Any, noise_mode: Any) -> None:
    forwards = stack(G, seeds=SEEDS, noise_mode=noise_mode)
    backwards = stack(G, seeds=SEEDS[::-1], noise_mode=noise_mode)
    assert np.abs(forwards - backwards[::-1]).max() <= 1


def test_the_images_are_those_of_the_generator(G: Any) -> None:
    images = G(latents_of_seeds(SEEDS, G.z_dim), noise_mode="const")
    wanted = to_pixels(images).permute(0, 2, 3, 1).numpy().astype(np.int64)
    assert np.abs(stack(G, seeds=SEEDS) - wanted).max() <= 1


def test_other_seeds_give_other_images(G: Any) -> None:
    images = stack(G, seeds=SEEDS, noise_mode="none")
    assert len(np.unique(images, axis=0)) == len(SEEDS)


def test_painting_twice_gives_the_same(G: Any) -> None:
    images = generate(G, seeds=range(3), noise_mode="random")
    for first, second in zip(images, images, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_global_random_state_is_neither_read_nor_changed(G: Any) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = stack(G, seeds=range(2), noise_mode="random")
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    np.testing.assert_array_equal(stack(G, seeds=range(2), noise_mode="random"), first)


def test_nothing_is_painted_before_it_is_asked_for(G: Any) -> None:
    calls = []
    G.synthesis.register_forward_hook(lambda *_: calls.append(1))
    images = iter(generate(G, seeds=range(10), batch_size=2))
    assert calls == []
    next(images)
    assert len(calls) == 1


def test_seeds_may_be_of_any_integers_and_are_counted(G: Any) -> None:
    for seeds in (range(3), [0, 1, 2], (0, 1, 2), np.arange(3), iter([0, 1, 2])):
        images = generate(G, seeds=seeds)
        assert len(images) == 3
        assert images.seeds == [0, 1, 2]
        assert sum(1 for _ in images) == 3


# Noise.


def test_noise_modes_differ_and_random_noise_is_the_seeds(G: Any) -> None:
    const, random, none = (stack(G, seeds=[7, 8], noise_mode=mode) for mode in ("const", "random", "none"))
    assert (const != random).any()
    assert (const != none).any()
    assert (random != none).any()
    np.testing.assert_array_equal(stack(G, seeds=[7, 8], noise_mode="random"), random)
    flat = stack(G, seeds=[7, 8], noise_mode="random", truncation_psi=0)
    assert (flat[0] != flat[1]).any(), "two seeds have the same noise"


# Truncation.


@pytest.mark.parametrize("noise_mode", ["const", "none"])
def test_without_deviation_all_images_are_the_average(G: Any, noise_mode: Any) -> None:
    images = stack(G, seeds=range(4), truncation_psi=0, noise_mode=noise_mode)
    assert np.abs(images - images[:1]).max() <= 1
    average = to_pixels(G.synthesis(G.mapping.w_avg.expand(1, G.num_ws, -1), noise_mode=noise_mode))
    assert np.abs(images[0] - average[0].permute(1, 2, 0).numpy().astype(np.int64)).max() <= 1


def test_truncation_is_one_unless_asked(G: Any) -> None:
    np.testing.assert_array_equal(stack(G, seeds=[1]), stack(G, seeds=[1], truncation_psi=1))
    assert (stack(G, seeds=[1]) != stack(G, seeds=[1], truncation_psi=0.5)).any()


def test_a_cutoff_of_none_of_the_layers_truncates_nothing_and_of_all_everything(G: Any) -> None:
    options = {"seeds": [1, 2], "truncation_psi": 0.3}
    np.testing.assert_array_equal(stack(G, **options, truncation_cutoff=0), stack(G, seeds=[1, 2]))
    np.testing.assert_array_equal(stack(G, **options, truncation_cutoff=G.num_ws), stack(G, **options))
    between = stack(G, **options, truncation_cutoff=2)
    assert (between != stack(G, **options)).any()
    assert (between != stack(G, seeds=[1, 2])).any()


# Classes.


def test_a_class_is_a_label_of_all_images(labelled: Any) -> None:
    images = stack(labelled, seeds=range(3), class_index=2, batch_size=2)
    one_hot = torch.tensor([[0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(stack(labelled, seeds=range(3), c=one_hot, batch_size=2), images)
    np.testing.assert_array_equal(stack(labelled, seeds=range(3), c=one_hot.repeat(3, 1), batch_size=2), images)
    assert (stack(labelled, seeds=range(3), class_index=0) != images).any()


def test_each_image_may_have_a_label_of_its_own(labelled: Any) -> None:
    own = stack(labelled, seeds=[5, 5, 5], c=torch.eye(3), batch_size=2)
    for index in range(3):
        assert np.abs(own[index] - stack(labelled, seeds=[5], class_index=index)[0]).max() <= 1


def test_labels_of_nothing_suit_a_model_without_classes(G: Any) -> None:
    np.testing.assert_array_equal(stack(G, seeds=[1, 2], c=torch.empty(2, 0)), stack(G, seeds=[1, 2]))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, r"^this model has 3 classes: say which, from 0 to 2$"),
        ({"class_index": 3}, r"^there is no class 3: this model has classes 0 to 2$"),
        ({"class_index": -1}, r"^there is no class -1"),
        ({"c": torch.eye(4)[:2]}, r"^c must be \[2, 3\] or \[1, 3\] for 2 images of this model, got \[2, 4\]$"),
        ({"c": torch.eye(3)}, r"^c must be .*, got \[3, 3\]$"),
        ({"c": torch.ones(3)}, r"^c must be .*, got \[3\]$"),
        ({"c": torch.eye(3)[:1], "class_index": 1}, r"^give c or class_index, not both$"),
    ],
)
def test_a_class_that_the_model_does_not_have_is_refused(labelled: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LatentError, match=sentence):
        generate(labelled, seeds=[0, 1], **options)


@pytest.mark.parametrize("options", [{"class_index": 0}, {"c": torch.eye(3)[:1]}, {"c": torch.ones(1)}])
def test_a_model_without_classes_refuses_one(G: Any, options: dict[str, Any]) -> None:
    with pytest.raises(LatentError, match=r"^this model knows no classes: paint without one$"):
        generate(G, seeds=[0], **options)


# Styles instead of seeds.


def test_styles_of_seeds_give_the_images_of_the_seeds(G: Any) -> None:
    ws = G.mapping(latents_of_seeds(range(5), G.z_dim), truncation_psi=0.7)
    images = generate(G, ws=ws, batch_size=2)
    assert len(images) == 5
    got = np.stack(list(images)).astype(np.int64)
    assert np.abs(got - stack(G, seeds=range(5), truncation_psi=0.7)).max() <= 1


def test_styles_need_no_class(labelled: Any) -> None:
    assert len(list(generate(labelled, ws=torch.randn(2, labelled.num_ws, labelled.w_dim)))) == 2


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({}, LatentError, r"^give either seeds or ws, not both and not neither$"),
        ({"seeds": [1], "ws": torch.zeros(1, 6, 8)}, LatentError, r"^give either seeds or ws"),
        ({"seeds": []}, LatentError, r"^there is nothing to paint: no seeds$"),
        ({"ws": torch.zeros(0, 6, 8)}, LatentError, r"^there is nothing to paint: no ws$"),
        ({"ws": torch.zeros(1, 5, 8)}, LatentError, r"^ws must be \[n, 6, 8\] for this model, got \[1, 5, 8\]$"),
        ({"ws": torch.zeros(6, 8)}, LatentError, r"^ws must be \[n, 6, 8\] for this model, got \[6, 8\]$"),
        ({"ws": torch.zeros(1, 6, 8), "truncation_psi": 0.7}, LatentError, r"^ws are painted as they are"),
        ({"ws": torch.zeros(1, 6, 8), "class_index": 0}, LatentError, r"^ws are painted as they are"),
        ({"seeds": [-1]}, LatentError, r"^-1 is no seed: it must be from 0 to 4294967295$"),
        ({"seeds": [0.5]}, LatentError, r"^0.5 is no seed: it must be an integer$"),
        ({"seeds": [1], "truncation_psi": float("nan")}, ConfigError, r"^truncation_psi is nan: it must be a finite"),
        ({"seeds": [1], "truncation_psi": float("inf")}, ConfigError, r"^truncation_psi is inf: it must be a finite"),
        ({"seeds": [1], "truncation_cutoff": -1}, ConfigError, r"^truncation_cutoff is -1: it must be at least 0"),
        ({"seeds": [1], "noise_mode": "loud"}, ConfigError, r"^noise_mode is 'loud': it must be random, const, none$"),
        ({"seeds": [1], "batch_size": 0}, ConfigError, r"^batch_size is 0: it must be at least 1, or None$"),
        ({"seeds": [1], "batch_size": -1}, ConfigError, r"^batch_size is -1: it must be at least 1, or None$"),
    ],
)
def test_what_cannot_be_painted_is_refused_at_once(
    G: Any, options: dict[str, Any], error: type[AllaPrimaError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        generate(G, **options)


# Shapes.


@pytest.mark.parametrize(
    ("channels", "shape"), [(1, (24, 16)), (2, (24, 16, 2)), (3, (24, 16, 3)), (4, (24, 16, 4)), (5, (24, 16, 5))]
)
def test_images_are_bytes_of_the_models_shape(trained: Builder, channels: int, shape: tuple[int, ...]) -> None:
    for image in generate(trained(24, 16, channels), seeds=range(2)):
        assert image.shape == shape
        assert image.dtype == np.uint8


def test_any_shape_is_painted_exactly(trained: Builder) -> None:
    for height, width in [(4, 4), (13, 18), (1, 7)]:
        assert next(iter(generate(trained(height, width), seeds=[0]))).shape == (height, width, 3)


def test_big_images_are_painted_fewer_at_once(trained: Builder) -> None:
    assert generate(trained(256, 256, channel_base=256), seeds=[0]).batch_size == 8
    assert generate(trained(16, 16), seeds=[0]).batch_size > 8


def test_a_generator_in_training_is_left_as_it_is(trained: Builder) -> None:
    G = trained().train().requires_grad_(requires_grad=True)
    before = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    graphs = []
    G.synthesis.register_forward_hook(lambda _module, _inputs, images: graphs.append(images.requires_grad))
    stack(G, seeds=range(2))
    assert graphs == [False]
    assert G.training
    assert all(parameter.requires_grad for parameter in G.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in G.state_dict().items())


# Kernels that are kept from one image to the next.


def test_what_is_kept_of_kernels_ends_with_the_images(G: Any) -> None:
    images = iter(generate(G, seeds=range(3), batch_size=1))
    before = KeptKernels.here()
    next(images)
    assert KeptKernels.here() is not before  # no store is in force while somebody looks at an image
    with KeptKernels() as outer:
        list(generate(G, seeds=range(2)))
        assert outer.nbytes > 0  # that of whoever paints many batches


def test_kernels_are_put_in_order_once(G: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    reorder = packed.reordered
    monkeypatch.setattr(packed, "reordered", lambda *kernel: done.append(kernel) or reorder(*kernel))  # type: ignore[func-returns-value]
    list(generate(G, seeds=[1, 2], batch_size=1))
    once = len(done)
    list(generate(G, seeds=range(4), batch_size=1))
    assert len(done) == 2 * once > 0
    list(generate(G, seeds=range(4), batch_size=4))  # a single batch: nothing would be used again
    assert len(done) == 2 * once
    with KeptKernels():  # but whoever calls again and again may keep them
        for seed in range(3):
            list(generate(G, seeds=[seed]))
    assert len(done) == 3 * once


def test_singly_painted_images_are_the_same_whatever_came_before(G: Any) -> None:
    together = stack(G, seeds=SEEDS, batch_size=1)
    for seed, image in zip(SEEDS, together, strict=True):
        np.testing.assert_array_equal(stack(G, seeds=[seed], batch_size=1)[0], image)


def test_weights_that_change_between_images_are_seen(G: Any) -> None:
    images = iter(generate(G, seeds=[3, 3, 4], batch_size=1))
    before = next(images)
    with torch.no_grad():
        for parameter in G.synthesis.parameters():
            parameter.mul_(-1)
    after = next(images)
    assert (before != after).any()
    np.testing.assert_array_equal(after, stack(G, seeds=[3], batch_size=1)[0].astype(after.dtype))
