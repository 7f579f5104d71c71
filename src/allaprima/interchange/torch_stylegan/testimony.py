"""Reading what a module in a pickle tells of itself in words: its keyword arguments, and attributes of its layers.

Shapes overrule words. Words that they contradict, and those that nobody knows, become notes. What a layer remembers is
what it computes with, so that it overrules keyword arguments too; defaults, which the programs changed, seldom matter.
"""

from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.keywords import Keywords, as_json
from allaprima.interchange.records import Global, printable
from allaprima.interchange.torch_module import TorchModule
from allaprima.interchange.torch_stylegan.shapes import Fields

INNER = ("synthesis_kwargs", "block_kwargs", "epilogue_kwargs")  # of StyleGAN2-ADA; later programs have them flat
WITHOUT_EFFECT = ("fused_modconv_default", "fp16_channels_last", "freeze_layers", "resample_filter")
LARGEST = 2**31  # whole number
HALVES = {"float16", "half", "bfloat16"}


class Testimony:
    """Keyword arguments and attributes of one network.

    Args:
        module: The network.
        where: Its role, for messages.
    """

    def __init__(self, module: TorchModule, where: str) -> None:
        self.modules = dict(module.walk())
        self.is_nested = "synthesis_kwargs" in module.keywords
        content = dict(module.keywords)
        for name in INNER:
            if isinstance(content.get(name), dict):
                content |= content.pop(name)
        self.said = Keywords(content, where)
        self.mapping = self.said.within("mapping_kwargs")

    def remembered(self, path: str, attribute: str, default: Any) -> Any:
        """An attribute of a layer; ``default`` if there is no such layer, or it has none."""
        return self.modules[path].attributes.get(attribute, default) if path in self.modules else default

    def optional(self, name: str, path: str, attribute: str, default: float | None) -> float | None:
        """A number that may be None: what a layer remembers, or else the keyword argument."""
        value = self.remembered(path, attribute, self.said.left.get(name, default))
        self.said.ignore(name)
        return None if value is None else self.real(name, 0, Keywords({name: value}, self.said.where))

    def real(self, name: str, default: float, keywords: Keywords | None = None) -> float:
        """A number, of these keyword arguments or of the network's."""
        return float((keywords or self.said).number(name, default))

    def integer(self, name: str, default: int) -> int:
        """A whole number of the network's, of a size that one can compute with."""
        value = self.said.integer(name, default)
        if abs(value) > LARGEST:
            raise ModelFileError(f"the file says that {name} of {self.said.where} is more than {LARGEST:,}")
        return value

    def halves(self, prefix: str) -> int:
        """Blocks directly under ``prefix`` that ran in half precision."""
        own = (m for path, m in self.modules.items() if path.startswith(prefix) and "." not in path[len(prefix) :])
        return sum(any(map(_says_half, m.attributes.items())) for m in own)

    def mapping_fields(self, default_rate: float = 0.01) -> dict[str, Any]:
        """The mapping network's rate, and a check that it has the one activation that there is."""
        self._only_lrelu(self.mapping)
        remembered = self.remembered("mapping.fc0", "bias_gain", default_rate)
        rate = self.real("bias_gain", default_rate, Keywords({"bias_gain": remembered}, self.said.where))
        return {"map_lr_multiplier": self.real("lr_multiplier", rate, self.mapping)}

    def block_fields(self, prefix: str) -> dict[str, Any]:
        """What all synthesis and discriminator blocks are made with."""
        self._only_lrelu(self.said)
        self.said.ignore(*WITHOUT_EFFECT)
        channels = {n: self.integer(n, 1) for n in ("channel_base", "channel_max") if self.said.has(n)}
        said = channels | {n: self.said.text(n, "skip") for n in ("architecture",) if self.said.has(n)}
        return said | {"num_fp16_res": self.integer("num_fp16_res", self.halves(prefix))}

    def agree(self, actual: dict[str, Any], *, within: Keywords | None = None) -> list[str]:
        """Take the keyword arguments that shapes tell too, and name those that contradict them."""
        keywords = within or self.said
        return contradictions(keywords.where, {name: keywords.left.pop(name, None) for name in actual}, actual)

    def rest(self) -> tuple[str, ...]:
        """A sentence on the keyword arguments that nobody took."""
        return (*self.said.notes(), *self.mapping.notes())

    @staticmethod
    def _only_lrelu(keywords: Keywords) -> None:
        activation = keywords.text("activation", "lrelu")
        if activation != "lrelu":
            said = printable(activation)
            raise ModelFileError(f"the activation of {keywords.where} is {said}, but only lrelu is known here")


def contradictions(where: str, told: Fields, actual: Fields) -> list[str]:
    """A sentence on everything that is told otherwise than it is; None tells nothing."""
    return [
        f"{where}: {name} is said to be {printable(str(said))}, but by the tensors it is {actual[name]}"
        for name, value in told.items()
        if (said := as_json(value)) is not None and said != as_json(actual[name])
    ]


def _says_half(attribute: tuple[Any, Any]) -> bool:
    match attribute:
        case "use_fp16", flag:
            return bool(flag)
        case _, Global(module="torch", name=name):
            return name in HALVES
    return False
