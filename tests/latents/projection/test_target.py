"""Pictures of any size and mode as targets."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from allaprima.errors import DataError
from allaprima.images import to_network, write_png
from allaprima.latents.projection.target import fit_target, psnr, read_target, stacked
from tests.surgery.small import generator

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def picture(mode: str, height: int, width: int) -> Image.Image:
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_of_the_models_shape_is_taken_as_it_is(channels: int) -> None:
    G = generator("skip", 24, 16, channels)
    image = picture(MODES[channels], 24, 16)
    target = fit_target(image, G)
    assert target.notes == ()
    np.testing.assert_array_equal(target.pixels.permute(1, 2, 0).numpy().squeeze(), np.asarray(image))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("mode", list(MODES.values()))
def test_any_mode_comes_to_the_models(mode: str, channels: int) -> None:
    target = fit_target(picture(mode, 16, 16), generator("skip", 16, 16, channels))
    assert target.pixels.shape == (channels, 16, 16)
    assert len(target.notes) == (mode != MODES[channels])


def test_the_same_aspect_is_resized_another_one_cropped() -> None:
    G = generator("skip", 24, 16)
    (note,) = fit_target(picture("RGB", 48, 32), G).notes
    assert note == "resized from 48×32 to 24×16"
    (note,) = fit_target(picture("RGB", 24, 48), G).notes
    assert note == "its centre cropped to the model's shape and resized from 24×48 to 24×16"


def test_of_another_aspect_the_centre_is_seen() -> None:
    image = Image.new("RGB", (48, 24), "red")
    image.paste("blue", (16, 0, 32, 24))
    blue = fit_target(image, generator("skip", 24, 16)).pixels
    assert torch.equal(blue[:, 0, 0], torch.tensor([0, 0, 255], dtype=torch.uint8))
    assert blue[2].eq(255).all()


def test_alpha_is_taken_away_over_white_and_added_opaque() -> None:
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    assert fit_target(clear, generator("skip", 16, 16, 3)).pixels.eq(255).all()
    assert fit_target(Image.new("RGB", (16, 16)), generator("skip", 16, 16, 4)).pixels[3].eq(255).all()


def test_a_file_gives_its_name(tmp_path: Path) -> None:
    write_png(tmp_path / "me.png", np.zeros((8, 8), np.uint8))
    target = read_target(tmp_path / "me.png", generator("skip", 16, 16, 1))
    assert (target.name, tuple(target.pixels.shape)) == ("me", (1, 16, 16))
    assert stacked([target, target]).shape == (2, 1, 16, 16)


def test_no_picture_has_five_channels() -> None:
    with pytest.raises(DataError, match="5 channels"):
        fit_target(picture("RGB", 16, 16), generator("skip", 16, 16, 5))


def test_psnr_is_that_of_pixels() -> None:
    a = torch.randint(0, 256, (3, 3, 8, 8), dtype=torch.uint8)
    b = (a.int() + torch.randint(-9, 10, a.shape)).clamp(0, 255).to(torch.uint8)
    mse = (a.double() - b.double()).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(psnr(to_network(a), to_network(b)), (10 * torch.log10(255**2 / mse)).float())


def test_psnr_sees_no_colour_under_no_alpha() -> None:
    a, b = torch.zeros(1, 4, 8, 8, dtype=torch.uint8), torch.zeros(1, 4, 8, 8, dtype=torch.uint8)
    a[:, :3] = 200
    assert psnr(to_network(a), to_network(b)).item() == 100


def test_psnr_does_not_punish_what_is_clamped() -> None:
    a = torch.ones(1, 3, 8, 8)
    assert psnr(a, a + 3).item() == psnr(a + 3, a).item() == 100
