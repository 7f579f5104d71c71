"""Whatever holds the networks, whatever they were made with; and what is refused, always in a sentence."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from allaprima.errors import ModelFileError
from allaprima.interchange import Record
from allaprima.interchange.tensorflow import tensorflow_model
from allaprima.models import build
from tests.interchange.tensorflow import inverse
from tests.interchange.tensorflow.inverse import same_function, trained
from tests.interchange.tensorflow.published import Published, imported, network, opened
from tests.models.stylegan2.small import small_discriminator, small_generator

Variables = dict[str, Any]


@pytest.fixture(scope="module")
def G() -> Any:
    return trained(build(small_generator(8, 8)))


@pytest.fixture(scope="module")
def D() -> Any:
    return trained(build(small_discriminator(8, 8)))


@pytest.fixture
def variables(G: Any) -> Variables:
    return inverse.stylegan2_generator(G)


def painter(variables: Variables, **keywords: Any) -> Published:
    return network(4, "G_main", variables, **keywords)


@pytest.mark.parametrize(
    ("order", "roles"),
    [
        ("G", ["G_ema"]),
        ("GG", ["G", "G_ema"]),
        ("GD", ["D", "G_ema"]),
        ("DG", ["D", "G_ema"]),
        ("GDG", ["G", "D", "G_ema"]),
        ("-G", ["G_ema"]),
        ("--G", ["G_ema"]),
    ],
)
@pytest.mark.parametrize("kind", [tuple, list])
def test_whatever_holds_them(G: Any, D: Any, variables: Variables, order: str, roles: list[str], kind: type) -> None:
    judge = network(4, "D_stylegan2", inverse.stylegan2_discriminator(D))
    model = imported(kind({"G": painter(variables), "D": judge, "-": None}[letter] for letter in order))
    assert list(model.networks) == roles
    same_function(G, model.networks["G_ema"].build(), torch.randn(2, 8), noise_mode="const")


def test_the_last_generator_is_the_average(variables: Variables) -> None:
    other = {**variables, "dlatent_avg": variables["dlatent_avg"] + 1}
    model = imported((painter(variables), painter(other)))
    difference = model.networks["G_ema"].weights["mapping.w_avg"] - model.networks["G"].weights["mapping.w_avg"]
    torch.testing.assert_close(difference, torch.ones(8))


def test_a_generator_alone_a_dict_and_a_wrapper(G: Any, variables: Variables) -> None:
    wrapper = Published("tfutil", {"net": painter(variables), "step": 7})
    for content in (painter(variables), {"Gs": painter(variables), "step": 7}, (wrapper, None)):
        model = imported(content)
        assert list(model.networks) == ["G_ema"]
        same_function(G, model.networks["G_ema"].build(), torch.randn(2, 8), noise_mode="const")


def test_more_networks_are_named(variables: Variables) -> None:
    assert imported([painter(variables)] * 3).notes == (
        "the file has networks beside a generator, its average and a discriminator: the rest was left out",
    )


def test_unknown_keywords_and_variables_are_named_and_change_nothing(G: Any, variables: Variables) -> None:
    extra = variables | {"synthesis/4x4/Attention/weight": np.ones((2, 2), np.float32)}
    network_of_a_fork = imported(painter(extra, fork_magic=3, truncation_psi=0.6, structure="auto")).networks["G_ema"]
    assert network_of_a_fork.notes == (
        "G: unknown to us, and ignored: fork_magic",
        "variables without a place in our network, left out: synthesis/4x4/Attention/weight",
    )
    assert network_of_a_fork.facts["made_with"]["fork_magic"] == 3
    same_function(G, network_of_a_fork.build(), torch.randn(2, 8), noise_mode="const")


def test_a_discriminator_that_cannot_be_does_not_keep_the_generator_from_it(D: Any, variables: Variables) -> None:
    wrong = inverse.stylegan2_discriminator(D)
    del wrong["Output/bias"]
    model = imported((painter(variables), network(4, "D_stylegan2", wrong)))
    assert list(model.networks) == ["G_ema"]
    assert model.notes == (
        "the discriminator was left out: the file lacks a variable: nothing in it becomes b4.out.bias",
    )
    foreign = network(4, "vgg16", {"conv/weight": np.ones((3, 3), np.float32)})
    assert "the function vgg16, which is no discriminator" in imported((painter(variables), foreign)).notes[0]


@pytest.mark.parametrize("value", [None, 7, {}, [], (), "x", [None], {"G": 7}, Record("a", "b", state={}), [[]] * 9])
def test_what_is_no_such_file(value: Any) -> None:
    assert tensorflow_model(value) is None


@pytest.mark.parametrize("function", ["vgg16", "\x1b[2J\n"])
def test_a_network_of_another_kind_is_refused(function: str) -> None:
    with pytest.raises(ModelFileError, match="and no generator that we know") as caught:
        opened(network(4, function, {"conv/weight": np.ones((3, 3), np.float32)}))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("synthesis/4x4/Const/const", None, "lacks a variable: nothing in it becomes synthesis.b4.const"),
        ("synthesis/8x8/Conv1/bias", None, "lacks a variable: nothing in it becomes synthesis.b8.conv1.bias"),
        ("synthesis/8x8/Conv1/bias", np.zeros(9), r"8x8/Conv1/bias that becomes synthesis.b8.conv1.bias \[9\], where"),
        ("synthesis/8x8/Conv1/weight", np.zeros(9), "of the odd shape"),
        ("synthesis/8x8/Conv1/weight", np.zeros((3, 3, 8, 0)), "of shape"),
        ("synthesis/8x8/Conv1/weight", np.zeros((3, 3, 8, 5)), "was expected"),
        ("synthesis/8x8/Conv1/weight", np.zeros((3, 3, 8, 8), int), "of int64, which is no weight"),
        ("synthesis/4x4/Const/const", np.zeros((1, 8, 9, 9)), "was expected"),
        ("synthesis/noise2", np.zeros((1, 1, 9, 8)), "was expected"),
        ("mapping/Dense0/weight", None, "mapping.fc0.weight"),
        ("mapping/Dense1/weight", np.zeros((7, 8)), "was expected"),
        ("synthesis/99999x99999/Conv1/bias", np.zeros(8), "lacks a variable"),
    ],
)
def test_wrong_contents_are_refused(variables: Variables, name: str, value: Any, message: str) -> None:
    if value is None:
        del variables[name]
    content = variables if value is None else variables | {name: value}
    with pytest.raises(ModelFileError, match=message):
        opened(painter(content))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"nonlinearity": "relu"}, "says that nonlinearity of G is relu: ours has lrelu and nothing else"),
        ({"normalize_latents": False}, "normalize_latents"),
        ({"mapping_lrmul": "much"}, "mapping_lrmul of G is much: it must be a number"),
        ({"mapping_lrmul": -1.0}, "cannot be built: map_lr_multiplier is -1"),
        ({"resample_kernel": [1, 3, 3]}, "cannot be built: resample_filter"),
        ({"fmap_base": float("inf")}, "not whole|must be"),
        ({"num_fp16_res": float("nan")}, "not whole|must be"),
        ({"num_fp16_res": 1.5}, "a whole number"),
    ],
)
def test_keywords_that_cannot_be_are_refused(variables: Variables, keywords: Any, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        opened(painter(variables, **keywords))


def test_a_level_of_detail_out_of_range_is_refused() -> None:
    G = trained(build(small_generator(16, 16, architecture="orig", growing=True)))
    for lod in (-1.0, 2.5, float("nan")):
        variables = inverse.stylegan2_generator(G) | {"synthesis/lod": np.float32(lod)}
        with pytest.raises(ModelFileError, match="lod is"):
            opened(painter(variables))


def test_feature_maps_that_do_not_halve_are_refused() -> None:
    G = trained(build(small_generator(16, 16, channel_base=10**6)))
    variables = inverse.stylegan2_generator(G)
    variables["synthesis/8x8/Conv1/weight"] = np.zeros((3, 3, 8, 5), np.float32)
    with pytest.raises(ModelFileError, match="8 at 4, 5 at 8, 8 at 16: they must halve"):
        opened(painter(variables, fmap_decay=1.5))


junk = st.none() | st.integers(-3, 10**30) | st.floats() | st.text(max_size=3) | st.lists(st.integers(), max_size=3)
SAID = [
    "fmap_base",
    "fmap_max",
    "mapping_lrmul",
    "resample_kernel",
    "conv_clamp",
    "num_fp16_res",
    "w_avg_beta",
    "init_res",
]


@settings(max_examples=20)
@given(keywords=st.dictionaries(st.sampled_from(SAID), junk, max_size=3), seed=st.integers(0, 99))
def test_nothing_but_sentences_comes_of_damage(keywords: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    variables = inverse.stylegan2_generator(build(small_generator(8, 8)))
    name = sorted(variables)[random.integers(len(variables))]
    variables[name] = np.zeros(random.integers(0, 4, random.integers(0, 5)), np.float32)
    record = Record(
        "dnnlib.tflib.network",
        "Network",
        state={"version": 4, "static_kwargs": keywords, "build_func_name": "G_main", "variables": [*variables.items()]},
    )
    message = ""
    try:
        tensorflow_model((record, record))
    except ModelFileError as error:
        message = str(error)
    assert message == "" or message.isprintable()
