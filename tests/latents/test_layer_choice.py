"""What people write for layers, for every architecture."""

import pytest

from allaprima.errors import LatentError
from allaprima.latents.layer_choice import depths_of, names_of, rows_of
from allaprima.models import style_layers
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


@pytest.mark.parametrize("kind", KINDS)
def test_depths_part_all_layers(kind: str) -> None:
    G = generator(kind, 64, 64)
    rows = [rows_of(G, depth) for depth in depths_of(G)]
    assert [row for part in rows for row in part] == rows_of(G, "all") == list(range(G.num_ws))
    assert all(
        style_layers(G)[row].depth == depth for depth, part in zip(depths_of(G), rows, strict=True) for row in part
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_means_its_row(kind: str) -> None:
    G = generator(kind, 24, 40)
    assert [rows_of(G, layer.name) for layer in style_layers(G)] == [[row] for row in range(G.num_ws)]
    assert names_of(G, [0]) == [style_layers(G)[0].name]


def test_ways_to_say_it() -> None:
    G = generator("skip", 64, 64)  # 4: conv1; 8 to 64: conv0, conv1; torgb
    assert rows_of(G, "0-3,7") == [0, 1, 2, 3, 7]
    assert rows_of(G, " 7 , 0 - 3, 2") == [0, 1, 2, 3, 7]
    assert rows_of(G, "b16.conv0") == [3]
    assert rows_of(G, "b16") == [3, 4]
    assert rows_of(G, "coarse,fine") == [0, 1, 2, 7, 8, 9]
    assert rows_of(G, 3) == [3]
    assert rows_of(G, [3, "b4", "fine"]) == [0, 3, 7, 8, 9]


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ("fine", "this model has no fine layers: it has coarse and middle ones"),
        ("6", "there is no layer 6: this model has styles for layers 0 to 5"),
        ("3-1", "the range of layers 3-1 runs backwards: write 1-3"),
        (
            "b32.conv0",
            "there is no layer 'b32.conv0': give coarse, middle, all, numbers from 0 to 5, or names (b4.conv1, ",
        ),
        ("", "there is no layer ''"),
        ("-1", "there is no layer '-1'"),
        ([], "no layers were chosen"),
    ],
)
def test_what_there_is_not(layers: str, sentence: str) -> None:
    with pytest.raises(LatentError) as error:
        rows_of(generator("skip"), layers)
    assert str(error.value).startswith(sentence)
