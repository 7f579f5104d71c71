"""Directories for the Hugging Face hub: `save_pretrained`, `from_pretrained` and `push_to_hub`.

A directory holds ``config.json``, ``model.safetensors`` and a model card. The package ``huggingface-hub`` (1.x or 2.x)
is imported only when something goes over the network.
"""

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from allaprima.checkpoint.hub_repository import FILES, fetch_directory, is_hub_id, the_hub
from allaprima.checkpoint.load import load
from allaprima.checkpoint.model_card import model_card
from allaprima.checkpoint.model_file import Networks, save
from allaprima.errors import ModelFileError, OutputError
from allaprima.files import write_text


def save_pretrained(networks: Networks | nn.Module, directory: str | Path, *, name: str | None = None) -> None:
    """Write a directory for the hub: the model, its description, and a model card made of its provenance.

    Args:
        networks: All networks, or a generator alone.
        directory: Where to write; its three files are replaced.
        name: What the model card calls the model; None: the directory's name.

    Raises:
        OutputError: The directory cannot be written.
    """
    if isinstance(networks, nn.Module):
        networks = Networks(G_ema=networks)
    directory = Path(directory)
    if directory.suffix == ".safetensors":
        raise OutputError(f"{directory} is the name of a file: a directory for the hub needs another")
    save(networks, directory)
    write_text(directory / "README.md", model_card(networks, name or directory.resolve().name))


def from_pretrained(
    name_or_directory: str | Path, *, revision: str | None = None, device: torch.device | str = "cpu"
) -> Any:
    """Load the generator of a directory, or of a model on the hub, in evaluation mode.

    Args:
        name_or_directory: A directory, which goes first, or a name of the hub: ``owner/model``.
        revision: Branch, tag or commit on the hub.
        device: Where to put the weights.

    Raises:
        ModelFileError: It is neither, or holds no model of allaprima.
        DownloadError: It cannot be fetched.
    """
    if Path(name_or_directory).is_dir():
        return load(name_or_directory, device=device)
    if not is_hub_id(name_or_directory):
        raise ModelFileError(f"{str(name_or_directory)!r} is neither a directory nor a name of the hub (owner/model)")
    return load(fetch_directory(str(name_or_directory), revision=revision), device=device)


def push_to_hub(
    networks: Networks | nn.Module, repo_id: str, *, private: bool = False, token: str | None = None
) -> str:
    """Write a directory for the hub and upload it; what is there is replaced, as a new commit.

    Args:
        networks: All networks, or a generator alone.
        repo_id: The model's name: ``owner/model``. It is made if it does not exist.
        private: Whether a new one is hidden from others.
        token: Permission to write; None: the one of ``hf auth login``.

    Returns:
        The model's address.

    Raises:
        OutputError: It cannot be uploaded.
    """
    if not is_hub_id(repo_id):
        raise OutputError(f"{repo_id!r} is no name of the hub: it must be owner/model")
    with tempfile.TemporaryDirectory(prefix="allaprima-") as directory:
        save_pretrained(networks, directory, name=repo_id)
        advice = "log in with `hf auth login`, or save_pretrained into a directory and upload that"
        with the_hub(OutputError, f"cannot upload {repo_id} to the Hugging Face hub", advice) as hub:
            api = hub.HfApi(token=token, library_name="allaprima")
            address = api.create_repo(repo_id, private=private, exist_ok=True)
            api.upload_folder(
                repo_id=repo_id, folder_path=directory, allow_patterns=FILES, commit_message="Save with allaprima"
            )
    return str(address)
