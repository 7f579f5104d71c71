"""One command makes every picture of the docs again: none is left out of it, and none of it is made twice."""

import importlib.util
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

TOOL = ROOT / "tools" / "pictures.py"
_SPEC = importlib.util.spec_from_file_location("pictures", TOOL)
assert _SPEC
assert _SPEC.loader
sys.modules["pictures"] = pictures = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(pictures)
GROUPS, IMAGES = pictures.GROUPS, pictures.IMAGES
SHOWN = sorted(path.relative_to(IMAGES).as_posix() for path in IMAGES.rglob("*") if path.is_file())


@pytest.mark.parametrize("picture", SHOWN)
def test_a_picture_is_made_by_one_group(picture: str) -> None:
    makers = [name for name, group in GROUPS.items() if any(fnmatch(picture, one) for one in group.pictures)]
    assert len(makers) == 1, makers


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_names_tools_and_pictures_that_there_are(name: str) -> None:
    group = GROUPS[name]
    assert (ROOT / group.command.split()[0]).is_file()
    assert (ROOT / group.page).is_file()
    for pattern in group.pictures:
        assert any(fnmatch(picture, pattern) for picture in SHOWN), pattern
    for run in re.findall(r"{runs}/([\w-]+)", group.command):
        assert run in group.runs


def test_a_training_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = [sys.executable, str(TOOL), str(tmp_path), str(tmp_path), "models", "studio"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"models: left as it is, for {tmp_path} has no emoji-64, dress-24; docs/models.md says how to train them",
        f"studio: left as it is, for {tmp_path} has no emoji-64; docs/models.md says how to train them",
    ]
