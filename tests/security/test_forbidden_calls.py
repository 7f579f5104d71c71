"""No file of ours runs what it reads, asks a shell, or unpacks what others have packed."""

from pathlib import Path

import pytest

from tests.security.forbidden_calls import RULES, findings, lines

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tools", "benchmarks")

ALLOWED: dict[tuple[str, str], str] = {
    ("src/allaprima/interchange/state_dict_file.py", "writes pickles"): (
        "allaprima export to .pt, for other programs: tensors and JSON alone, which weights_only=True opens"
    ),
    ("src/allaprima/interchange/rosinality/exporting.py", "writes pickles"): (
        "the same, in the layout of another program"
    ),
    ("src/allaprima/data/sources/closed_pickle.py", "imports what runs code"): (
        "CIFAR is published as pickles: an unpickler that finds five names, all of inert stand-ins"
    ),
    ("benchmarks/fuzz_pickles.py", "imports what runs code"): "makes the hostile pickles that our reader is tried with",
    ("benchmarks/fuzz_pickles.py", "writes pickles"): "the same",
    ("tools/tour_blocks.py", "evaluates text"): "runs the code that a page of our own docs shows",
    ("benchmarks/lucidrains_parity.py", "writes pickles"): "writes what the other program writes, for our reader",
}
"""By file and rule: why."""


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_does_what_is_forbidden() -> None:
    wrong, used = [], set()
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        found = findings(path.read_text(encoding="utf-8"))
        used |= {(name, finding.rule) for finding in found}
        wrong += [f"{name} {line}" for line in lines([f for f in found if (name, f.rule) not in ALLOWED])]
    assert not wrong, "\n".join(wrong)
    assert not set(ALLOWED) - used, "these exceptions are not needed any more"
    assert len(sources()) > 400  # the folders are there


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("imports what runs code", "import pickle"),
        ("imports what runs code", "import dill as d"),
        ("imports what runs code", "from marshal import loads"),
        ("imports what runs code", "import os, shelve"),
        ("imports what runs code", "from importlib import import_module\nimport_module('cloudpickle')"),
        ("loads pickles", "import torch\ntorch.load(path)"),
        ("loads pickles", "import torch as t\nt.load(path, weights_only=False)"),
        ("loads pickles", "import torch\ntorch.load(path, weights_only=safe)"),
        ("loads pickles", "from torch import load\nload(path)"),
        ("loads pickles", "import torch\ntorch.jit.load(path)"),
        ("writes pickles", "import torch\ntorch.save(x, path)"),
        ("writes pickles", "from torch import save as keep\nkeep(x, path)"),
        ("writes pickles", "import pickle\npickle.dump(x, file)"),
        ("allows pickles in arrays", "import numpy as np\nnp.load(path, allow_pickle=True)"),
        ("allows pickles in arrays", "np.savez(path, allow_pickle=maybe)"),
        ("evaluates text", "eval(text)"),
        ("evaluates text", "exec(text)"),
        ("evaluates text", "compile(text, 'a', 'exec')"),
        ("evaluates text", "__import__(name)"),
        ("evaluates text", "import builtins\nbuiltins.exec(text)"),
        ("uses a shell", "import os\nos.system('ls')"),
        ("uses a shell", "from os import popen as p\np('ls')"),
        ("uses a shell", "import subprocess\nsubprocess.run(words, shell=True)"),
        ("uses a shell", "import subprocess\nsubprocess.run('ls -l')"),
        ("uses a shell", "from subprocess import Popen\nPopen(args=f'ls {path}')"),
        ("uses a shell", "from subprocess import check_output\ncheck_output(words, shell=maybe)"),
        ("uses a shell", "import asyncio\nasyncio.create_subprocess_shell(text)"),
        ("uses a shell", "import subprocess\nsubprocess.getoutput(text)"),
        ("loads YAML objects", "import yaml\nyaml.load(text)"),
        ("loads YAML objects", "import yaml\nyaml.load(text, yaml.FullLoader)"),
        ("loads YAML objects", "from yaml import unsafe_load\nunsafe_load(text)"),
        ("guesses a name", "import tempfile\ntempfile.mktemp()"),
        ("waits for ever", "import requests\nrequests.get(url)"),
        ("waits for ever", "import httpx\nhttpx.stream('GET', url)"),
        ("waits for ever", "from urllib.request import urlopen\nurlopen(url)"),
        ("waits for ever", "import urllib.request\nurllib.request.urlretrieve(url, path)"),
        ("waits for ever", "from http.client import HTTPSConnection\nHTTPSConnection(host, 443)"),
        ("unpacks archives", "archive.extractall(folder)"),
        ("unpacks archives", "tarfile.open(path).extract(member)"),
        ("unpacks archives", "import shutil\nshutil.unpack_archive(path)"),
    ],
)
def test_each_rule_finds_what_it_is_for(rule: str, code: str) -> None:
    found = findings(code)
    assert rule in {finding.rule for finding in found}
    assert found[-1].line == code.count("\n") + 1


@pytest.mark.parametrize(
    "code",
    [
        "import re\nre.compile('a')",
        "import torch\ntorch.compile(f)",
        "import torch\ntorch.load(path, weights_only=True)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'allaprima'], timeout=9)",
        "import subprocess\nsubprocess.run(words, shell=False)",
        "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)\nyaml.safe_load(text)",
        "from urllib.request import urlopen\nurlopen(url, timeout=3)\nurlopen(url, None, 3)",
        "import requests\nrequests.get(url, timeout=3)",
        "model.eval()",
        "import os\nos.execv(program, words)",
        "from pyramid import extract\nextract(images)",
        "archive.extractfile(member)",
        "allaprima.save(nets, path)",
        "import tempfile\ntempfile.mkstemp()",
    ],
)
def test_what_only_looks_like_it_is_let_pass(code: str) -> None:
    assert findings(code) == []


def test_every_rule_has_an_example() -> None:
    marks = test_each_rule_finds_what_it_is_for.pytestmark  # type: ignore[attr-defined]
    assert {rule for rule, _ in marks[0].args[1]} == set(RULES)
