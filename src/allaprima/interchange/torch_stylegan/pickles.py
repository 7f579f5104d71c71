"""Pickles of NVIDIA's PyTorch programs and their forks: StyleGAN2-ADA, StyleGAN3, R3GAN."""

from collections.abc import Callable
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.imported import Imported, ImportedModel
from allaprima.interchange.keywords import as_json
from allaprima.interchange.records import called, printable
from allaprima.interchange.torch_module import TorchModule, torch_module
from allaprima.interchange.torch_stylegan import telling
from allaprima.interchange.torch_stylegan.designs import Design, bare, design_of, refusing
from allaprima.interchange.torch_stylegan.fitting import fit
from allaprima.interchange.torch_stylegan.r3gan import WRAPPER
from allaprima.interchange.torch_stylegan.seeing import seen
from allaprima.interchange.torch_stylegan.shapes import tensors_only
from allaprima.interchange.torch_stylegan.state_dicts import ROLES, image_of
from allaprima.interchange.torch_stylegan.testimony import Testimony, contradictions

TELL: dict[str, Callable[[Testimony], dict[str, Any]]] = {
    "synthesis.b4.const": telling.tell_stylegan2_generator,
    "synthesis.input.freqs": telling.tell_stylegan3_generator,
    "AggregationLayer.Layer.weight": telling.tell_r3gan,
    "b4.fc.weight": telling.tell_stylegan2_discriminator,
    "ExtractionLayer.Layer.weight": telling.tell_r3gan,
}
"""By the mark of the design: what reads the keyword arguments of its programs."""

COUNTERS = ("cur_nimg",)  # images that the training has seen: R3GAN
DATA, AUGMENTATION = "training_set_kwargs", "augment_pipe"


@refusing()
def torch_stylegan(value: Any) -> ImportedModel | None:
    """Import a pickle of whole modules: a dict with some of ``G``, ``D`` and ``G_ema``, or a generator.

    Args:
        value: What `read_pickle` gave.

    Returns:
        The model; None if there are no such modules.

    Raises:
        ModelFileError: There are, but they cannot be built.
    """
    content = value if isinstance(value, dict) else {"G_ema": value}
    modules = modules_in(content)
    if not modules:
        return None
    designs = {role: design_of(bare(module.state_dict())) for role, module in modules.items()}
    generators = [role for role in ("G_ema", "G") if role in modules]
    if not any(designs.values()) and not (isinstance(value, dict) and any(m.keywords for m in modules.values())):
        return None  # modules of anybody
    networks: dict[str, Imported] = {}
    for role in generators:
        design = designs[role]
        if design is None or not design.is_generator:
            name = printable(modules[role].class_name)
            raise ModelFileError(f"its {role}, of the class {name}, is no generator that is known here")
        networks[role] = import_module(modules[role], design, role)
    if not networks:
        raise ModelFileError("the file has a discriminator, but no generator")
    origin = origin_of(modules[generators[0]], designs[generators[0]])
    notes = []
    if (design := designs.get("D")) and not design.is_generator:
        image = image_of(networks[generators[0]].spec)
        networks["D"] = import_module(modules["D"], design, "D", image)
    elif "D" in modules:
        notes.append(f"D, of the class {printable(modules['D'].class_name)}, is not known here, and was left out")
    if "G_ema" not in networks:
        networks = {"G_ema": networks.pop("G"), **networks}
    facts = facts_of(content) if isinstance(value, dict) else {}
    return ImportedModel(origin=origin, networks=networks, notes=(*notes, *_left_out(content)), facts=facts)


def modules_in(content: dict[Any, Any]) -> dict[str, TorchModule]:
    """Modules by role; none if what is there are no modules. Roles may be None."""
    present = {role: content[role] for role in ROLES if content.get(role) is not None}
    found = {role: module for role, record in present.items() if (module := torch_module(record))}
    for role, record in present.items():
        if found and role not in found:
            raise ModelFileError(f"the file has a {called(record)} where the module {role} was expected")
    return found


def import_module(module: TorchModule, design: Design, role: str, told: dict[str, int] | None = None) -> Imported:
    """Import one network.

    Args:
        module: What the pickle has of it.
        design: What it is.
        role: Its role, for messages.
        told: Fields of its spec that are known otherwise.
    """
    buffers = {f"{path}.{name}".lstrip(".").removeprefix(WRAPPER) for path, m in module.walk() for name in m.buffers}
    weights = bare(tensors_only(module.state_dict()))
    testimony = Testimony(module, role)
    said = TELL[design.mark](testimony)
    spec = design.describe(weights, {**said, **(told or {})})
    fitted, notes = fit(spec, weights, droppable=buffers)
    own, mapping = seen(spec)
    notes += testimony.agree(own) + testimony.agree(mapping, within=testimony.mapping)
    notes += contradictions(role, said, {name: getattr(spec, name) for name in said})
    return Imported(
        spec=spec,
        weights=fitted,
        notes=(*notes, *testimony.rest()),
        facts={"class_name": printable(module.class_name), "made_with": as_json(module.keywords)},
    )


def origin_of(module: TorchModule, design: Design | None) -> str:
    """Which program wrote a generator: StyleGAN2-ADA nests its keyword arguments, that of StyleGAN3 has them flat."""
    assert design is not None
    if design.title != "StyleGAN2":
        return f"{design.title} (PyTorch)"
    if "synthesis_kwargs" in module.keywords:
        return "StyleGAN2-ADA (PyTorch)"
    return "StyleGAN2 by StyleGAN3's program (PyTorch)" if "channel_base" in module.keywords else "StyleGAN2 (PyTorch)"


def facts_of(content: dict[Any, Any]) -> dict[str, Any]:
    """What a file tells beside its networks: the data it was trained with, counters, the strength of augmentation."""
    facts = {name: as_json(content[name]) for name in (DATA, *COUNTERS) if content.get(name) is not None}
    pipe = torch_module(content.get(AUGMENTATION))
    if pipe is not None:
        facts[AUGMENTATION] = {"made_with": as_json(pipe.keywords)}
        if (strength := pipe.buffers.get("p")) is not None and strength.numel() == 1 and strength.isfinite():
            facts[AUGMENTATION]["p"] = float(strength)
    return facts


def _left_out(content: dict[Any, Any]) -> tuple[str, ...]:
    known = {*ROLES, DATA, AUGMENTATION, *COUNTERS}
    names = [printable(str(name)) for name in content if name not in known]
    return (f"not taken over: {', '.join(names)}",) if names else ()
