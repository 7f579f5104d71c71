"""Files of torch.save, in both formats: what torch.load gives, without it."""

import argparse
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from allaprima.errors import ModelFileError
from allaprima.interchange import Global, read_pickle, read_pickle_bytes, torch_module
from tests.interchange.samples import saved

DTYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
    torch.complex128,
    torch.uint16,
    torch.float8_e4m3fn,
]


both_formats = pytest.mark.parametrize("is_zip", [True, False])


@both_formats
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_all_formats(dtype: torch.dtype, is_zip: bool) -> None:
    tensor = torch.arange(12).reshape(3, 4).to(dtype)
    content = saved({"w": tensor}, is_zip=is_zip)
    got = read_pickle_bytes(content)["w"]
    assert got.dtype == dtype
    assert torch.equal(got.view(torch.uint8), tensor.view(torch.uint8))
    if is_zip:  # PyTorch cannot read all that it writes in the older format
        assert torch.equal(
            torch.load(io.BytesIO(content), weights_only=True)["w"].view(torch.uint8), got.view(torch.uint8)
        )


@both_formats
@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(3, 4, 5).permute(2, 0, 1),
        torch.randn(10)[2:7],
        torch.randn(4, 4)[::2, 1::2],
        torch.randn(()),
        torch.empty(0, 3),
        torch.empty(0),
        torch.randn(3, 1).expand(3, 4),
        nn.Parameter(torch.randn(3)),
        torch.randn(2, requires_grad=True),
    ],
)
def test_views_of_all_kinds(tensor: Tensor, is_zip: bool) -> None:
    got = read_pickle_bytes(saved(tensor, is_zip=is_zip))
    assert torch.equal(got, tensor)
    assert (got.shape, got.stride()) == (tensor.shape, tensor.stride())
    assert not got.requires_grad


@both_formats
def test_views_of_one_storage_share_it(is_zip: bool) -> None:
    whole = torch.zeros(6)
    got = read_pickle_bytes(saved({"whole": whole, "part": whole[2:4]}, is_zip=is_zip))
    got["whole"][2] = 7
    assert got["part"][0] == 7


@both_formats
def test_a_state_dict_of_a_module(is_zip: bool) -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    got = read_pickle_bytes(saved(module.state_dict(), is_zip=is_zip))
    assert type(got) is dict
    for name, tensor in module.state_dict().items():
        assert torch.equal(got[name], tensor)


@both_formats
def test_a_checkpoint_with_arguments_and_optimizer(is_zip: bool) -> None:
    module = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    checkpoint = {
        "g_ema": module.state_dict(),
        "g_optim": optimizer.state_dict(),
        "args": argparse.Namespace(size=256, out=Path("x")),
        "latent_avg": torch.zeros(4),
        "ada_aug_p": 0.25,
    }
    got = read_pickle_bytes(saved(checkpoint, is_zip=is_zip))
    assert got["args"].state["size"] == 256
    assert got["args"].state["out"].name == "PosixPath"
    assert got["g_optim"]["param_groups"][0]["lr"] == 0.001
    assert got["g_optim"]["state"][0]["exp_avg"].shape == (2, 2)
    assert got["ada_aug_p"] == 0.25


@both_formats
def test_a_whole_module_becomes_a_record_with_its_tensors(is_zip: bool) -> None:
    linear = nn.Linear(2, 3, bias=False)
    module = nn.Sequential(linear, nn.ReLU())
    found = torch_module(read_pickle_bytes(saved(module, is_zip=is_zip)))
    assert found is not None
    assert [(name, part.class_name) for name, part in found.walk()] == [
        ("", "Sequential"),
        ("0", "Linear"),
        ("1", "ReLU"),
    ]
    assert torch.equal(found.state_dict()["0.weight"], linear.weight)
    assert list(found.state_dict()) == ["0.weight"]  # a bias that is None is none
    assert found.children["0"].attributes["in_features"] == 2


@both_formats
def test_sizes_devices_and_formats(is_zip: bool) -> None:
    got = read_pickle_bytes(saved([torch.Size([2, 3]), torch.device("cuda:1"), torch.float16], is_zip=is_zip))
    assert got == [torch.Size([2, 3]), torch.device("cuda", 1), Global("torch", "float16")]


@pytest.mark.parametrize("protocol", range(2, 6))
def test_tensors_in_plain_pickles(protocol: int) -> None:
    tensors = {"w": torch.randn(2, 3), "p": nn.Parameter(torch.randn(4)), "half": torch.ones(2).half()}
    got = read_pickle_bytes(pickle.dumps(tensors, protocol))
    for name, tensor in tensors.items():
        assert torch.equal(got[name], tensor)
        assert got[name].dtype == tensor.dtype


def test_parameters_with_attributes() -> None:
    parameter = nn.Parameter(torch.ones(2))
    parameter.note = "x"  # type: ignore[attr-defined]
    tensor = torch.ones(3)
    tensor.note = "x"  # type: ignore[attr-defined]
    got = read_pickle_bytes(saved([parameter, tensor], is_zip=True))
    assert torch.equal(got[0], torch.ones(2))
    assert torch.equal(got[1], torch.ones(3))


def test_a_zip_file_that_was_packed_again_is_read() -> None:
    sound = zipfile.ZipFile(io.BytesIO(saved({"w": torch.randn(100)}, is_zip=True)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sound.namelist():
            packed.writestr(name.replace("archive/", "another name/"), sound.read(name))
    assert read_pickle_bytes(file.getvalue())["w"].shape == (100,)


def test_a_zip_file_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("image.png", b"x")
    with pytest.raises(
        ModelFileError, match=r"images.zip is a zip file, but none that PyTorch writes: it has no data.pkl"
    ):
        read_pickle(tmp_path / "images.zip")


def test_the_other_byte_order_is_refused() -> None:
    big = saved({"w": torch.ones(2)}, is_zip=True).replace(b"little", b"gibtel")
    with pytest.raises(ModelFileError):  # its checksum is wrong as well
        read_pickle_bytes(big)
    legacy = saved(torch.ones(2), is_zip=False).replace(b"little_endianq\x02\x88", b"little_endianq\x02\x89")
    with pytest.raises(ModelFileError, match="a version or a byte order of PyTorch's format that is not read"):
        read_pickle_bytes(legacy)


def test_the_storages_of_a_legacy_file_must_be_those_of_its_tensors() -> None:
    content = saved(torch.ones(2), is_zip=False)
    at = content.rindex((2).to_bytes(8, "little"))
    with pytest.raises(ModelFileError, match=r"has 3 numbers in the storage .* of 2"):
        read_pickle_bytes(content[:at] + (3).to_bytes(8, "little") + content[at + 8 :])


def test_a_file_on_disk_is_read(tmp_path: Path) -> None:
    torch.save({"w": np.float64(2.0)}, tmp_path / "a.pt")
    assert read_pickle(tmp_path / "a.pt") == {"w": 2.0}
