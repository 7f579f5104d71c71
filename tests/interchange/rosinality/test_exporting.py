"""What is exported for rosinality's program is read back as it was; what its format cannot say is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError, OutputError
from allaprima.interchange import read_pickle
from allaprima.interchange.rosinality import export_rosinality, expressible, rosinality
from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, StyleGAN3Generator, build
from allaprima.models.progan import ProGANGenerator
from tests.conftest import assert_near
from tests.models.stylegan2.small import small_discriminator, small_generator

KERNEL_NAMES = {"convs.0.conv.blur.kernel", "to_rgbs.0.upsample.kernel"}
GENERATOR_8 = KERNEL_NAMES | {
    "input.input",
    *(f"style.{i}.{kind}" for i in (1, 2) for kind in ("weight", "bias")),
    *(
        f"{layer}.{part}"
        for layer in ("conv1", "convs.0", "convs.1")
        for part in (
            "conv.weight",
            "conv.modulation.weight",
            "conv.modulation.bias",
            "noise.weight",
            "activate.bias",
        )
    ),
    *(
        f"{layer}.{part}"
        for layer in ("to_rgb1", "to_rgbs.0")
        for part in ("conv.weight", "conv.modulation.weight", "conv.modulation.bias", "bias")
    ),
    *(f"noises.noise_{n}" for n in range(3)),
}
DISCRIMINATOR_8 = {
    *("convs.0.0.weight", "convs.0.1.bias"),
    *("convs.1.conv1.0.weight", "convs.1.conv1.1.bias"),
    *("convs.1.conv2.0.kernel", "convs.1.conv2.1.weight", "convs.1.conv2.2.bias"),
    *("convs.1.skip.0.kernel", "convs.1.skip.1.weight"),
    *("final_conv.0.weight", "final_conv.1.bias"),
    *(f"final_linear.{i}.{kind}" for i in (0, 1) for kind in ("weight", "bias")),
}


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feature maps of `small_generator`, so that nothing here is large."""
    monkeypatch.setattr(expressible, "table", lambda resolution, _: max(min(128 // resolution, 8), 1))


def trained(spec: Any) -> Any:
    """A network none of whose tensors is as it was made."""
    network = build(spec)
    for name, tensor in network.state_dict().items():
        if not name.endswith("resample_filter"):
            tensor.add_(torch.randn(tensor.shape) * 0.1)
    return network.eval()


@pytest.mark.usefixtures("small_table")
@pytest.mark.parametrize("side", [4, 8, 64])
def test_import_undoes_export_bit_for_bit(side: int, tmp_path: Path) -> None:
    networks = {
        "G_ema": trained(small_generator(side, side)),
        "G": trained(small_generator(side, side)),
        "D": trained(small_discriminator(side, side)),
    }
    networks["G"].mapping.w_avg.copy_(networks["G_ema"].mapping.w_avg)
    export_rosinality(networks, tmp_path / "model.pt")
    model = rosinality(read_pickle(tmp_path / "model.pt"))
    assert model is not None
    assert model.all_notes() == []
    back = {role: network.build() for role, network in model.networks.items()}
    assert set(back) == set(networks)
    for role, network in networks.items():
        state, returned = network.state_dict(), back[role].state_dict()
        assert state.keys() == returned.keys()
        assert all(torch.equal(state[name], returned[name]) for name in state), role
    z, images = torch.randn(2, 8), torch.randn(4, 3, side, side)
    assert torch.equal(back["G"](z, noise_mode="const"), networks["G"](z, noise_mode="const"))
    assert torch.equal(back["D"](images), networks["D"](images))


@pytest.mark.usefixtures("small_table")
def test_the_file_has_the_published_names_and_only_tensors(tmp_path: Path) -> None:
    networks = {"G_ema": build(small_generator(8, 8)), "D": build(small_discriminator(8, 8))}
    export_rosinality(networks, tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert content.keys() == {"g_ema", "d", "latent_avg"}
    assert content["g_ema"].keys() == GENERATOR_8
    assert content["d"].keys() == DISCRIMINATOR_8
    shapes = {name: tuple(tensor.shape) for name, tensor in content["g_ema"].items()}
    assert shapes["input.input"] == (1, 8, 4, 4)
    assert shapes["convs.0.conv.weight"] == (1, 8, 8, 3, 3)
    assert shapes["to_rgbs.0.bias"] == (1, 3, 1, 1)
    assert shapes["noises.noise_1"] == (1, 1, 8, 8)
    assert shapes["conv1.noise.weight"] == (1,)
    assert float(content["g_ema"]["convs.0.conv.blur.kernel"].sum()) == 4
    assert float(content["d"]["convs.1.skip.0.kernel"].sum()) == 1


@pytest.mark.usefixtures("small_table")
def test_the_live_generator_alone_is_their_g_ema(tmp_path: Path) -> None:
    export_rosinality({"G": build(small_generator(8, 8))}, tmp_path / "model.pt")
    assert torch.load(tmp_path / "model.pt", weights_only=True).keys() == {"g_ema", "latent_avg"}


@pytest.mark.usefixtures("small_table")
def test_another_learning_rate_of_the_mapping_network_is_made_up_for(tmp_path: Path) -> None:
    G = trained(small_generator(8, 8, map_lr_multiplier=0.03))
    notes = export_rosinality({"G_ema": G}, tmp_path / "model.pt")
    model = rosinality(read_pickle(tmp_path / "model.pt"))
    assert model is not None
    assert any("lr_mlp" in note for note in notes)
    z = torch.randn(3, 8)
    assert_near(model.networks["G_ema"].build()(z, noise_mode="const"), G(z, noise_mode="const"), 1e-5)


@pytest.mark.usefixtures("small_table")
def test_what_is_lost_is_told(tmp_path: Path) -> None:
    G, D = small_generator(8, 8, conv_clamp=256), small_discriminator(8, 8, mbstd_group=2)
    networks = {"G_ema": build(G), "G": trained(G), "D": build(D)}
    notes = " ".join(export_rosinality(networks, tmp_path / "model.pt"))
    for told in ("G_ema: layers are not bounded by ±256", "over 4 images", "n_mlp 2", "G: its own average of w"):
        assert told in notes


@pytest.mark.parametrize(("size", "base", "needed"), [(256, 32768, ""), (256, 16384, "channel_multiplier 1")])
def test_the_published_tables_of_feature_maps_are_expressible(size: int, base: int, needed: str) -> None:
    with torch.device("meta"):
        G = build(StyleGAN2Generator(height=size, width=size, img_channels=3, channel_base=base))
        D = build(StyleGAN2Discriminator(height=size, width=size, img_channels=3, channel_base=base))
    expressible.require_expressible("G_ema", G)
    expressible.require_expressible("D", D)
    assert needed in " ".join(expressible.losses("G_ema", G))


FULL = {"height": 8, "width": 8, "img_channels": 3}


@pytest.mark.parametrize(
    ("role", "spec", "message"),
    [
        ("G_ema", StyleGAN2Generator(**{**FULL, "width": 16}), "square"),
        ("G_ema", StyleGAN2Generator(**{**FULL, "height": 24, "width": 24}), "square, of 4, 8, 16"),
        ("G_ema", StyleGAN2Generator(**{**FULL, "img_channels": 4}), "RGB"),
        ("G_ema", StyleGAN2Generator(**FULL, c_dim=3), "without labels"),
        ("G_ema", StyleGAN2Generator(**FULL, architecture="resnet"), "skip generators only"),
        ("G_ema", StyleGAN2Generator(**FULL, architecture="orig", growing=True), "skip generators only"),
        ("G_ema", StyleGAN2Generator(**FULL, use_noise=False), "noise"),
        ("G_ema", StyleGAN2Generator(**FULL, z_dim=64), "z and w of one size"),
        ("G_ema", StyleGAN2Generator(**FULL, channel_max=256), "G_ema has 256, 256"),
        ("G_ema", StyleGAN2Generator(**FULL, resample_filter=(1, 1)), "4 taps"),
        ("D", StyleGAN2Discriminator(**FULL, architecture="skip"), "residual"),
        ("D", StyleGAN2Discriminator(**FULL, mbstd_num_channels=0), "minibatch standard deviation"),
        ("G_ema", ProGANGenerator(**FULL), "G_ema is a progan"),
        ("G_ema", StyleGAN3Generator(height=32, width=32, img_channels=3), "G_ema is a stylegan3"),
        ("D", StyleGAN2Generator(**FULL), "D is a stylegan2"),
        ("E", StyleGAN2Generator(**FULL), "E is a stylegan2"),
    ],
)
def test_what_the_format_cannot_say_is_refused(role: str, spec: Any, message: str, tmp_path: Path) -> None:
    with torch.device("meta"):
        networks = {"G_ema": build(StyleGAN2Generator(**FULL)), role: build(spec)}
    with pytest.raises(ConfigError, match=message):
        export_rosinality(networks, tmp_path / "model.pt")
    assert not list(tmp_path.iterdir())


def test_there_must_be_a_generator(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no G_ema and no G"):
        export_rosinality({}, tmp_path / "model.pt")


@pytest.mark.usefixtures("small_table")
def test_a_directory_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/model\.pt"):
        export_rosinality({"G_ema": build(small_generator(8, 8))}, tmp_path / "missing" / "model.pt")
