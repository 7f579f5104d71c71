"""State dicts that say what they are: those that we export carry their specs, for whoever reads them again."""

import json
from typing import Any

from torch import Tensor

from allaprima.errors import AllaPrimaError, ModelFileError
from allaprima.interchange.imported import Imported, ImportedModel
from allaprima.interchange.records import printable
from allaprima.interchange.state_dict_file import R3GAN_PREFIX, SPECS
from allaprima.models import Spec, is_generator, spec_from_dict

ROLES = ("G_ema", "G", "D")


def described_state_dict(value: Any) -> ImportedModel | None:
    """Import what `export_state_dict` wrote; None if ``value`` is something else.

    Raises:
        ModelFileError: The tensors are not those of the specs.
    """
    match value:
        case {"specs": str(text)}:
            specs = _specs(text)
        case _:
            return None
    networks = {role: Imported(spec=spec, weights=_weights(value, role, specs)) for role, spec in specs.items()}
    if "G_ema" not in networks and "G" in networks:
        networks = {"G_ema": networks.pop("G"), **networks}
    if "G_ema" not in networks:
        raise ModelFileError("it holds no generator, only a discriminator")
    return ImportedModel(origin="weights under published names, with our description", networks=networks)


def _specs(text: str) -> dict[str, Spec]:
    try:
        told = json.loads(text)
        specs = {role: spec_from_dict(told[role]) for role in ROLES if role in told}
    except AllaPrimaError:
        raise
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        raise ModelFileError(f"its description ({SPECS}) is wrong: {printable(str(error))}") from error
    for role, spec in specs.items():
        if is_generator(spec) == (role == "D"):
            raise ModelFileError(f"its description ({SPECS}) says that {role} is a {type(spec).__name__}")
    return specs


def _weights(value: dict[Any, Any], role: str, specs: dict[str, Spec]) -> dict[str, Tensor]:
    """Tensors of a network: in a dict of their own, or by prefix where there are several networks."""
    own = value.get(role)
    if not isinstance(own, dict):
        prefix = f"{role}." if len(specs) > 1 else ""
        own = {name.removeprefix(prefix): x for name, x in value.items() if name != SPECS and name.startswith(prefix)}
    odd = next((name for name, x in own.items() if not isinstance(name, str) or not isinstance(x, Tensor)), None)
    if odd is not None:
        raise ModelFileError(f"{printable(str(odd))} is no tensor by name")
    return {name.removeprefix(R3GAN_PREFIX): x for name, x in own.items()}
