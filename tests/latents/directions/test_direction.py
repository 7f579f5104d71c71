"""Steps along directions, for every architecture."""

import pytest
import torch

from allaprima.errors import LatentError
from allaprima.latents.directions.direction import Direction, along, apply_direction, flattened, unit_step, upright
from allaprima.latents.styles import styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


def direction_of(size: int, rows: tuple[int, ...], unit: float = 2.0) -> Direction:
    vector = torch.nn.functional.normalize(torch.arange(1.0, size + 1), dim=0)
    return Direction(name="up", method="test", vector=vector, unit=unit, rows=rows)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_strength_times_unit_in_the_chosen_layers(kind: str) -> None:
    G = generator(kind)
    ws, last = styles_of_seeds(G, [0, 1]), G.num_ws - 1
    direction = direction_of(G.w_dim, (last,))
    moved = apply_direction(G, ws, direction, 1.5)
    torch.testing.assert_close(moved[:, last], ws[:, last] + 3 * direction.vector)
    assert torch.equal(moved[:, :last], ws[:, :last])
    assert torch.equal(apply_direction(G, ws, direction, 0), ws)
    torch.testing.assert_close(apply_direction(G, moved, direction, -1.5), ws)
    everywhere = apply_direction(G, ws, direction, 1, layers="all")
    torch.testing.assert_close(everywhere, ws + 2 * direction.vector)
    assert G.synthesis(moved, noise_mode="const").shape == (2, 3, 16, 16)


def test_each_image_has_its_own_strength() -> None:
    G = generator("skip")
    ws, direction = styles_of_seeds(G, [0, 1]), direction_of(8, (0, 1))
    each = apply_direction(G, ws, direction, torch.tensor([1.0, -2.0]))
    torch.testing.assert_close(each[:1], apply_direction(G, ws[:1], direction, 1))
    torch.testing.assert_close(each[1:], apply_direction(G, ws[1:], direction, -2))
    line = along(G, ws[1], direction, [-2.0, 0.0])
    torch.testing.assert_close(line[0], each[1])
    torch.testing.assert_close(line[1], ws[1])


def test_a_vector_for_each_layer() -> None:
    G = generator("stylegan")
    vector = torch.zeros(G.num_ws, G.w_dim)
    vector[1, 3] = 1
    direction = Direction(name="x", method="test", vector=vector, unit=2.0, rows=(0, 1))
    assert torch.equal(unit_step(G, direction), 2 * vector)
    assert not unit_step(G, direction, layers="0").any()


def test_misfits() -> None:
    G = generator("skip")
    ws = styles_of_seeds(G, [0])
    with pytest.raises(LatentError, match=r"the direction 'up' is \[7\]: this model's are \[8\] or \[6, 8\]"):
        apply_direction(G, ws, direction_of(7, (0,)), 1)
    with pytest.raises(LatentError, match=r"the direction 'up' moves layers \[6\]: this model has 0 to 5"):
        apply_direction(G, ws, direction_of(8, (6,)), 1)


def test_signs_are_settled() -> None:
    vectors = torch.tensor([[1.0, -3.0], [2.0, 1.0]])
    assert torch.equal(upright(vectors), torch.tensor([[-1.0, 3.0], [2.0, 1.0]]))
    assert torch.equal(upright(-vectors), upright(vectors))


def test_the_same_style_in_all_layers_is_one_w() -> None:
    w = torch.randn(2, 3)
    assert torch.equal(flattened(w[:, None].expand(2, 4, 3)), w)
    ws = torch.randn(2, 4, 3)
    assert torch.equal(flattened(ws), ws.reshape(2, 12))
