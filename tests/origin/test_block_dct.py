import numpy as np
import pytest

from allaprima.origin.block_dct import blocks, brightness, compose, cosine, project, unblocked


def test_the_basis_is_orthonormal() -> None:
    basis = np.stack([cosine((u, v)) for u in range(8) for v in range(8)]).reshape(64, 64)
    np.testing.assert_allclose(basis @ basis.T, np.eye(64), atol=1e-12)


def test_frequencies_are_down_then_across() -> None:
    assert np.ptp(cosine((1, 0)), axis=1).max() < 1e-12  # a row is constant
    assert np.ptp(cosine((0, 1)), axis=0).max() < 1e-12


def test_blocks_there_and_back_but_for_the_rest_that_is_no_whole_block() -> None:
    picture = np.random.RandomState(0).rand(17, 30)
    back = unblocked(blocks(picture), picture.shape)
    np.testing.assert_array_equal(back[:16, :24], picture[:16, :24])
    assert not back[16:].any()
    assert not back[:, 24:].any()


def test_what_is_composed_is_measured() -> None:
    directions = np.stack([cosine((0, 1)), cosine((2, 3))])
    amounts = np.random.RandomState(0).randn(3, 2, 2)
    np.testing.assert_allclose(project(compose(amounts, directions), directions), amounts, atol=1e-12)


@pytest.mark.parametrize(("colour", "alpha", "wanted"), [((255, 0, 0), 1.0, 76.245), ((0, 0, 0), 0.0, 255.0)])
def test_brightness_is_that_of_jpeg_over_white(colour: tuple[int, ...], alpha: float, wanted: float) -> None:
    colours = np.array(colour, dtype=np.float64).reshape(1, 1, 3)
    assert brightness(colours, np.full((1, 1, 1), alpha)) == pytest.approx(wanted)
