"""State dicts with the reference's names and no description: what ``.safetensors`` and ``.pth`` exports contain."""

from collections.abc import Mapping
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.imported import Imported, ImportedModel
from allaprima.interchange.torch_stylegan.designs import Design, bare, design_of, refusing
from allaprima.interchange.torch_stylegan.fitting import fit
from allaprima.interchange.torch_stylegan.shapes import tensors_only
from allaprima.models import Spec, is_generator

ROLES = ("G_ema", "G", "D")
WRAPPER = "state_dict"


@refusing()
def state_dict_model(value: Any) -> ImportedModel | None:
    """Import bare weights of StyleGAN2, StyleGAN3 or R3GAN.

    Args:
        value: Tensors by name: of one generator, or of several networks as ``G_ema.…``, ``G.…``, ``D.…``, or as a dict
            for each of these; all of it may be the value of ``state_dict``.

    Returns:
        The model; None if there is no generator of these kinds.

    Raises:
        ModelFileError: There is one, but its tensors do not fit together.
    """
    content = value.get(WRAPPER, value) if isinstance(value, dict) else value
    if not isinstance(content, dict):
        return None
    parts = {role: bare(part) for role, part in by_role(content).items()}
    designs = {role: design for role, part in parts.items() if (design := design_of(part))}
    generators = [role for role, design in designs.items() if design.is_generator and role != "D"]
    if not generators:
        return None
    networks: dict[str, Imported] = {}
    for role in generators:
        networks[role] = import_weights(parts[role], designs[role])
    if "D" in designs and not designs["D"].is_generator:
        networks["D"] = import_weights(parts["D"], designs["D"], image_of(networks[generators[0]].spec))
    if "G_ema" not in networks:
        networks = {"G_ema": networks.pop("G"), **networks}
    left_out = [role for role in parts if role not in {*generators, *networks}]
    return ImportedModel(
        origin=f"{designs[generators[0]].title}, weights without a description",
        networks=networks,
        notes=tuple(f"{role} is of no kind that is known here, and was left out" for role in left_out),
    )


def by_role(content: Mapping[Any, Any]) -> dict[str, dict[Any, Any]]:
    """Weights of each network; if nothing tells of roles, all are those of ``G_ema``."""
    nested = {role: content[role] for role in ROLES if isinstance(content.get(role), dict)}
    if nested:
        return nested
    names = [name for name in content if isinstance(name, str)]
    flat = {
        role: {name.removeprefix(f"{role}."): content[name] for name in names if name.startswith(f"{role}.")}
        for role in ROLES
    }
    return {role: part for role, part in flat.items() if part} or {"G_ema": dict(content)}


def import_weights(part: Mapping[Any, Any], design: Design, told: Mapping[str, Any] | None = None) -> Imported:
    """Import one network."""
    weights = tensors_only(part)
    spec = design.describe(weights, told or {})
    fitted, notes = fit(spec, weights)
    return Imported(spec=spec, weights=fitted, notes=(f"not told by its weights, and assumed: {design.untold}", *notes))


def image_of(spec: Spec) -> dict[str, int]:
    """Sides of the images of a generator, for its discriminator."""
    if not is_generator(spec):
        raise ModelFileError("where a generator was expected, the file has a discriminator")
    return {"height": spec.height, "width": spec.width}
