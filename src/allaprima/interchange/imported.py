"""What an importer gives: networks of another program in our terms, as specs and weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from allaprima.errors import ModelFileError
from allaprima.interchange.records import printable
from allaprima.models import Spec, outline

LONGEST_REASON = 300  # characters


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported:
    """A network of another program, before it is built.

    Attributes:
        spec: What it is.
        weights: The state dict of `allaprima.models.build` of that spec, complete.
        notes: A sentence for each thing in the file that was not taken over, or had to be assumed.
        facts: What the file says of the network and has no place in a spec, fit for JSON: the keyword arguments it was
            made with, its own truncation.
    """

    spec: Spec
    weights: Mapping[str, Tensor]
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """Make the network, in evaluation mode. Raises `ModelFileError`."""
        return assemble(self.spec, self.weights)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportedModel:
    """All networks of a file.

    Attributes:
        origin: Which program wrote it, and in which format: ``StyleGAN2-ADA (PyTorch)``.
        networks: By role: ``G_ema`` always, ``G`` and ``D`` where the file has them.
        notes: As in `Imported`, about the file as a whole.
        facts: As in `Imported`, about the file as a whole.
    """

    origin: str
    networks: dict[str, Imported]
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def all_notes(self) -> list[str]:
        """Notes on the file and on each network, each once."""
        own = [f"{role}: {note}" for role, network in self.networks.items() for note in network.notes]
        return list(dict.fromkeys([*self.notes, *own]))


def assemble(spec: Spec, weights: Mapping[str, Tensor]) -> nn.Module:
    """Build a network around ``weights`` [any shape], without drawing random ones first; float32, in evaluation mode.

    Raises:
        ModelFileError: The weights are not those of the spec.
    """
    odd = next((name for name, tensor in weights.items() if not tensor.is_floating_point()), None)
    if odd is not None:
        raise ModelFileError(f"the tensor {printable(odd)} holds {weights[odd].dtype}, not weights")
    try:
        network: nn.Module = outline(spec)
        network.load_state_dict({name: t.float() for name, t in weights.items()}, strict=True, assign=True)
    except (ArithmeticError, RuntimeError, TypeError, ValueError) as error:
        reason = printable(" ".join(str(error).split()), LONGEST_REASON)
        raise ModelFileError(f"the weights do not fit their description: {reason}") from error
    return network.eval().requires_grad_(requires_grad=False)
