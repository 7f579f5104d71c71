"""Mixing: all layers are the column's image, none the row's, and each image depends on its own sources alone."""

import numpy as np
import pytest
import torch

from allaprima.errors import ConfigError, LatentError
from allaprima.latents.layer_choice import depths_of
from allaprima.latents.mixing import closed_walk, mix, mixed_styles, mixing_film
from allaprima.latents.styles import painted, styles_of_seeds
from tests.surgery.small import generator

MIXABLE = ["skip", "resnet", "stylegan", "stylegan3"]
SHAPES = [(16, 16, 3), (24, 16, 1), (16, 40, 4)]


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
@pytest.mark.parametrize("kind", MIXABLE)
def test_all_layers_are_the_columns_image(kind: str, height: int, width: int, channels: int) -> None:
    G = generator(kind, height, width, channels)
    mixed = mix(G, rows=[0, 1], columns=[2, 3, 4], layers="all")
    assert mixed.mixed.shape == (2, 3, channels, height, width)
    assert mixed.rows.shape[0] == 2
    for row in mixed.mixed:
        torch.testing.assert_close(row, mixed.columns, atol=1, rtol=0)


@pytest.mark.parametrize("kind", MIXABLE)
def test_styles_are_the_columns_where_chosen_and_the_rows_elsewhere(kind: str) -> None:
    G = generator(kind)
    a, b = styles_of_seeds(G, [0, 1]), styles_of_seeds(G, [2, 3])
    mixed = mixed_styles(G, a, b, [0, 2])
    for row in range(G.num_ws):
        assert torch.equal(mixed[:, row], (b if row in (0, 2) else a)[:, row])
    rest = [row for row in range(G.num_ws) if row not in (0, 2)]
    assert torch.equal(mixed_styles(G, b, a, rest), mixed)  # the other way round


def test_a_mixed_image_is_that_of_its_styles() -> None:
    G = generator("skip", 24, 16, 4)
    mixed = mix(G, rows=[5, 6], columns=[7, 8], layers="coarse", truncation_psi=0.7)
    a, b = (styles_of_seeds(G, [seed], truncation_psi=0.7) for seed in (6, 7))
    wanted = painted(G, mixed_styles(G, a, b, "coarse"))
    torch.testing.assert_close(mixed.mixed[1, :1], wanted, atol=1, rtol=0)
    assert mixed.layers == ["b4.conv1", "b8.conv0", "b8.conv1"]


def test_classes_reach_both_sources() -> None:
    G = generator("skip", c_dim=2)
    by_class = [mix(G, rows=[0], columns=[1], class_index=index) for index in (0, 1)]
    assert not torch.equal(by_class[0].rows, by_class[1].rows)
    assert not torch.equal(by_class[0].columns, by_class[1].columns)


def test_styles_can_be_sources() -> None:
    G = generator("stylegan")
    a, b = styles_of_seeds(G, [0, 1]), styles_of_seeds(G, [2])
    by_styles, by_seeds = mix(G, rows=a, columns=b), mix(G, rows=[0, 1], columns=[2])
    assert torch.equal(by_styles.mixed, by_seeds.mixed)
    assert by_styles.row_names == ["0", "1"]
    with pytest.raises(LatentError, match="without a class and without truncation"):
        mix(G, rows=a, columns=b, truncation_psi=0.5)
    with pytest.raises(LatentError, match=r"styles must be \[n, 6, 8\] for this model, got \[1, 6, 4\]"):
        mix(G, rows=a, columns=torch.zeros(1, 6, 4))


@pytest.mark.parametrize("kind", ["progan", "r3gan"])
def test_one_style_cannot_be_mixed(kind: str) -> None:
    G = generator(kind)
    with pytest.raises(LatentError, match="paints all its layers in one style, so there are no layers to mix"):
        mix(G, rows=[0], columns=[1])
    with pytest.raises(LatentError, match="no layers to mix"):
        mixing_film(G, rows=[0], columns=[1])


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
def test_the_sheet_has_its_sources_on_the_edges(height: int, width: int, channels: int) -> None:
    G = generator("skip", height, width, channels)
    sheet = mix(G, rows=[0, 1, 2], columns=[3, 4], layers=depths_of(G)[0]).sheet()
    factor = -(-64 // width)
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] > 4 * height * factor
    assert sheet.shape[1] > 3 * width * factor
    assert sheet.shape[2] == 3


def test_the_walk_is_closed_and_goes_through_all_columns() -> None:
    ws = torch.randn(3, 4, 5)
    walk = closed_walk(ws, 8)
    assert len(walk) == 24
    torch.testing.assert_close(walk[::8], ws)
    steps = (walk.roll(-1, dims=0) - walk).norm(dim=(1, 2))
    assert steps[0] < 0.3 * steps[3]  # slow where it starts
    torch.testing.assert_close(walk[4], (ws[0] + ws[1]) / 2)
    torch.testing.assert_close(walk[20], (ws[2] + ws[0]) / 2)


@pytest.mark.parametrize("kind", ["skip", "stylegan", "stylegan3"])
def test_frames_come_one_by_one_and_begin_with_the_first_column(kind: str) -> None:
    G = generator(kind, 16, 24, 4)
    frames = list(mixing_film(G, rows=[0, 1], columns=[2, 3, 4], layers="coarse", frames_per_column=2))
    assert len(frames) == 6
    assert len({frame.shape for frame in frames}) == 1
    assert not np.array_equal(frames[0], frames[1])
    still = list(mixing_film(G, rows=[0, 1], columns=[2, 2], layers="coarse", frames_per_column=2))
    assert all(np.abs(frame.astype(int) - frames[0]).max() <= 1 for frame in still)


def test_a_film_has_frames() -> None:
    with pytest.raises(ConfigError, match="frames_per_column is 0"):
        mixing_film(generator("skip"), rows=[0], columns=[1], frames_per_column=0)
