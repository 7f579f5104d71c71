"""Directories for the Hugging Face hub, offline; the hub itself is a fake."""

import builtins
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from allaprima.checkpoint import Networks, load_networks
from allaprima.checkpoint.hub import FILES, from_pretrained, is_hub_id, push_to_hub, save_pretrained
from allaprima.checkpoint.model_card import model_card, quoted
from allaprima.errors import AllaPrimaError, DownloadError, ModelFileError, OutputError

hub = pytest.importorskip("huggingface_hub")
errors = pytest.importorskip("huggingface_hub.errors")
constants = pytest.importorskip("huggingface_hub.constants")


def front_matter(card: str) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    content: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return content


# Directories.


def test_a_directory_goes_and_comes_back(networks: Networks, tmp_path: Path) -> None:
    save_pretrained(networks, tmp_path / "cats")
    assert sorted(file.name for file in (tmp_path / "cats").iterdir()) == sorted(FILES)
    G = from_pretrained(tmp_path / "cats")
    assert G.spec == networks.spec
    for name, tensor in networks.G_ema.state_dict().items():
        assert torch.equal(G.state_dict()[name], tensor)
    again = load_networks(tmp_path / "cats")
    assert again.provenance == networks.provenance
    assert again.D is not None
    assert json.loads((tmp_path / "cats" / "config.json").read_text())["class_names"] == ["cat", "ψ"]
    assert hub.metadata_load(tmp_path / "cats" / "README.md")["library_name"] == "allaprima"


def test_a_generator_alone_will_do(G: Any, tmp_path: Path) -> None:
    save_pretrained(G, tmp_path / "cats", name="someone/cats")
    assert from_pretrained(str(tmp_path / "cats")).spec == G.spec
    assert "# someone/cats\n" in (tmp_path / "cats" / "README.md").read_text()


def test_a_file_is_no_directory(G: Any, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is the name of a file"):
        save_pretrained(G, tmp_path / "cats.safetensors")


@pytest.mark.parametrize(
    "name", ["cats", "a/b/c", "../cats", "a/..", "https://huggingface.co/a/b", "", "a/b--c", "-a/b"]
)
def test_neither_a_directory_nor_a_name_of_the_hub(name: str) -> None:
    assert not is_hub_id(name)
    with pytest.raises(
        ModelFileError, match=r"is neither a directory nor a name of the hub \(owner/model\)$|holds no model"
    ):
        from_pretrained(name)


# The model card.


def test_the_card_says_what_provenance_says(networks: Networks) -> None:
    card = model_card(networks, "someone/cats")
    assert front_matter(card) == {
        "library_name": "allaprima",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["allaprima", "stylegan2", "gan", "image-generation"],
        "license": "cc0-1.0",
    }
    for line in (
        "A StyleGAN2 generator that paints images of 16×16 (height × width), RGB, with a label of 2 numbers.",
        "| licence of the weights | CC0-1.0 |",
        "| trained on | cats.zip |",
        "| images seen in training | 64,000 |",
        "| classes | cat, ψ |",
        "| gamma | 0.5 |",
        'G = allaprima.from_pretrained("someone/cats")  # a name of the hub, or a directory',
        "for image in allaprima.generate(G, seeds=range(8), class_index=0):",
    ):
        assert line in card
    assert re.search(r"\| networks \| G_ema \(\d[\d,]* parameters\), G \(.*\), D \(.*\) \|", card)


def test_what_is_not_known_has_no_line(G: Any) -> None:
    card = model_card(Networks(G_ema=G), "cats")
    assert front_matter(card).keys() == {"library_name", "pipeline_tag", "tags"}
    for word in ("licence", "trained on", "attribution", "seen", "Recipe", "None", "class", "began"):
        assert word not in card
    assert 'allaprima.from_pretrained("path/to/cats")' in card


def test_data_may_be_described_in_parts(G: Any) -> None:
    data = {"name": "cats", "images": 6000, "fingerprint": "e311", "shape": [1, 24, 24]}
    facts = {"images_licence": "MIT", "attribution": "© a cat", "parent": "ffhq-256", "hardware": "a lamp", "by": "me"}
    card = model_card(Networks(G_ema=G, provenance={"data": data, **facts}), "cats")
    for line in (
        "| trained on | cats |",
        "| number of images | 6,000 |",
        "| fingerprint of the images | e311 |",
        "| licence of the images | MIT |",
        "| attribution | © a cat |",
        "| began with | ffhq-256 |",
        "| hardware | a lamp |",
        "| by | me |",
    ):
        assert line in card
    card = model_card(Networks(G_ema=G, provenance={"data": data, "images": "Cats of Rome"}), "cats")
    assert "| trained on | Cats of Rome |" in card


@pytest.mark.parametrize(
    ("licence", "wanted"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("CC BY-NC 4.0", {"license": "cc-by-nc-4.0"}),
        (
            "NVIDIA Source Code License, non-commercial",
            {"license": "other", "license_name": "nvidia-source-code-license-non-commercial"},
        ),
        ("a: [b", {"license": "other", "license_name": "a-b"}),
        (None, {}),
        (["x"], {}),
        ("", {}),
    ],
)
def test_the_licence_is_told_in_the_hubs_words(G: Any, licence: object, wanted: dict[str, str]) -> None:
    matter = front_matter(model_card(Networks(G_ema=G, provenance={"licence": licence}), "cats"))
    assert {key: value for key, value in matter.items() if key.startswith("license")} == wanted


def test_texts_of_others_stay_texts(G: Any) -> None:
    evil = "x |\n---\n<script>alert(1)</script> [a](javascript:b) `c` *d*"
    provenance = {
        "data": evil,
        evil: evil,
        "licence": "x\n---\nlicense: mit",
        "recipe": {evil: evil},
        "images": {"a": 1},
    }
    card = model_card(Networks(G_ema=G, provenance=provenance, class_names=[evil]), evil.replace("/", ""))
    assert front_matter(card)["license"] == "other"
    body = card.split("---\n", 2)[2]
    assert "\n---\n" not in body
    assert not re.search(r"(?<!\\)<script|(?<!\\)\[a|(?<!\\)`c", body.replace(body.split("```")[1], ""))
    for line in body.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 3
    assert quoted("a|b\nc") == "a\\|b c"


# The hub, faked.


class FakeHub:
    """Remembers what it is asked, and answers or raises."""

    def __init__(self, directory: Path, error: Exception | None = None) -> None:
        self.directory, self.error = directory, error
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.uploaded: dict[str, bytes] = {}

    def snapshot_download(self, repo_id: str, **options: Any) -> str:
        self._note("snapshot_download", repo_id=repo_id, **options)
        return str(self.directory)

    def HfApi(self, **options: Any) -> Any:
        self._note("HfApi", **options)
        return SimpleNamespace(create_repo=self.create_repo, upload_folder=self.upload_folder)

    def create_repo(self, repo_id: str, **options: Any) -> str:
        self._note("create_repo", repo_id=repo_id, **options)
        return f"https://huggingface.co/{repo_id}"

    def upload_folder(self, *, folder_path: str, **options: Any) -> None:
        self._note("upload_folder", **options)
        self.uploaded = {file.name: file.read_bytes() for file in Path(folder_path).iterdir()}

    def _note(self, call: str, **options: Any) -> None:
        self.calls.append((call, options))
        if self.error is not None:
            raise self.error


def fake(monkeypatch: pytest.MonkeyPatch, directory: Path, error: Exception | None = None) -> FakeHub:
    faked = FakeHub(directory, error)
    for name in ("snapshot_download", "HfApi"):
        monkeypatch.setattr(hub, name, getattr(faked, name))
    return faked


def test_a_model_of_the_hub_is_fetched_without_anything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, G: Any
) -> None:
    save_pretrained(G, tmp_path)
    faked = fake(monkeypatch, tmp_path)
    assert from_pretrained("someone/cats", revision="v1").spec == G.spec
    assert faked.calls == [
        ("snapshot_download", {"repo_id": "someone/cats", "revision": "v1", "allow_patterns": FILES}),
    ]


