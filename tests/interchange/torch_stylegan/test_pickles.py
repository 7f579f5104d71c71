"""Pickles of whole modules give the images and scores of the programs that wrote them."""

import dataclasses
import itertools
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange import Record, read_pickle_bytes
from allaprima.interchange.imported import ImportedModel
from allaprima.interchange.torch_stylegan import torch_stylegan
from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, StyleGAN3Generator, build
from tests.conftest import assert_near, read_reference
from tests.interchange.samples import sample, sample_path, saved
from tests.interchange.torch_stylegan.published import Persistent, module, opened, weights_of
from tests.models.r3gan import small as small_r3gan
from tests.models.stylegan2.small import DISCRIMINATOR_FILES, GENERATOR_FILES, small_discriminator, small_generator

KNOWN = {"training_set_kwargs": None, "augment_pipe": None}


def imported(content: Any) -> ImportedModel:
    model = torch_stylegan(opened(content))
    assert model is not None
    return model


def reference_module(name: str, prefix: str, **more: Any) -> Persistent:
    reference = read_reference(name)
    keywords = dict(reference.metadata["config"])
    inner = (
        {key: keywords.pop(key) for key in ("channel_base", "channel_max", "architecture")} if prefix == "G." else {}
    )
    nested: dict[str, Any] = {"synthesis_kwargs": inner} if inner else {}
    return module(reference.part(prefix), **keywords, **nested, **more)


def tiny(**fields: Any) -> tuple[StyleGAN2Generator, dict[str, Tensor]]:
    spec = small_generator(fields.pop("height", 16), fields.pop("width", 16), **fields)
    return spec, weights_of(build(spec))


@pytest.mark.parametrize(
    ("name", "origin"),
    [("stylegan2ada_torch_labels", "StyleGAN2-ADA (PyTorch)"), ("stylegan3_torch_r", "StyleGAN3 (PyTorch)")],
)
def test_samples_give_the_recorded_images_and_scores(name: str, origin: str) -> None:
    model = torch_stylegan(sample(name))
    assert model is not None
    assert (model.origin, list(model.networks), model.all_notes()) == (origin, ["G_ema", "G", "D"], [])
    t = load_file(sample_path(name).with_suffix(".safetensors"))
    G, D = model.networks["G_ema"].build(), model.networks["D"].build()
    assert_near(G(t["z"], t["c"], noise_mode="const"), t["image"], 1e-5)
    assert_near(G(t["z"], t["c"], noise_mode="const", truncation_psi=0.7), t["image07"], 1e-5)
    assert_near(D(t["d_images"], t["c"]), t["d_scores"], 1e-5)
    assert model.networks["G_ema"].facts["class_name"] == "Generator"
    assert model.networks["G_ema"].facts["made_with"]["mapping_kwargs"] == {"num_layers": 2}
    assert model.facts["training_set_kwargs"]["path"] == "/data/x.zip"
    assert model.facts["augment_pipe"]["p"] == pytest.approx(0.3)


def test_what_layers_remember_tells_what_defaults_were() -> None:
    model, older = torch_stylegan(sample("stylegan3_torch_r")), torch_stylegan(sample("stylegan2ada_torch_labels"))
    assert model is not None and older is not None  # noqa: PT018 - one thing
    spec: Any = model.networks["D"].spec
    assert (spec.conv_clamp, spec.num_fp16_res) == (256, 3)  # of 32, 16, 8; not among the keyword arguments
    spec = older.networks["D"].spec
    assert (spec.conv_clamp, spec.num_fp16_res) == (None, 0)
    betas = [m.networks["G"].spec.w_avg_beta for m in (model, older)]  # type: ignore[union-attr]
    assert betas == [0.998, 0.995]


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_stylegan2_generators_equal_the_reference(name: str) -> None:
    t = read_reference(name).tensors
    model = imported({"G_ema": reference_module(name, "G."), **KNOWN})
    assert model.all_notes() == []
    assert_near(model.networks["G_ema"].build()(t["z"], t["c"], noise_mode="const"), t["image_noise_const"], 1e-5)


@pytest.mark.parametrize("name", DISCRIMINATOR_FILES)
def test_stylegan2_discriminators_equal_the_reference(name: str) -> None:
    t = read_reference(name).tensors
    D = reference_module(name, "D.", class_name="Discriminator", frozen=("b32.", "b16.conv0"))
    _, weights = tiny()
    model = imported({"G": None, "D": D, "G_ema": module(weights)})
    assert model.all_notes() == []
    assert_near(model.networks["D"].build()(t["images"], t["c"]), t["logits"], 1e-5)


