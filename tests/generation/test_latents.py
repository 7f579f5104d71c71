"""Saved latents: whatever holds them, the same images."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.generation import generate, latents_of_seeds, read_latents, read_noise
from allaprima.images import to_pixels
from allaprima.models import noise_maps, paint_with_noise
from tests.surgery import small


def write_safetensors(path: Path, name: str, array: Tensor) -> Path:
    save_file({name: array.contiguous()}, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def write_npz(path: Path, name: str, array: Tensor) -> Path:
    np.savez(path.with_suffix(".npz"), **{name: array.numpy()})
    return path.with_suffix(".npz")


def write_npy(path: Path, _: str, array: Tensor) -> Path:
    np.save(path.with_suffix(".npy"), array.numpy())
    return path.with_suffix(".npy")


Write = Callable[[Path, str, Tensor], Path]
each_format = pytest.mark.parametrize("write", [write_safetensors, write_npz, write_npy])
each_named_format = pytest.mark.parametrize("write", [write_safetensors, write_npz])


def complaint(path: Path, G: Any, **options: Any) -> str:
    """The one sentence that reading ``path`` ends in."""
    with pytest.raises(LatentError) as caught:
        read_latents(path, G, **options)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@each_format
@pytest.mark.parametrize("count", [1, 3])
def test_styles_of_all_layers_come_back_bit_for_bit(G: Any, tmp_path: Path, write: Write, count: int) -> None:
    ws = torch.randn(count, G.num_ws, G.w_dim)
    assert torch.equal(read_latents(write(tmp_path / "file", "ws", ws), G), ws)


@each_named_format
@pytest.mark.parametrize("name", ["w", "ws"])
def test_both_names_of_styles_are_read(G: Any, tmp_path: Path, write: Write, name: str) -> None:
    ws = torch.randn(1, G.num_ws, G.w_dim)
    assert torch.equal(read_latents(write(tmp_path / "file", name, ws), G), ws)


@each_format
def test_one_style_is_that_of_all_layers(G: Any, tmp_path: Path, write: Write) -> None:
    w = torch.randn(3, G.w_dim)
    for array in (w, w[:, None]):
        ws = read_latents(write(tmp_path / "file", "w", array), G)
        assert torch.equal(ws, w[:, None].repeat(1, G.num_ws, 1))


@each_named_format
def test_z_goes_through_the_mapping_network(G: Any, tmp_path: Path, write: Write) -> None:
    z = latents_of_seeds(range(3), G.z_dim)
    path = write(tmp_path / "file", "z", z)
    torch.testing.assert_close(read_latents(path, G), G.mapping(z))
    options = {"truncation_psi": 0.5, "truncation_cutoff": 2}
    torch.testing.assert_close(read_latents(path, G, **options), G.mapping(z, **options))


@each_named_format
def test_z_takes_the_class_with_it(labelled: Any, tmp_path: Path, write: Write) -> None:
    z = latents_of_seeds(range(2), labelled.z_dim)
    path = write(tmp_path / "file", "z", z)
    wanted = labelled.mapping(z, torch.eye(3)[[2, 2]])
    torch.testing.assert_close(read_latents(path, labelled, class_index=2), wanted)
    torch.testing.assert_close(read_latents(path, labelled, c=torch.eye(3)[2:]), wanted)
    with pytest.raises(LatentError, match="this model has 3 classes: say which, from 0 to 2"):
        read_latents(path, labelled)


def test_styles_of_a_model_with_classes_need_none(labelled: Any, tmp_path: Path) -> None:
    ws = torch.randn(2, labelled.num_ws, labelled.w_dim)
    assert torch.equal(read_latents(write_npz(tmp_path / "file", "w", ws), labelled), ws)


@pytest.mark.parametrize("options", [{"truncation_psi": 0.7}, {"class_index": 0}, {"c": torch.ones(1, 3)}])
def test_styles_refuse_what_would_not_change_them(G: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    path = write_npz(tmp_path / "file", "w", torch.zeros(1, G.num_ws, G.w_dim))
    assert "holds styles (w): a class and truncation have a say only where it holds z" in complaint(path, G, **options)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4", ">f8", "longdouble"])
def test_floating_point_numbers_of_any_kind_are_read(G: Any, tmp_path: Path, dtype: str) -> None:
    ws = np.random.default_rng(0).standard_normal((2, G.num_ws, G.w_dim)).astype(np.float16)
    np.save(tmp_path / "file.npy", np.asfortranarray(ws.astype(dtype)))
    got = read_latents(tmp_path / "file.npy", G)
    assert got.dtype == torch.float32
    np.testing.assert_array_equal(got.numpy(), ws.astype(np.float32))


def test_other_arrays_of_the_file_do_not_matter(G: Any, tmp_path: Path) -> None:
    ws = np.zeros((1, G.num_ws, G.w_dim), np.float32)
    with np.errstate(all="ignore"):
        np.savez(tmp_path / "file.npz", w=ws, image=np.zeros((8, 8), np.uint8), names=np.array(["a"]))
    assert read_latents(tmp_path / "file.npz", G).shape == ws.shape


def test_reading_builds_no_graph(trained: Any, tmp_path: Path) -> None:
    G = trained().requires_grad_(requires_grad=True)
    assert not read_latents(write_npz(tmp_path / "file", "z", torch.randn(1, G.z_dim)), G).requires_grad


# What is refused.


@pytest.mark.parametrize("name", ["file.npz", "file.npy", "file.safetensors", "file"])
def test_a_missing_file_is_named(G: Any, tmp_path: Path, name: str) -> None:
    assert complaint(tmp_path / name, G) == f"there is no file {tmp_path / name}"


class Trap:
    """Unpickled, it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.trace,))


