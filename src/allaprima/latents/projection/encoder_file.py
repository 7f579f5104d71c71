"""An encoder in a file, with what is needed to go on with its training: numbers and text, never code."""

from pathlib import Path
from typing import Any

from torch import Tensor

from allaprima.checkpoint import read_tensors, write_tensors
from allaprima.errors import ModelFileError
from allaprima.latents.likeness import Likeness
from allaprima.latents.projection.encoder import Encoder
from allaprima.latents.projection.encoder_training import ADAM, EncoderTraining, Moments
from allaprima.models import StyleGAN2Discriminator, spec_from_dict, spec_to_dict

KIND, FORMAT_VERSION = "encoder", 1


def write_encoder(path: Path, training: EncoderTraining) -> None:
    """Write an encoder and the state of its training. Raises `OutputError`."""
    encoder = training.encoder
    tensors = {f"encoder.{name}": tensor for name, tensor in encoder.state_dict().items()}
    for name, kept in training.moments().items():
        tensors |= {f"{key}.{name}": kept[key] for key in ADAM}
    header = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "model": Likeness.of(training.G).to_dict(),
        "spec": spec_to_dict(encoder.spec),
        "images_seen": int(encoder.seen),
    }
    write_tensors(path, tensors, header)


def read_encoder(path: Path, G: Any) -> tuple[Encoder, Moments | None]:
    """An encoder in evaluation mode, where ``G`` is, and the state of its training if the file has that.

    Raises:
        ModelFileError: The file is missing, damaged, of another kind or of a newer version.
        LatentError: It was made for another kind of model.
    """
    tensors, header = read_tensors(path, kind=KIND, version=FORMAT_VERSION)
    Likeness.from_dict(header.get("model"), path).require(G, path)
    try:
        encoder = Encoder(_spec(header["spec"]), num_ws=G.num_ws, w_dim=G.w_dim)
        encoder.load_state_dict(_part(tensors, "encoder."))
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} holds an encoder that does not fit its own description: it is damaged") from error
    encoder.require(G)
    device = next(G.parameters()).device
    return encoder.to(device).eval(), _moments(encoder, tensors)


def _spec(data: dict[str, Any]) -> StyleGAN2Discriminator:
    spec = spec_from_dict(data)
    if not isinstance(spec, StyleGAN2Discriminator):
        raise TypeError("an encoder has the blocks of a StyleGAN2 discriminator")
    return spec


def _moments(encoder: Encoder, tensors: dict[str, Tensor]) -> Moments | None:
    """What Adam keeps of each parameter, if the file has it of all."""
    names = {name for name, _ in encoder.named_parameters()}
    kept = {key: _part(tensors, f"{key}.") for key in ADAM}
    if any(kept[key].keys() != names for key in ADAM):
        return None
    return {name: {key: kept[key][name] for key in ADAM} for name in names}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
