"""Files of ``stylegan2_pytorch``: built here by its names and shapes, with numbers that the package itself gave."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange import Record, read_pickle
from allaprima.interchange.imported import ImportedModel, assemble
from allaprima.interchange.lucidrains import channel_max, lucidrains
from allaprima.models import LucidrainsDiscriminator, LucidrainsGenerator
from allaprima.models.lucidrains.colour import to_signed
from tests.conftest import assert_near

Shapes = dict[str, tuple[int, ...]]
LATENT, DEPTH, CAPACITY = 8, 2, 2
BLUR = torch.tensor([1.0, 2.0, 1.0])


def affine(name: str, *shape: int) -> Shapes:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def mapping_shapes() -> Shapes:
    shapes: Shapes = {}
    for i in range(DEPTH):
        shapes |= affine(f"net.{2 * i}", LATENT, LATENT)
    return shapes


def generator_shapes(side: int, *, channels: int, no_const: bool) -> Shapes:
    widths = [min(512, CAPACITY * side // 2 >> i) for i in range(side.bit_length() - 2)]
    first = widths[0]
    start = {"to_initial_block.weight": (LATENT, first, 4, 4)} if no_const else {"initial_block": (1, first, 4, 4)}
    shapes: Shapes = {**start, **affine("initial_conv", first, first, 3, 3)}
    for i, (before, out) in enumerate(zip([first, *widths], widths, strict=False)):
        for layer, maps in ((1, before), (2, out)):
            shapes |= affine(f"blocks.{i}.to_style{layer}", maps, LATENT)
            shapes |= affine(f"blocks.{i}.to_noise{layer}", out, 1)
            shapes[f"blocks.{i}.conv{layer}.weight"] = (out, maps, 3, 3)
        shapes |= affine(f"blocks.{i}.to_rgb.to_style", out, LATENT)
        shapes[f"blocks.{i}.to_rgb.conv.weight"] = (channels, out, 1, 1)
        if i < len(widths) - 1:
            shapes[f"blocks.{i}.to_rgb.upsample.1.f"] = (3,)
    return shapes


def discriminator_shapes(side: int, *, channels: int, fq_layers: tuple[int, ...]) -> Shapes:
    widths = [min(512, CAPACITY * 4 << i) for i in range(side.bit_length() - 1)]
    shapes: Shapes = {}
    for i, (before, out) in enumerate(zip([channels, *widths], widths, strict=False)):
        shapes |= affine(f"blocks.{i}.conv_res", out, before, 1, 1)
        shapes |= affine(f"blocks.{i}.net.0", out, before, 3, 3) | affine(f"blocks.{i}.net.2", out, out, 3, 3)
        if i < len(widths) - 1:
            shapes[f"blocks.{i}.downsample.0.f"] = (3,)
            shapes |= affine(f"blocks.{i}.downsample.1", out, out, 3, 3)
        if i + 1 in fq_layers:
            shapes |= {f"quantize_blocks.{i}.fn.{kind}": (out, 5) for kind in ("embed", "embed_avg")}
            shapes[f"quantize_blocks.{i}.fn.cluster_size"] = (5,)
    return {**shapes, **affine("final_conv", out, out, 3, 3), **affine("to_logit", 1, 4 * out)}


def wave(shape: tuple[int, ...], phase: float = 0.0) -> Tensor:
    """Numbers that anyone can make again."""
    count = int(torch.Size(shape).numel())
    return torch.sin(torch.arange(count, dtype=torch.float64) * 1.3 + phase).reshape(shape).float() / 2


def published(
    side: int = 8, *, channels: int = 3, no_const: bool = False, fq_layers: tuple[int, ...] = ()
) -> dict[str, Tensor]:
    """What the package writes as ``GAN``."""
    generator = generator_shapes(side, channels=channels, no_const=no_const)
    discriminator = discriminator_shapes(side, channels=channels, fq_layers=fq_layers)
    networks = {"S": mapping_shapes(), "G": generator, "D": discriminator, "SE": mapping_shapes(), "GE": generator}
    shapes = {f"{net}.{name}": shape for net, of_net in networks.items() for name, shape in of_net.items()}
    state = {name: wave(shape, i / 7) for i, (name, shape) in enumerate(shapes.items())}
    state |= {name: BLUR for name in state if name.endswith(".f")}
    return {**state, **{f"D_aug.{name}": tensor for name, tensor in state.items() if name.startswith("D.")}}


def through_a_file(value: Any, folder: Path) -> ImportedModel:
    torch.save(value, folder / "model_1.pt")
    imported = lucidrains(read_pickle(folder / "model_1.pt"))
    assert imported is not None
    return imported


def build_all(value: Any) -> list[Any]:
    imported = lucidrains(value)
    assert imported is not None
    return [network.build() for network in imported.networks.values()]


def refusal(state: dict[str, Any]) -> str:
    with pytest.raises(ModelFileError) as error:
        lucidrains({"GAN": state, "version": "1.9.0"})
    return str(error.value)


# What version 1.9.0 of the package gives for `published` with two sets of options (run with stand-ins for what it
# imports, as benchmarks/lucidrains_parity.py does):
#
#     model = StyleGAN2(side, latent_dim=LATENT, style_depth=DEPTH, network_capacity=CAPACITY, **options).eval()
#     model.load_state_dict(published(...))
#     noise = (wave((1, side, side, 1)) + 0.5).expand(2, -1, -1, -1)
#     w, image = model.S(wave((2, LATENT))), model.G(4 * wave((2, num_layers, LATENT), 2.0), noise)
#     score = model.D(0.9 * wave((2, channels, side, side), 1.0) + 0.5)[0]
#
# of w every third number, of the image every (count // 7)-th.
PLAIN: dict[str, Any] = {"side": 8}
OTHER: dict[str, Any] = {"side": 16, "channels": 4, "no_const": True, "fq_layers": (1,)}
W = {
    "plain G": [0.0272348, -0.0081002, 0.0515265, 0.0479539, -0.0067338, -0.0020117],
    "plain G_ema": [0.0110596, 0.0330357, -0.009073, -0.0085699, 0.0493265, -0.0041642],
    "other G": [0.0272348, -0.0081002, 0.0515265, 0.0479539, -0.0067338, -0.0020117],
    "other G_ema": [0.0274873, -0.008114, 0.0514598, 0.0479532, -0.0066848, -0.0020527],
}
IMAGE = {
    "plain G": [1.597006, 1.578176, 0.160084, -1.669795, -0.105925, 0.427693, -1.663084, -2.864152],
    "plain G_ema": [3.289893, 4.081952, -0.715386, -1.376989, 0.128969, -0.651622, -1.148707, -1.778054],
    "other G": [7.847801, -4.898305, -0.731682, 1.844705, 5.405462, -3.661479, -0.218923, 5.084525],
    "other G_ema": [7.853991, -4.885183, -0.719471, 1.847291, 5.391438, -3.636535, -0.212047, 5.089589],
}
SCORE = {"plain": [-0.0791086, -0.0730779], "other": [-51.798073, -14.63203]}
FILES: dict[str, dict[str, Any]] = {"plain": PLAIN, "other": OTHER}


@pytest.mark.parametrize("role", ["G", "G_ema"])
@pytest.mark.parametrize("kind", FILES)
def test_images_are_those_of_the_package(kind: str, role: str, tmp_path: Path) -> None:
    options = FILES[kind]
    side, key = options["side"], f"{kind} {role}"
    network = through_a_file({"GAN": published(**options), "version": "1.9.0"}, tmp_path).networks[role]
    weights = {**network.weights, "synthesis.noise_const": wave((side, side)) + 0.5}
    G: Any = assemble(network.spec, weights)
    assert_near(G.mapping(wave((2, LATENT)))[:, 0].flatten()[::3], torch.tensor(W[key]), 1e-5)
    with patch("allaprima.models.lucidrains.generator.to_signed", lambda x: x):  # what it paints, before our range
        image = G.synthesis(4 * wave((2, G.num_ws, LATENT), 2.0), noise_mode="const")
    assert_near(image.flatten()[:: image.numel() // 7], torch.tensor(IMAGE[key]), 1e-5)


@pytest.mark.parametrize("kind", FILES)
def test_scores_are_those_of_the_package_with_the_other_sign(kind: str, tmp_path: Path) -> None:
    options = FILES[kind]
    D = through_a_file({"GAN": published(**options)}, tmp_path).networks["D"].build()
    images = 0.9 * wave((2, options.get("channels", 3), options["side"], options["side"]), 1.0) + 0.5
    assert_near(D(to_signed(images)), -torch.tensor(SCORE[kind])[:, None], 1e-4)


def test_sizes_are_read_from_the_shapes(tmp_path: Path) -> None:
    networks = through_a_file({"GAN": published(**OTHER), "version": "1.9.0"}, tmp_path).networks
    both: dict[str, Any] = {"height": 16, "width": 16, "img_channels": 4, "network_capacity": CAPACITY}
    of_g: dict[str, Any] = {**both, "z_dim": LATENT, "map_depth": DEPTH, "map_lr_multiplier": 0.1, "const_input": False}
    assert networks["G"].spec == networks["G_ema"].spec == LucidrainsGenerator(**of_g)
    assert networks["D"].spec == LucidrainsDiscriminator(**both, fq_layers=(1,), fq_dict_size=5)
    made_with = networks["G"].facts["made_with"]
    assert made_with["version"] == "1.9.0"
    assert (made_with["image_size"], made_with["transparent"], made_with["no_const"]) == (16, True, True)


def test_a_bound_of_the_width_shows_in_the_widest_layer() -> None:
    assert channel_max(narrowest=32, widest=128, doublings=2) == 512
    assert channel_max(narrowest=32, widest=512, doublings=5) == 512
    assert channel_max(narrowest=32, widest=48, doublings=2) == 48
    assert channel_max(narrowest=512, widest=2048, doublings=2) == 2048


def test_what_the_file_does_not_say_is_noted(tmp_path: Path) -> None:
    state = {**published(), "D_cl.net.0.weight": torch.ones(1)}
    imported = through_a_file({"GAN": state, "version": "1.9.0", "amp": {}}, tmp_path)
    notes = "\n".join(imported.all_notes())
    assert "G_ema: the file does not say lr_mlp: 0.1, the default of the package, was assumed" in notes
    assert "G_ema: the file has no average of w" in notes
    assert "G_ema: the file has no constant noise" in notes
    assert "D: its scores change their sign" in notes
    assert "not networks of ours, and ignored: D_cl" in notes


def test_constant_noise_is_the_same_for_ever() -> None:
    first, second = (lucidrains({"GAN": published()}) for _ in range(2))
    assert first is not None
    assert second is not None
    noise = [imported.networks["G_ema"].weights["synthesis.noise_const"] for imported in (first, second)]
    assert torch.equal(*noise)
    assert noise[0].flatten()[:3].tolist() == pytest.approx([0.4962566, 0.7682218, 0.0884774])


def test_the_average_of_w_is_that_of_many_latents() -> None:
    imported = lucidrains({"GAN": published()})
    assert imported is not None
    G: Any = imported.networks["G_ema"].build()
    w = G.mapping(torch.randn(20000, LATENT))[:, 0]
    assert (w.mean(dim=0) - G.mapping.w_avg).abs().max() < 0.03 * w.std(dim=0).max()


@pytest.mark.parametrize(
    ("kept", "roles"),
    [
        (("S.", "G."), {"G_ema"}),
        (("SE.", "GE."), {"G_ema"}),
        (("S.", "G.", "D_aug."), {"G_ema", "D"}),
        (("S.", "G.", "SE.", "GE."), {"G", "G_ema"}),
    ],
)
def test_any_part_of_a_file_will_do(kept: tuple[str, ...], roles: set[str]) -> None:
    state = {name: tensor for name, tensor in published().items() if name.startswith(kept)}
    for value in (state, {"GAN": state}):
        imported = lucidrains(value)
        assert imported is not None
        assert set(imported.networks) == roles
        assert len(build_all(value)) == len(roles)


@pytest.mark.parametrize(
    "value", [None, 3, [], {}, {"GAN": None}, {"GAN": {}}, {"g_ema": {}}, {"GAN": {"G.weight": 1}}, {3: {}}]
)
def test_other_files_are_left_to_others(value: Any) -> None:
    assert lucidrains(value) is None


def test_attention_is_refused() -> None:
    of_g = {**published(), "G.attns.1.0.fn.norm.g": torch.ones(1, 4, 1, 1)}
    assert refusal(of_g) == "its generator has attention layers (attn_layers), which are not supported"
    of_d = {**published(), "D.attn_blocks.1.0.fn.norm.g": torch.ones(1, 4, 1, 1)}
    assert refusal(of_d) == "its discriminator has attention layers (attn_layers), which are not supported"


@pytest.mark.parametrize("mark", ["initial_conv", "upsample"])
def test_the_first_versions_are_refused(mark: str) -> None:
    state = {name: tensor for name, tensor in published().items() if mark not in name}
    assert "was written by a version of stylegan2_pytorch before 1.1" in refusal(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SE.net.0.weight": None}, "SE.net.0.weight is no tensor, but NoneType"),
        ({"G.initial_block": Record("a", "b")}, "G.initial_block is no tensor, but a.b"),
        ({"SE.net.0.weight": torch.ones(3)}, r"net.0.weight is \[3\]: it must have 2 axes"),
        ({"SE.net.0.weight": torch.ones(3, 3)}, "the weights do not fit their description"),
        ({"SE.net.9.weight": torch.ones(8, 8)}, "the weights do not fit their description"),
        ({"SE.net.0.zoom": torch.ones(8)}, "the mapping network has a tensor net.0.zoom, which is unknown"),
        ({"GE.blocks.0.to_rgb.conv.weight": torch.ones(2, dtype=torch.long)}, "holds torch.int64, not weights"),
        ({"GE.blocks.0.zoom": torch.ones(1)}, "has a tensor blocks.0.zoom, which no network of this package has"),
        ({"GE.blocks.7.conv1.weight": torch.ones(1)}, "has a tensor blocks.7.conv1.weight, which no network"),
        ({"GE.blocks.1.to_rgb.conv.weight": torch.ones(0, 0, 1, 1)}, "img_channels is 0: it must be at least 1"),
        ({"GE.blocks.0.to_rgb.upsample.1.f": torch.ones(3)}, r"blurs with a filter other than \[1, 2, 1\]"),
        ({"GE.blocks.0.to_rgb.upsample.1.f": torch.ones(3, 3)}, r"blurs with a filter other than \[1, 2, 1\]"),
        ({"D.blocks.0.net.0.weight": torch.ones(2)}, r"blocks.0.net.0.weight is \[2\]: it must have 4 axes"),
        ({"D.quantize_blocks.9.fn.embed": torch.ones(2, 2)}, "fq_layers is"),
        (
            {f"GE.blocks.{i}.to_style1.weight": torch.ones(1, 1) for i in range(2, 40)},
            "has blocks for images of 2.41 pixels a side: at most 4096 are read",
        ),
    ],
)
def test_wrong_contents_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        build_all({"GAN": {**published(), **change}})


def test_a_missing_tensor_is_named() -> None:
    state = {name: tensor for name, tensor in published().items() if not name.startswith("SE.")}
    assert "has no tensor net.0.weight, which every file of this package has" in refusal(state)
