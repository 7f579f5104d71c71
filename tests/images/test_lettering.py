"""Words on pictures."""

import numpy as np
import pytest
import torch

from allaprima.images import caption, enlarge, lettered_grid, letters, to_rgb


def picture(count, channels, height, width, seed=0):
    return torch.from_numpy(np.random.RandomState(seed).randint(0, 256, (count, channels, height, width), np.uint8))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_anything_can_be_looked_at(channels):
    images = picture(2, channels, 5, 7)
    seen = to_rgb(images)
    assert seen.shape == (2, 3, 5, 7)
    assert seen.dtype == torch.uint8
    if channels in (1, 3):
        assert torch.equal(seen, images.expand(-1, 3, -1, -1))


def test_what_is_transparent_shows_the_ground():
    clear = torch.zeros(1, 4, 2, 2, dtype=torch.uint8)
    assert (to_rgb(clear) == 255).all()
    assert (to_rgb(clear, (1, 2, 3))[0, :, 0, 0] == torch.tensor([1, 2, 3])).all()


def test_a_pixel_becomes_a_square():
    images = picture(2, 3, 3, 4)
    large = enlarge(images, 3)
    assert large.shape == (2, 3, 9, 12)
    assert torch.equal(large[:, :, 1::3, 2::3], images)
    assert torch.equal(enlarge(images, 1), images)


def test_a_line_of_text_has_ink_and_room():
    line = letters("kimg 120")
    assert line.min() < 100
    assert (line[0] == 255).all()
    assert (line[-1] == 255).all()
    assert (line[:, 0] == 255).all()
    assert (line[:, -1] == 255).all()


def test_other_words_look_other():
    assert not np.array_equal(letters("1", width=40), letters("7", width=40))


def test_signs_that_the_font_lacks_are_written_out():
    assert np.array_equal(letters("ψ 0.5 × 2²"), letters("psi 0.5 x 22"))


@pytest.mark.parametrize("width", [1, 5, 20, 200])
def test_a_line_is_as_wide_as_asked(width):
    assert letters("a sentence that is far too long for so little room", width=width).shape[1] == width


def test_a_caption_leaves_the_picture_alone():
    image = picture(1, 3, 20, 90)[0].permute(1, 2, 0).numpy()
    done = caption(image, "ψ = 0.5")
    assert np.array_equal(done[:20], image)
    assert done.shape[1:] == (90, 3)
    assert done[20:].min() < 100


@pytest.mark.parametrize("names", [False, True])
def test_images_of_a_sheet_stand_where_they_should(names):
    images = picture(5, 3, 30, 40)
    words = {"column_names": ["a", "b", "c"], "row_names": ["one", "two"]} if names else {}
    sheet = lettered_grid(images, 3, gap=2, **words)
    left, top = sheet.shape[1] - 3 * 42 + 2, sheet.shape[0] - 2 * 32 + 2
    assert (left > 0) == (top > 0) == names
    for index, image in enumerate(images):
        y, x = top + (index // 3) * 32, left + (index % 3) * 42
        assert np.array_equal(sheet[y : y + 30, x : x + 40], image.permute(1, 2, 0).numpy())
    assert (sheet[top + 32 :, left + 84 :] == 255).all(), "the empty place is white"
    if names:
        assert sheet[:top].min() < 100
        assert sheet[:, :left].min() < 100


def test_names_that_are_higher_than_the_images_fit():
    sheet = lettered_grid(picture(2, 3, 4, 4), 1, row_names=["x", "y"], size=13)
    assert sheet.shape[0] == 4 + 2 + 4


def test_the_name_of_a_row_stands_at_its_middle():
    sheet = lettered_grid(picture(2, 3, 100, 10), 1, row_names=["xxxx", "xxxx"])
    ink = np.nonzero((sheet[:100, : sheet.shape[1] - 10] < 128).any(axis=(1, 2)))[0]
    assert abs(ink.mean() - 50) < 8
