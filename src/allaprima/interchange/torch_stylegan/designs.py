"""The networks that are known here, each told by the name of one tensor that no other has; class names tell nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from allaprima.errors import ModelFileError
from allaprima.interchange.records import printable
from allaprima.interchange.torch_stylegan import r3gan, stylegan2, stylegan3
from allaprima.interchange.torch_stylegan.shapes import Fields, Weights
from allaprima.models import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A kind of network.

    Attributes:
        title: What to call it.
        mark: Name of a tensor that it has, and no other.
        is_generator: Whether it is one.
        describe: Its spec, from a state dict and from fields that are known otherwise.
        untold: What its names and shapes do not tell, and what is assumed then.
    """

    title: str
    mark: str
    is_generator: bool
    describe: Callable[[Weights, Fields], Spec]
    untold: str


DESIGNS = (
    Design(
        title="StyleGAN2",
        mark="synthesis.b4.const",
        is_generator=True,
        describe=stylegan2.generator_spec,
        untold="a mapping network with a learning rate of 0.01, no conv_clamp",
    ),
    Design(
        title="StyleGAN3",
        mark="synthesis.input.freqs",
        is_generator=True,
        describe=stylegan3.generator_spec,
        untold="square images, a mapping network with a learning rate of 0.01, conv_clamp 256, first_cutoff 2, "
        "output_scale 0.25",
    ),
    Design(
        title="R3GAN",
        mark="AggregationLayer.Layer.weight",
        is_generator=True,
        describe=r3gan.generator_spec,
        untold="half precision in the 3 finest stages",
    ),
    Design(
        title="StyleGAN2",
        mark="b4.fc.weight",
        is_generator=False,
        describe=stylegan2.discriminator_spec,
        untold="a mapping network with a learning rate of 0.01, groups of 4 in the minibatch standard deviation, "
        "no conv_clamp",
    ),
    Design(
        title="R3GAN",
        mark="ExtractionLayer.Layer.weight",
        is_generator=False,
        describe=r3gan.discriminator_spec,
        untold="half precision in the 3 finest stages",
    ),
)


def design_of(weights: Weights) -> Design | None:
    """The design with these names; None if it is none that is known here."""
    return next((design for design in DESIGNS if design.mark in weights), None)


@contextmanager
def refusing() -> Iterator[None]:
    """Let whatever a foreign file's numbers make go wrong be the file's fault."""
    try:
        yield
    except ModelFileError:
        raise
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelFileError(f"the file describes a network that cannot be: {printable(str(error), 300)}") from error


def bare(weights: Weights) -> Weights:
    """``weights`` with the names that a design has, without a wrapper's."""
    return weights if design_of(weights) else r3gan.unwrap(weights)


@refusing()
def spec_of_weights(weights: Weights) -> Spec:
    """Tell from names and shapes alone what network a state dict is of: StyleGAN2, StyleGAN3 or R3GAN.

    What these do not tell has its default. Images that the network crops come uncropped.

    Raises:
        ModelFileError: It is of none, or its shapes contradict each other.
    """
    weights = bare(weights)
    design = design_of(weights)
    if design is None:
        raise ModelFileError("the names of the tensors are those of no network that is known here")
    return design.describe(weights, {})
