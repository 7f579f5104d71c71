"""Progressive GANs of pytorch_GAN_zoo, made here by what is published of the format: no file of it was at hand."""

import math
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange import read_pickle
from allaprima.interchange.gan_zoo import GROUPS, UNVERIFIED, gan_zoo
from allaprima.interchange.imported import ImportedModel
from allaprima.models import ProGANGenerator
from tests.conftest import assert_near

CHANNELS = (8, 8, 4)  # at 4, 8, 16
Z = 6


class Program:
    """The program's networks, as slow definitions: each layer multiplies what its module gives."""

    def __init__(self, *, equalized: bool = True, slope: float = 0.2, normalizes: bool = True) -> None:
        self.equalized, self.slope, self.normalizes = equalized, slope, normalizes
        generator = torch.Generator().manual_seed(1)
        self.G: dict[str, Tensor] = {}
        self.D: dict[str, Tensor] = {}

        def add(where: dict[str, Tensor], name: str, *shape: int) -> None:
            where[f"{name}.module.weight"] = torch.randn(shape, generator=generator)
            where[f"{name}.module.bias"] = torch.randn(shape[0], generator=generator)

        first, *rest = CHANNELS
        add(self.G, "formatLayer", 16 * first, Z)
        add(self.G, "groupScale0.0", first, first, 3, 3)
        add(self.D, "groupScaleZero.0", first, first + 1, 3, 3)
        add(self.D, "groupScaleZero.1", first, 16 * first)
        add(self.D, "decisionLayer", 1, first)
        for i, (coarse, fine) in enumerate(zip(CHANNELS[:-1], rest, strict=True)):
            add(self.G, f"scaleLayers.{i}.0", fine, coarse, 3, 3)
            add(self.G, f"scaleLayers.{i}.1", fine, fine, 3, 3)
            add(self.D, f"scaleLayers.{i}.0", fine, fine, 3, 3)
            add(self.D, f"scaleLayers.{i}.1", coarse, fine, 3, 3)
        for i, channels in enumerate(CHANNELS):
            add(self.G, f"toRGBLayers.{i}", 3, channels, 1, 1)
            add(self.D, f"fromRGBLayers.{i}", channels, 3, 1, 1)

    def layer(self, where: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
        weight, bias = where[f"{name}.module.weight"], where[f"{name}.module.bias"]
        y = F.linear(x, weight, bias) if x.ndim == 2 else F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        return y * math.sqrt(2 / weight[0].numel()) if self.equalized else y

    def norm(self, x: Tensor) -> Tensor:
        return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()

    def rectified(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.slope)

    def finished(self, x: Tensor) -> Tensor:
        return self.norm(self.rectified(x)) if self.normalizes else self.rectified(x)

    def paint(self, z: Tensor) -> Tensor:
        x = self.layer(self.G, "formatLayer", self.norm(z))
        x = self.finished(x.reshape(len(z), -1, 4, 4))
        x = self.finished(self.layer(self.G, "groupScale0.0", x))
        for i in range(len(CHANNELS) - 1):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            for n in (0, 1):
                x = self.finished(self.layer(self.G, f"scaleLayers.{i}.{n}", x))
        return self.layer(self.G, f"toRGBLayers.{len(CHANNELS) - 1}", x)

    def judge(self, image: Tensor) -> Tensor:
        """One image: then its statistics are those of any grouping."""
        x = self.rectified(self.layer(self.D, f"fromRGBLayers.{len(CHANNELS) - 1}", image))
        for i in reversed(range(len(CHANNELS) - 1)):
            for n in (0, 1):
                x = self.rectified(self.layer(self.D, f"scaleLayers.{i}.{n}", x))
            x = F.avg_pool2d(x, 2)
        x = torch.cat([x, torch.full_like(x[:, :1], 1e-4)], dim=1)  # the root of ε
        x = self.rectified(self.layer(self.D, "groupScaleZero.0", x))
        x = self.rectified(self.layer(self.D, "groupScaleZero.1", x.flatten(1)))
        return self.layer(self.D, "decisionLayer", x)

    def file(self, **config: Any) -> dict[str, Any]:
        live = {name: tensor + 1 if "toRGB" in name else tensor for name, tensor in self.G.items()}
        return {"config": config, "netG": live, "netD": dict(self.D), "avgG": dict(self.G)}


def read(value: Any) -> ImportedModel:
    model = gan_zoo(value)
    assert model is not None
    return model


@pytest.fixture
def config_class(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class under the name that the program gives its configuration."""
    for name in ("models", "models.utils", "models.utils.config"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    kind = type("BaseConfig", (), {"__module__": name})
    monkeypatch.setattr(sys.modules[name], "BaseConfig", kind, raising=False)
    return kind


def test_a_file_paints_and_judges_as_its_program(tmp_path: Path, config_class: type) -> None:
    program = Program()
    config = config_class()
    vars(config).update({"leakyness": 0.2, "depthScales": [8, 8, 4], "lossMode": "WGANGP", "attribKeysOrder": None})
    torch.save({**program.file(), "config": config}, tmp_path / "model.pt")
    model = gan_zoo(read_pickle(tmp_path / "model.pt"))
    assert model is not None
    assert set(model.networks) == {"G_ema", "G", "D"}
    assert {UNVERIFIED, GROUPS} <= set(model.all_notes())
    assert model.networks["G_ema"].facts["made_with"]["depthScales"] == [8, 8, 4]
    G, D = model.networks["G_ema"].build(), model.networks["D"].build()
    z, image = torch.randn(3, Z), torch.randn(1, 3, 16, 16)
    assert_near(G(z), program.paint(z), 1e-5)
    assert_near(D(image), program.judge(image), 1e-5)
    assert_near(
        model.networks["G"].weights["synthesis.b4.torgb.bias"], (program.G["toRGBLayers.0.module.bias"] + 1) * 0.5, 1e-6
    )


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({"equalizedlR": False}, {"equalized": False}),
        ({"leakyness": 0}, {"slope": 0.0}),
        ({"perChannelNormalization": False}, {"normalizes": False}),
    ],
)
def test_what_the_configuration_says_is_obeyed(config: dict[str, Any], fields: dict[str, Any]) -> None:
    program = Program(**fields)
    networks = read(program.file(**config)).networks
    z, image = torch.randn(3, Z), torch.randn(1, 3, 16, 16)
    assert_near(
        networks["G_ema"].build()(z), program.paint(z), 1e-3
    )  # plain rectifiers leave vectors near 0 to normalise
    assert_near(networks["D"].build()(image), program.judge(image), 1e-5)


def test_the_spec_is_found_from_the_shapes() -> None:
    spec = read(Program().file()).networks["G_ema"].spec
    assert spec == ProGANGenerator(
        height=16, width=16, img_channels=3, z_dim=Z, channel_base=64, channel_max=8, bias_per_place=True
    )


def test_the_live_generator_alone_is_g_ema() -> None:
    model = read({"netG": Program().G})
    assert list(model.networks) == ["G_ema"]
    assert GROUPS not in model.all_notes()


def test_a_fade_and_unknown_tensors_are_told() -> None:
    content = Program().file(alpha=0.3)
    content["avgG"]["extra"] = torch.ones(2)
    notes = " ".join(read(content).all_notes())
    assert "faded in" in notes
    assert "ignored: extra" in notes


@pytest.mark.parametrize("value", [None, [], {}, {"netG": 1}, {"netG": {"main.0.weight": torch.ones(2)}}])
def test_other_formats_are_left_to_others(value: Any) -> None:
    assert gan_zoo(value) is None


Content = dict[str, Any]


def having(role: str, name: str, value: Any) -> Callable[[Content], None]:
    return lambda content: content[role].update({name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["config"].update(attribKeysOrder={"Gender": 0}), "trained with labels"),
        (lambda c: c["config"].update(leakyness=0.1), "slope of 0.1"),
        (lambda c: c["config"].update(leakyness="x"), "leakyness"),
        (lambda c: c["avgG"].pop("toRGBLayers.1.module.bias"), "nothing where the weights toRGBLayers.1.module.bias"),
        (having("avgG", "formatLayer.module.weight", "text"), "has a? ?str where"),
        (having("avgG", "formatLayer.module.weight", torch.zeros(3)), "have the shapes"),
        (having("avgG", "formatLayer.module.weight", torch.zeros(128, 0)), "have the shapes"),
        (having("avgG", "groupScale0.0.module.weight", torch.zeros(8, 9, 3, 3)), "do not fit"),
        (having("netD", "decisionLayer.module.weight", torch.zeros(3, 8)), "have the shapes"),
        (having("netD", "groupScaleZero.0.module.weight", torch.zeros(8, 2, 3, 3)), "mbstd_num_channels"),
        (lambda c: c.update(netD={}), "nothing where"),
        (lambda c: c.update(netG={"scaleLayers.0.x": 1}, avgG={}), "StyleGAN or a DCGAN"),
    ],
)
def test_what_cannot_be_is_refused(change: Callable[[Content], None], message: str) -> None:
    content = Program().file()
    change(content)
    with pytest.raises(ModelFileError, match=message):
        gan_zoo(content)


def test_a_discriminator_of_labels_is_refused() -> None:
    content = Program().file()
    content["netD"] |= {"decisionLayer.module.weight": torch.ones(3, 8), "decisionLayer.module.bias": torch.ones(3)}
    with pytest.raises(ModelFileError, match="3 outputs"):
        gan_zoo(content)