def test_a_repository_without_a_model_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(monkeypatch, tmp_path)
    with pytest.raises(ModelFileError, match=r"holds no model\.safetensors"):
        from_pretrained("someone/cats")


def test_push_makes_the_model_and_uploads_three_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, networks: Networks
) -> None:
    faked = fake(monkeypatch, tmp_path)
    address = push_to_hub(networks, "someone/cats", private=True, token="t")
    assert address == "https://huggingface.co/someone/cats"
    assert [call for call, _ in faked.calls] == ["HfApi", "create_repo", "upload_folder"]
    assert faked.calls[0][1] == {"token": "t", "library_name": "allaprima"}
    assert faked.calls[1][1] == {"repo_id": "someone/cats", "private": True, "exist_ok": True}
    assert faked.calls[2][1]["allow_patterns"] == FILES
    assert sorted(faked.uploaded) == sorted(FILES)
    assert b"# someone/cats" in faked.uploaded["README.md"]
    assert b'from_pretrained("someone/cats")' in faked.uploaded["README.md"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.LocalEntryNotFoundError("no connection. Really."), "there is no network here"),
        (errors.OfflineModeIsEnabled("off"), "there is no network here"),
        (ConnectionError("reset by peer. Bye."), "reset by peer"),
        (RuntimeError(""), "RuntimeError"),
    ],
)
def test_what_the_hub_raises_becomes_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, G: Any, error: Exception, words: str
) -> None:
    fake(monkeypatch, tmp_path, error)
    with pytest.raises(DownloadError) as caught:
        from_pretrained("someone/cats")
    assert str(caught.value) == (
        f"cannot fetch someone/cats from the Hugging Face hub: {said(caught.value, words)}; fetch config.json and"
        " model.safetensors of https://huggingface.co/someone/cats in another way into a directory and give that"
    )
    with pytest.raises(OutputError, match=r"^cannot upload someone/cats to the Hugging Face hub: .*hf auth login"):
        push_to_hub(G, "someone/cats")


def said(error: AllaPrimaError, words: str) -> str:
    reason = str(error).split(": ", 1)[1].split("; ")[0]
    assert words in reason
    return reason


def test_without_the_package_it_says_which(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, G: Any) -> None:
    importing = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "huggingface_hub":
            raise ImportError(name)
        return importing(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DownloadError, match="takes the package huggingface-hub, which is not installed"):
        from_pretrained("someone/cats")
    save_pretrained(G, tmp_path / "cats")  # and a directory needs no package
    assert from_pretrained(tmp_path / "cats").spec == G.spec


def test_a_name_that_is_none_is_not_uploaded(G: Any) -> None:
    with pytest.raises(OutputError, match="must be owner/model"):
        push_to_hub(G, "cats")


def test_offline_the_true_package_fails_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DownloadError, match="there is no network here, and it is not in the cache"):
        from_pretrained("allaprima-tests/there-is-no-such-model")
