"""What a file holds, as text: nothing is built, and nothing in it reaches the terminal raw."""

import argparse
import pickle

import numpy as np
import pytest
import torch

from allaprima.interchange import describe, outline, read_pickle_bytes
from tests.interchange.samples import sample, saved


def lines(content: bytes) -> list[str]:
    return list(describe(read_pickle_bytes(content)))


def test_a_checkpoint() -> None:
    checkpoint = {
        "g_ema": {"w": torch.ones(2, 3), "b": np.zeros(4, np.float16)},
        "args": argparse.Namespace(size=256, name="x"),
        "steps": 7,
        "betas": (0.0, 0.99),
        "nothing": None,
        "raw": b"abc",
        "kind": torch.float32,
        "members": {1, 2},
    }
    assert lines(saved(checkpoint, is_zip=True)) == [
        "dict of 8",
        "  g_ema  dict of 2",
        "    w  float32 [2, 3]",
        "    b  float16 [4]",
        "  args  argparse.Namespace (not made)",
        "    state  size 256, name 'x'",
        "  steps  7",
        "  betas  [0.0, 0.99]",
        "  nothing  None",
        "  raw  3 bytes",
        "  kind  torch.float32",
        "  members  set of 2",
    ]


def test_a_module() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3, affine=False))
    assert lines(saved(module, is_zip=True)) == [
        "Sequential: 5 tensors, 16 numbers",
        "  0  Linear: 2 tensors, 9 numbers",
        "    weight  float32 [3, 2] parameter",
        "    bias  float32 [3] parameter",
        "  1  BatchNorm1d: 3 tensors, 7 numbers",
        "    running_mean  float32 [3] buffer",
        "    running_var  float32 [3] buffer",
        "    num_batches_tracked  int64 [] buffer",
    ]


def test_long_things_are_cut() -> None:
    got = lines(
        pickle.dumps({"source": "x" * 2000, "short": "y" * 200, "list": list(range(100)), "a": [[1], {"b": 1}]})
    )
    assert got[1:] == [
        "  source  text of 2,000 characters (not run)",
        "  short  '" + "y" * 80 + "…'",
        "  list  [0, 1, 2, 3, 4, 5, 6, 7, …]",
        "  a  list of 2",
        "    0  [1]",
        "    1  b 1",
    ]


def test_nothing_reaches_a_terminal_raw() -> None:
    content = {"\x1b[2J": "\x07\u202e", "a\nb": [np.str_("\x1b[31m"), {"\x9b": torch.ones(1)}]}
    got = "".join(lines(pickle.dumps(content)))
    assert got.isprintable()
    assert "\\x1b[2J" in got


def test_lines_have_names_and_depths() -> None:
    assert [tuple(line) for line in outline({"a": torch.ones(1)})] == [(0, "", "dict of 1"), (1, "a", "float32 [1]")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stylegan2ada_torch_labels", "  G_ema  Generator: 77 tensors, 31,091 numbers"),
        ("stylegan3_torch_r", "  G_ema  Generator: 114 tensors, 36,363 numbers"),
        ("stylegan2_tf_skip_3ch", "  2  Gs_tf_skip_3ch by G_main, version 4: 65 variables, 30,580 numbers"),
        ("stylegan1_32_3ch", "      4x4/Const/StyleMod/weight  float32 [16, 48]"),
        (
            "progan_2018_tfutil",
            "    made with  num_channels 3, resolution 32, label_size 2, fmap_base 256, fmap_max 24, latent_size 16",
        ),
    ],
)
def test_samples(name: str, expected: str) -> None:
    got = list(describe(sample(name)))
    assert expected in got
    assert sum("source  " in line for line in got) <= 4  # once for each network, not for each module