@pytest.mark.parametrize("name", ["stylegan3_t", "stylegan3_r"])
def test_stylegan3_generators_equal_the_reference(name: str) -> None:
    reference = read_reference(name)
    model = imported({"G_ema": module(reference.part("G."), **reference.metadata["config"])})
    assert (model.origin, model.all_notes()) == ("StyleGAN3 (PyTorch)", [])
    assert_near(model.networks["G_ema"].build()(reference.tensors["z"]), reference.tensors["image"], 1e-5)


@pytest.mark.parametrize("name", small_r3gan.FILES)
def test_r3gan_equals_the_reference(name: str) -> None:
    reference = read_reference(name)
    t = reference.tensors
    parts = {r: {f"Model.{k}": v for k, v in reference.part(f"{r}.").items()} for r in "GD"}
    stages = {f"Model.MainLayers.{i}": {"DataType": torch.bfloat16} for i in (1, 2)}
    G = module(parts["G"], attributes=stages, **reference.metadata["config_G"])
    D = module(parts["D"], **reference.metadata["config_D"])
    content = {"G": G, "D": D, "G_ema": G, **KNOWN, "cur_nimg": 500, "G_opt_state": {"step": 3}}
    model = imported(content)
    assert model.origin == "R3GAN (PyTorch)"
    assert model.facts == {"cur_nimg": 500}
    assert model.all_notes() == ["not taken over: G_opt_state"]
    c = t.get("c")
    assert_near(model.networks["G_ema"].build()(t["z"], c), t["fake_images"], 1e-5)
    assert_near(model.networks["D"].build()(t["real_images"], c)[:, 0], t["real_logits"], 1e-5)
    spec: Any = model.networks["G"].spec
    assert (spec.widths, spec.cardinalities, spec.num_fp16_res) == ((24, 24, 12), (4, 4, 2), 2)
    assert spec.resample_filter == (1, 2, 1)  # as it was before the pixels widened it


def test_a_file_of_one_generator_has_it_as_the_average() -> None:
    _, weights = tiny()
    G = module(weights)
    for content in (G, {"G_ema": G, "training_set_kwargs": {"resolution": 16}}, {"G": G, "D": None, "G_ema": None}):
        model = imported(content)
        assert list(model.networks) == ["G_ema"]
        assert torch.equal(model.networks["G_ema"].weights["synthesis.b4.const"], weights["synthesis.b4.const"])
    assert model.origin == "StyleGAN2 (PyTorch)"


def test_names_of_classes_do_not_matter() -> None:
    _, weights = tiny()
    discriminator = weights_of(build(small_discriminator(16, 16)))
    G = module(weights, class_name="AlphaGenerator", channel_base=128, channel_max=8)
    model = imported({"G_ema": G, "D": module(discriminator, class_name="Critic")})
    assert model.origin == "StyleGAN2 by StyleGAN3's program (PyTorch)"
    assert isinstance(model.networks["D"].spec, StyleGAN2Discriminator)
    assert model.networks["D"].facts == {"class_name": "Critic", "made_with": {}}


