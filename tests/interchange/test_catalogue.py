"""The catalogue is consistent, complete, and found by any sensible name."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allaprima.errors import ConfigError
from allaprima.interchange.catalogue import CATALOGUE, Entry, find, near, search
from allaprima.interchange.catalogue.catalogue import normal
from allaprima.interchange.catalogue.nvidia import (
    NGC_STYLEGAN2,
    NGC_STYLEGAN3,
    PROGAN,
    STYLEGAN,
    STYLEGAN2,
    STYLEGAN2_ADA,
)
from allaprima.interchange.web import is_web_address

PUBLISHED = {  # the names of facts.md §1.11
    "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/": [
        *["ffhq", "metfaces", "afhqcat", "afhqdog", "afhqwild", "cifar10", "brecahad"],
    ],
    "https://api.ngc.nvidia.com/v2/models/nvidia/research/stylegan2/versions/1/files/": [
        f"stylegan2-{name}"
        for name in [
            *["ffhq-1024x1024", "ffhq-512x512", "ffhq-256x256", "ffhqu-1024x1024", "ffhqu-256x256"],
            *["metfaces-1024x1024", "metfacesu-1024x1024", "afhqv2-512x512", "afhqcat-512x512", "afhqdog-512x512"],
            *["afhqwild-512x512", "brecahad-512x512", "celebahq-256x256", "cifar10-32x32", "lsundog-256x256"],
        ]
    ],
    "https://api.ngc.nvidia.com/v2/models/nvidia/research/stylegan3/versions/1/files/": [
        f"stylegan3-{kind}-{name}"
        for kind in "tr"
        for name in [
            *["ffhq-1024x1024", "ffhqu-1024x1024", "ffhqu-256x256"],
            *["metfaces-1024x1024", "metfacesu-1024x1024", "afhqv2-512x512"],
        ]
    ],
    "https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks/": [
        *[f"stylegan2-{data}-config-{config}" for data in ("ffhq", "car") for config in "abcdef"],
        *[f"stylegan2-{data}-config-{config}" for data in ("cat", "church", "horse") for config in "af"],
    ],
    "https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks/table2/": [
        f"stylegan2-{data}-config-e-G{g}-D{d}"
        for data in ("ffhq", "car")
        for g in ("orig", "skip", "resnet")
        for d in ("orig", "skip", "resnet")
    ],
}
FILES = [(base, stem) for base, stems in PUBLISHED.items() for stem in stems]


@pytest.mark.parametrize(("base", "stem"), FILES)
def test_every_published_file_is_found_by_its_name(base: str, stem: str) -> None:
    entry = find(stem)
    assert entry is not None
    assert entry.url == f"{base}{stem}.pkl"
    assert entry.file_name == f"{stem}.pkl"
    assert find(f"{stem}.pkl") is find(entry.url) is find(entry.name) is find(f" {stem.upper()} ") is entry


def test_the_publications_are_complete() -> None:
    assert [len(NGC_STYLEGAN2), len(NGC_STYLEGAN3), len(STYLEGAN2_ADA)] == [15, 12, 7 + 5]
    assert [len(STYLEGAN2), len(STYLEGAN), len(PROGAN)] == [12 + 6 + 18, 5, 8]
    assert len(CATALOGUE) == 116


def test_names_addresses_and_places_in_the_cache_are_one_model_each() -> None:
    for values in (
        [normal(entry.name) for entry in CATALOGUE],
        [normal(entry.file_name) for entry in CATALOGUE],
        [entry.url for entry in CATALOGUE if entry.url is not None],
    ):
        assert not [value for value, count in Counter(values).items() if count > 1]
    names = {normal(entry.name): entry for entry in CATALOGUE}
    for entry in CATALOGUE:
        assert names.get(normal(entry.file_name), entry) is entry


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("ffhq-1024", "stylegan2-ffhq-1024"),
        ("ffhq-256", "stylegan2-ffhq-256"),
        ("metfaces-1024", "stylegan2-metfaces-1024"),
        ("celebahq-256", "stylegan2-celebahq-256"),
        ("celebahq-1024", "stylegan-celebahq-1024"),  # there is no newer one
        ("cat-256", "stylegan2-cat-config-f"),
        ("car-512", "stylegan2-car-config-f"),
        ("lsun-bird-256", "progan-lsun-bird-256"),
        ("dogs-1024", "self-distilled-dogs-1024"),
        ("ffhq", "stylegan2-ada-ffhq-1024"),  # the published name of a file goes before all short names
        ("karras2019stylegan-cars-512x384", "stylegan-cars-512"),
    ],
)
def test_a_short_name_means_the_newest_sensible_model(short: str, long: str) -> None:
    entry = find(short)
    assert entry is not None
    assert entry.name == long


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_what_an_entry_says_fits_together(entry: Entry) -> None:
    for size in re.findall(r"(\d{2,4})x\1", entry.file_name):
        assert entry.height == entry.width == int(size)
    last = entry.name.rpartition("-")[2]
    if last.isdigit():
        assert entry.height == int(last)
    assert entry.url is None or is_web_address(entry.url)
    assert entry.url is not None or entry.note  # who fetches it by hand must know how
    assert is_web_address(entry.source)
    assert entry.licence
    assert entry.sha256 is None  # nobody publishes hashes, and none is invented
    if "nvidia" in (entry.url or ""):
        assert entry.licence == "NVIDIA Source Code License, non-commercial"
    assert len(search(entry.name)) >= 1
    assert find(entry.name) is entry


def test_unknown_names_give_nothing_but_a_hint() -> None:
    assert find("ffhq-1025") is None
    assert find("") is None
    assert near("ffhq-1025")[0] == "ffhq-1024"
    assert near("zzzzzzzz") == []


def test_a_search_wants_all_words() -> None:
    found = [entry.name for entry in search("FFHQ 1024 stylegan3-r")]
    assert found == ["stylegan3-r-ffhq-1024", "stylegan3-r-ffhqu-1024"]
    assert len(search("")) == len(CATALOGUE)
    assert search("no such thing") == []


@given(st.text(max_size=60))
def test_any_text_may_be_asked_for(text: str) -> None:
    assert find(text) is None or find(text) in CATALOGUE
    assert normal(normal(text)) == normal(text) or "." in text
    search(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "FFHQ"},
        {"name": "../ffhq"},
        {"file_name": "../ffhq.pkl"},
        {"file_name": ".pkl"},
        {"file_name": "ffhq.py"},
        {"url": "http://example.org/ffhq.pkl"},
        {"sha256": "abc"},
    ],
)
def test_an_entry_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    right = {"name": "ffhq", "url": None, "architecture": "StyleGAN2", "height": 8, "width": 8, "file_name": "ffhq.pkl"}
    rest = {"format": "x", "licence": "x", "source": "x"}
    assert Entry(**right, **rest).size == "8×8"  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        Entry(**right | rest | wrong)  # type: ignore[arg-type]