def test_a_pickle_is_refused_and_not_run(G: Any, tmp_path: Path) -> None:
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    np.save(tmp_path / "array.npy", trap, allow_pickle=True)
    np.savez(tmp_path / "arrays.npz", w=trap)
    (tmp_path / "plain.npy").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    for name in ("array.npy", "arrays.npz", "plain.npy"):
        assert "holds no latents: a .npz, .npy or .safetensors file is wanted" in complaint(tmp_path / name, G)
    assert not (tmp_path / "sprung").exists()


def zip_of(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def start_of_an_array(shape: str) -> bytes:
    """A ``.npy`` file without its numbers."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".ljust(118)
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


FOREIGN = {
    "empty": b"",
    "text": b"seed,latent\n0,1\n" * 10,
    "a zip of text": zip_of("w", b"text"),
    "a zip of a broken array": zip_of("w.npy", b"\x93NUMPY\x01\x00"),
    "an array without data": start_of_an_array("(9, 9)"),
    "an array beyond all bounds": start_of_an_array("(99999999999999,)"),
}


@pytest.mark.parametrize("suffix", ["npz", "npy", "safetensors", "txt"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_other_kinds_of_files_are_refused(G: Any, tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"file.{suffix}"
    path.write_bytes(FOREIGN[kind])
    assert "holds no latents: a .npz, .npy or .safetensors file is wanted" in complaint(path, G)


def test_a_directory_is_refused(G: Any, tmp_path: Path) -> None:
    assert "holds no latents" in complaint(tmp_path, G)


def test_a_file_of_other_arrays_says_which(G: Any, tmp_path: Path) -> None:
    path = write_npz(tmp_path / "file", "image", torch.zeros(1, G.w_dim))
    assert complaint(path, G).endswith("holds none of the arrays ws, w, z, but image")
    np.savez(tmp_path / "none.npz")
    assert complaint(tmp_path / "none.npz", G).endswith("but nothing")


@each_format
@pytest.mark.parametrize("shape", [(), (8,), (1, 9), (1, 5, 8), (1, 6, 9), (1, 1, 6, 8)])
def test_another_shape_is_named(G: Any, tmp_path: Path, write: Write, shape: tuple[int, ...]) -> None:
    path = write(tmp_path / "file", "ws", torch.zeros(shape))
    assert complaint(path, G).endswith(
        f"have shape {list(shape)}: they must be [n, {G.num_ws}, {G.w_dim}] or [n, {G.w_dim}] for this model"
    )


@pytest.mark.parametrize("shape", [(8,), (1, 9), (1, 6, 8)])
def test_another_shape_of_z_is_named(G: Any, tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write_npz(tmp_path / "file", "z", torch.zeros(shape))
    assert complaint(path, G).endswith(f"have shape {list(shape)}: they must be [n, 8] for this model")


@pytest.mark.parametrize(
    "array",
    [
        np.full((1, 6, 8), np.nan, np.float32),
        np.full((1, 6, 8), np.inf, np.float32),
        np.full((1, 6, 8), 1e300),  # beyond float32
        np.zeros((1, 6, 8), np.int64),
        np.zeros((1, 6, 8), np.uint8),
        np.zeros((1, 6, 8), bool),
        np.zeros((1, 6, 8), np.complex64),
    ],
    ids=["nan", "inf", "1e300", "int64", "uint8", "bool", "complex64"],
)
def test_only_finite_floating_point_numbers_are_latents(G: Any, tmp_path: Path, array: Any) -> None:
    np.save(tmp_path / "file.npy", array)
    assert complaint(tmp_path / "file.npy", G).endswith("are not finite floating-point numbers")


@pytest.mark.parametrize("array", [np.array(["a"] * 8), np.zeros(8, "datetime64[s]"), np.zeros(8, "f4,i4")])
def test_arrays_of_other_things_are_refused(G: Any, tmp_path: Path, array: Any) -> None:
    np.save(tmp_path / "file.npy", array)
    complaint(tmp_path / "file.npy", G)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest.mark.parametrize("write", [write_safetensors, write_npz, write_npy])
@given(place=st.floats(0, 1, exclude_max=True), count=st.integers(0, 50), piece=st.binary(max_size=9))
@settings(max_examples=100)
def test_random_damage_is_refused_or_does_not_show(
    folder: Path, write: Write, place: float, count: int, piece: bytes
) -> None:
    class Model:
        """As much of a generator as styles need."""

        num_ws, w_dim = 6, 8

    path = write(folder / "file", "ws", torch.zeros(1, 6, 8))
    damaged = bytearray(path.read_bytes())
    start = int(place * len(damaged))
    damaged[start : start + count] = piece
    path.write_bytes(damaged)
    try:
        read_latents(path, Model())
    except LatentError:
        complaint(path, Model())


def saved_projection(path: Path, G: Any, noise: dict[str, Tensor]) -> Path:
    ws = G.mapping(latents_of_seeds([3, 4], G.z_dim)).contiguous()
    save_file({"ws": ws, **{f"noise.{name}": maps for name, maps in noise.items()}}, path)
    return path


def test_noise_that_was_saved_is_painted_with(tmp_path):
    G = small.generator("skip", 16, 24)
    noise = {name: torch.randn(2, 1, *own.shape) for name, own in noise_maps(G).items()}
    path = saved_projection(tmp_path / "latents.safetensors", G, noise)
    found = read_noise(path, G)
    assert found.keys() == noise.keys()
    ws = read_latents(path, G)
    wanted = to_pixels(paint_with_noise(G, ws, noise)).permute(0, 2, 3, 1).numpy()
    for batch_size in (1, 2):
        painted = np.stack(list(generate(G, ws=ws, noise=found, batch_size=batch_size)))
        assert np.abs(painted.astype(int) - wanted.astype(int)).max() <= 1
    assert np.abs(np.stack(list(generate(G, ws=ws))).astype(int) - wanted.astype(int)).max() > 1


def test_files_without_noise_have_none(tmp_path):
    G = small.generator("skip")
    assert read_noise(saved_projection(tmp_path / "latents.safetensors", G, {}), G) == {}
    assert read_noise(write_npz(tmp_path / "a", "w", torch.zeros(1, G.w_dim)), G) == {}


def test_noise_of_another_model_is_refused(tmp_path):
    G = small.generator("skip")
    path = tmp_path / "latents.safetensors"
    for noise in ({"b99.conv0": torch.zeros(2, 1, 4, 4)}, {"b8.conv0": torch.zeros(2, 1, 4, 4)}):
        with pytest.raises(LatentError, match="no such layer"):
            read_noise(saved_projection(path, G, noise), G)
    with pytest.raises(LatentError, match="not finite"):
        read_noise(saved_projection(path, G, {"b8.conv0": torch.full((2, 1, 8, 8), torch.nan)}), G)


def test_noise_needs_a_map_for_each_image():
    G = small.generator("skip")
    noise = {"b8.conv0": torch.zeros(2, 1, 8, 8)}
    with pytest.raises(LatentError, match="each of the 3 images"):
        generate(G, seeds=range(3), noise=noise)
    with pytest.raises(ConfigError, match="give one of them"):
        generate(G, seeds=range(2), noise=noise, noise_mode="none")