@pytest.mark.parametrize(("height", "width"), [(32, 16), (24, 40), (16, 48)])
def test_non_square_models_start_from_their_own_grid(height: int, width: int) -> None:
    doublings = 2
    init_res = [height // 4, width // 4]
    sizes: dict[str, Any] = {"height": height, "width": width, "doublings": doublings}
    G = build(small_generator(img_channels=3, **sizes))
    D = build(small_discriminator(img_channels=3, **sizes))
    G.load_state_dict(weights_of(G))
    names: dict[str, Any] = {
        "img_resolution": 16,
        "init_res": init_res,
        "img_channels": 3,
        "channel_base": 128,
        "channel_max": 8,
    }
    content = {"D": module(weights_of(D), **names), "G_ema": module(G.state_dict(), z_dim=8, **names)}
    model = imported(content)
    assert model.all_notes() == []
    spec: Any = model.networks["G_ema"].spec
    assert (spec.height, spec.width, spec.geometry) == (height, width, G.spec.geometry)
    z, images = torch.randn(2, 8), torch.randn(2, 3, height, width)
    D.load_state_dict(weights_of(D))
    with torch.no_grad():
        assert torch.equal(model.networks["G_ema"].build()(z, noise_mode="const"), G(z, noise_mode="const"))
        assert torch.equal(model.networks["D"].build()(images), D(images))


def test_sizes_of_the_mapping_network_are_read_from_its_layers() -> None:
    spec, weights = tiny(c_dim=3, embed_dim=5, map_hidden=7, map_depth=3, map_lr_multiplier=0.02)
    kwargs = {"num_layers": 3, "embed_features": 5, "layer_features": 7, "lr_multiplier": 0.02}
    D_spec = small_discriminator(16, 16, c_dim=3, cmap_dim=6, embed_dim=4, map_hidden=5, mbstd_num_channels=2)
    inner = {"num_layers": 2, "embed_features": 4, "layer_features": 5}
    D = module(weights_of(build(D_spec)), cmap_dim=6, mapping_kwargs=inner, epilogue_kwargs={"mbstd_num_channels": 2})
    model = imported({"G_ema": module(weights, z_dim=8, c_dim=3, w_dim=8, mapping_kwargs=kwargs), "D": D})
    assert model.all_notes() == []
    assert model.networks["G_ema"].spec == replaced(spec)
    assert model.networks["D"].spec == replaced(D_spec)


def replaced(spec: Any) -> Any:
    """With the least ``channel_base`` that gives its channels."""
    return dataclasses.replace(spec, channel_base=max(r * spec.channels(r) for r in spec.geometry.resolutions))


def test_unknown_keywords_are_named_and_change_nothing() -> None:
    _, weights = tiny()
    odd: dict[str, Any] = {"fancy\x1b": 1, "verbose": True}
    plain = imported(module(weights)).networks["G_ema"]
    model = imported(module(weights, **odd, mapping_kwargs={"depth2": 1}, synthesis_kwargs={"attention": None}))
    got = model.networks["G_ema"]
    assert got.notes == (
        "G_ema: unknown to us, and ignored: attention, fancy\\x1b, verbose",
        "G_ema mapping_kwargs: unknown to us, and ignored: depth2",
    )
    assert all(torch.equal(got.weights[name], tensor) for name, tensor in plain.weights.items())
    assert got.facts["made_with"]["verbose"] is True


def test_tensors_overrule_what_is_said_of_them() -> None:
    _, weights = tiny()
    model = imported(module(weights, z_dim=99, img_resolution=[64, 32], synthesis_kwargs={"channel_max": 512}))
    said = "is said to be"
    assert model.networks["G_ema"].notes == (
        f"G_ema: z_dim {said} 99, but by the tensors it is 8",
        f"G_ema: img_resolution {said} [64, 32], but by the tensors it is 16",
        f"G_ema: channel_max {said} 512, but by the tensors it is 8",
    )


def test_more_than_the_network_needs_is_left_out_if_it_is_no_parameter() -> None:
    _, weights = tiny()
    model = imported(module({**weights, "mapping.count_ema": torch.ones(8).int()}))
    assert model.networks["G_ema"].notes == ("unknown to us, and left out: mapping.count_ema",)
    with pytest.raises(ModelFileError, match=r"does not have: synthesis.b8.attention"):
        imported(module({**weights, "synthesis.b8.attention": torch.ones(8)}))


def test_a_missing_average_of_w_is_computed() -> None:
    _, weights = tiny()
    del weights["mapping.w_avg"]
    got = imported(module(weights)).networks["G_ema"]
    assert got.notes == ("the file has no average of w: it was computed from 10,000 latents",)
    with torch.no_grad():
        mean = got.build().mapping(torch.randn(2000, 8))[:, 0].mean(dim=0)  # type: ignore[operator]
    assert_near(got.weights["mapping.w_avg"], mean, 0.2)


def test_a_discriminator_that_nobody_knows_is_left_out() -> None:
    _, weights = tiny()
    D = module({"feature_network.weight": torch.ones(3)}, class_name="ProjectedDiscriminator")
    model = imported({"G_ema": module(weights), "D": D})
    assert list(model.networks) == ["G_ema"]
    assert model.notes == ("D, of the class ProjectedDiscriminator, is not known here, and was left out",)


def test_what_is_no_such_file_is_left_to_others() -> None:
    content = {"G_ema": {"synthesis.b4.const": torch.ones(3)}, "g": 1}
    layer = read_pickle_bytes(saved(torch.nn.Linear(2, 2), is_zip=True))
    others: list[Any] = [None, 3, [], {}, Record("argparse", "Namespace"), opened(content), layer, {"G": layer}]
    for value in others:
        assert torch_stylegan(value) is None


def broken(change: dict[str, Any], **keywords: Any) -> Any:
    _, weights = tiny()
    return opened({"G_ema": module({k: t for k, t in (weights | change).items() if t is not None}, **keywords)})


@pytest.mark.parametrize(
    ("change", "keywords", "words"),
    [
        ({"mapping.fc1.bias": None}, {}, "the file has no tensor mapping.fc1.bias"),
        ({"mapping.fc1.weight": torch.ones(3, 8)}, {}, r"mapping.fc1.weight is \[3, 8\], where \[8, 8\] was expected"),
        ({"synthesis.b4.const": torch.ones(8, 4)}, {}, r"const is \[8, 4\], where 3 axes were expected"),
        ({"synthesis.b4.const": torch.ones(8, 4, 4, dtype=torch.int32)}, {}, "const holds torch.int32, not weights"),
        ({"synthesis.b4.const": torch.ones(8, 4, 40000)}, {}, "2 doublings .* which no model has"),
        ({"synthesis.b8.conv1.weight": torch.ones(2, 8, 3, 3)}, {}, "its feature maps are 8 at 4, 2 at 8, 8 at 16"),
        ({}, {"synthesis_kwargs": {"activation": "relu"}}, "activation of G_ema is relu"),
        ({}, {"mapping_kwargs": {"lr_multiplier": "fast"}}, "lr_multiplier of G_ema mapping_kwargs is fast"),
        ({}, {"num_fp16_res": float("inf")}, "num_fp16_res of G_ema is inf"),
        ({}, {"mapping_kwargs": {"lr_multiplier": -1.0}}, "cannot be: map_lr_multiplier is -1.0"),
        ({"synthesis.b4.const": None}, {"z_dim": 8}, "G_ema, of the class Generator, is no generator"),
    ],
)  # fmt: skip
def test_contents_that_cannot_be_are_refused(change: Any, keywords: Any, words: str) -> None:
    with pytest.raises(ModelFileError, match=words):
        torch_stylegan(broken(change, **keywords))


def test_a_discriminator_alone_is_refused() -> None:
    D = module(weights_of(build(small_discriminator(16, 16))))
    with pytest.raises(ModelFileError, match="a discriminator, but no generator"):
        torch_stylegan(opened({"G": None, "D": D}))
    with pytest.raises(ModelFileError, match="its G_ema, of the class Generator, is no generator"):
        torch_stylegan(opened({"G_ema": D}))
    with pytest.raises(ModelFileError, match="int where the module G was expected"):
        torch_stylegan(opened({"G": 3, "D": D}))


ODD: list[Any] = [
    None,
    -1,
    0,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "x" * 99,
    [],
    [[]],
    {},
    {1: 2},
    torch.ones(2),
]
KEYS = ["channel_base", "conv_clamp", "num_fp16_res", "architecture", "mapping_kwargs", "synthesis_kwargs", "z_dim"]
KEYS3 = [
    "channel_base",
    "num_fp16_res",
    "filter_size",
    "num_critical",
    "margin_size",
    "first_cutoff",
    "last_stopband_rel",
    "magnitude_ema_beta",
    "conv_kernel",
]


@pytest.mark.parametrize("name", ["stylegan2", "stylegan3"])
def test_odd_keywords_give_a_model_or_a_refusal(name: str) -> None:
    reference = read_reference(f"{name}_{'generator_skip_1ch' if name == 'stylegan2' else 't'}")
    config = reference.metadata["config"]
    keywords = KEYS if name == "stylegan2" else KEYS3
    record = opened(module(reference.part("G."), attributes={"synthesis.b4.conv1": {"conv_clamp": 256}}, **config))
    state = record.arguments[0]["state"]
    layer = state["_modules"]["synthesis"].arguments[0]["state"]["_modules"]
    conv = layer["b4"].arguments[0]["state"]["_modules"]["conv1"].arguments[0]["state"] if "b4" in layer else {}
    for key, value in itertools.product(keywords, ODD):
        state["_init_kwargs"] = {**config, key: value}
        conv["conv_clamp"] = value if key == "conv_clamp" else 256
        try:
            model = torch_stylegan(record)
        except ModelFileError:
            continue
        assert model is not None
        assert isinstance(model.networks["G_ema"].spec, StyleGAN2Generator | StyleGAN3Generator)
