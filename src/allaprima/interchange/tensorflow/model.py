"""Files of the TensorFlow years: which networks they hold, and whose they are."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from allaprima.errors import ModelFileError
from allaprima.interchange.imported import Imported, ImportedModel
from allaprima.interchange.records import Record, printable
from allaprima.interchange.tensorflow.growing_discriminator import progan_discriminator, stylegan_discriminator
from allaprima.interchange.tensorflow.progan_generator import progan_generator
from allaprima.interchange.tensorflow.shape import Size
from allaprima.interchange.tensorflow.stylegan2_discriminator import stylegan2_discriminator
from allaprima.interchange.tensorflow.stylegan2_generator import ADA, stylegan2_generator
from allaprima.interchange.tensorflow.stylegan_generator import stylegan_generator
from allaprima.interchange.tensorflow.theano import VERSION as THEANO
from allaprima.interchange.tensorflow.theano import theano_network
from allaprima.interchange.tf_network import TFNetwork, tf_network
from allaprima.models import ProGANGenerator, StyleGAN2Generator, StyleGANGenerator

NAMES = ("G", "D", "Gs", "G_ema")  # in files that hold a dict
MOST = 8  # things in a file

NOT_WHOLE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What contents that no program has written may still make Python and PyTorch stumble over."""


class Family(NamedTuple):
    """One system's importers."""

    name: str
    generator: Callable[[TFNetwork], Imported]
    discriminator: Callable[[TFNetwork, Size | None], Imported]


STYLEGAN2 = Family("StyleGAN2", stylegan2_generator, stylegan2_discriminator)
STYLEGAN = Family("StyleGAN", stylegan_generator, stylegan_discriminator)
PROGAN = Family("Progressive GAN", progan_generator, progan_discriminator)

OF_FUNCTION = {"D_paper": PROGAN, "D_basic": STYLEGAN, "D_stylegan": STYLEGAN2}
"""Discriminators of StyleGAN and of Progressive GAN have the same variables: only this tells them apart."""


def tensorflow_model(value: Any) -> ImportedModel | None:
    """Import what a pickle of the TensorFlow, or of the Theano, programs holds: the tuple (G, D, Gs) or parts of it.

    Args:
        value: What `allaprima.interchange.read_pickle` gave.

    Returns:
        None if it is no such file.

    Raises:
        ModelFileError: It is one, but holds no generator, or one that is none of ours.
    """
    networks = list(networks_in(value))
    if not networks:
        return None
    try:
        return _import(networks)
    except ModelFileError:
        raise
    except NOT_WHOLE as error:
        raise ModelFileError(f"the file has a network that is not whole: {printable(str(error))}") from error


def networks_in(value: Any) -> Iterator[TFNetwork]:
    """All networks of a file, in its order."""
    match value:
        case list() | tuple() if len(value) <= MOST:
            items = list(value)
        case dict():
            items = [value[name] for name in NAMES if name in value]
        case _:
            items = [value]
    for item in items:
        network = network_of(item)
        if network is not None:
            yield network


def network_of(value: Any) -> TFNetwork | None:
    """The network that a record stands for, or that a wrapper's record holds."""
    network = tf_network(value) or theano_network(value)
    if network is None and isinstance(value, Record) and isinstance(value.state, dict):
        held = [tf_network(item) for item in value.state.values() if isinstance(item, Record)]
        return next((inner for inner in held if inner is not None), None)
    return network


def _import(networks: list[TFNetwork]) -> ImportedModel:
    generators = [network for network in networks if is_generator(network)]
    others = [network for network in networks if not is_generator(network)]
    if not generators:
        said = printable(networks[0].function)
        raise ModelFileError(f"the file has a network of the function {said}, and no generator that we know")
    family, average = family_of(generators[-1]), generators[-1]
    imported = family.generator(average)
    made = {"G": family.generator(generators[0])} if len(generators) > 1 else {}
    judged: dict[str, Imported] = {}
    notes: list[str] = []
    try:
        judged |= {"D": _judge(others[0], family, _base(imported))} if others else {}
    except ModelFileError as error:  # images need none: forks have changed many
        notes.append(f"the discriminator was left out: {error}")
    if len(networks) > len(made) + len(others[:1]) + 1:
        notes.append("the file has networks beside a generator, its average and a discriminator: the rest was left out")
    return ImportedModel(
        origin=_origin(average, family), networks={**made, **judged, "G_ema": imported}, notes=tuple(notes)
    )


def _base(generator: Imported) -> Size:
    spec = generator.spec
    assert isinstance(spec, StyleGAN2Generator | StyleGANGenerator | ProGANGenerator), spec
    return spec.geometry.base


def _judge(network: TFNetwork, family: Family, base: Size) -> Imported:
    if not is_discriminator(network):
        said = printable(network.function)
        raise ModelFileError(f"the file has a network of the function {said}, which is no discriminator that we know")
    if "Output/weight" in network.variables:
        return stylegan2_discriminator(network, base)
    likely = STYLEGAN if family is STYLEGAN2 else family
    return OF_FUNCTION.get(network.function, likely).discriminator(network, base)


def is_generator(network: TFNetwork) -> bool:
    """Whether it paints."""
    return any("ToRGB" in name for name in network.all_variables())


def is_discriminator(network: TFNetwork) -> bool:
    """Whether it judges."""
    return any("FromRGB" in name for name in network.variables)


def family_of(generator: TFNetwork) -> Family:
    """Whose generator it is: by the names of its variables first."""
    names = generator.all_variables()
    if any(name.endswith("/mod_weight") for name in names):
        return STYLEGAN2
    if any("/StyleMod/" in name for name in names) or any(name.startswith("synthesis/") for name in names):
        return STYLEGAN
    return PROGAN


def _origin(generator: TFNetwork, family: Family) -> str:
    if generator.version == THEANO:
        return f"{family.name} (Theano)"
    ada = "-ADA" if family is STYLEGAN2 and generator.version >= ADA else ""
    return f"{family.name}{ada} (TensorFlow)"
