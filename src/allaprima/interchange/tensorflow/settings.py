"""What a TensorFlow network was made with: its keyword arguments, those of its parts among them."""

from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.keywords import Keywords, as_json
from allaprima.interchange.records import printable
from allaprima.interchange.tensorflow.shape import SIZES
from allaprima.interchange.tf_network import TFNetwork

WITHOUT_EFFECT = (  # on the function that a trained network is
    "conditioning",
    "dlatent_avg_beta",
    "dlatent_broadcast",
    "dlatent_size",
    "freeze_layers",
    "fused_modconv",
    "label_fmaps",
    "label_size",
    "latent_size",
    "mapping_fmaps",
    "mapping_func",
    "mapping_layers",
    "num_channels",
    "randomize_noise",
    "structure",
    "style_mixing_prob",
    "synthesis_func",
    "truncation_cutoff",
    "truncation_cutoff_val",
    "truncation_psi",
    "truncation_psi_val",
    "use_noise",
    "w_avg_beta",
    *SIZES,
)
"""Known, and either told by the shapes of the variables or taken before: never named as unknown."""


def all_keywords(network: TFNetwork) -> dict[str, Any]:
    """Keyword arguments of a network and of its parts; its own count if they differ."""
    parts = {name: value for part in network.components.values() for name, value in part.keywords.items()}
    return {**parts, **network.keywords}


def keywords_of(network: TFNetwork, where: str) -> Keywords:
    """The same, to be taken one by one."""
    return Keywords(all_keywords(network), where)


def facts_of(network: TFNetwork, *, psi: float | None = None, cutoff: int | None = None) -> dict[str, Any]:
    """What has no place in a spec: the keyword arguments, and the truncation, by default that of the program."""
    said = all_keywords(network)
    facts = {"made_with": as_json(said), "format_version": network.version}
    for name, default in (("truncation_psi", psi), ("truncation_cutoff", cutoff)):
        value = as_json(said.get(name, default))
        if isinstance(value, int | float) and not isinstance(value, bool):
            facts[name] = value
    return facts


def rest(keywords: Keywords) -> tuple[str, ...]:
    """A sentence on keyword arguments that nobody took, and that may matter."""
    keywords.ignore(*WITHOUT_EFFECT)
    return keywords.notes()


def only(keywords: Keywords, **wanted: Any) -> None:
    """Refuse a network that was made with anything else: its function would be another than ours."""
    for name, value in wanted.items():
        said = keywords.left.pop(name, None)
        if said is not None and said != value:
            what = f"{name} of {keywords.where} is {printable(str(said))}"
            raise ModelFileError(f"the file says that {what}: ours has {value} and nothing else")


def average_beta(keywords: Keywords) -> float:
    """Share of itself that the average of w keeps; 1 if the file says None."""
    for name in ("dlatent_avg_beta", "w_avg_beta"):
        if name in keywords.left:
            return keywords.number(name, 1.0)
    return 0.995
