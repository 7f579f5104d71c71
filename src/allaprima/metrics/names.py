"""Published names of metrics, read: ``fid50k_full`` is the Fréchet Inception distance of 50,000 fakes from all reals.

The count may be any: ``fid5k_full``, ``kid2500``. Behind it stand

    _full        all reals as they are; without it as many as fakes, mirrored ones too if the data set is: the old way
    _own         features of a small network trained on the data set itself, see `allaprima.metrics.own_features`
    _dinov2      features of DINOv2
    _inception   features of Inception, where a metric's usual ones are others
    _vgg16       features of VGG-16, likewise

With ``_own`` and ``_dinov2`` all reals are taken. FID is the name of one thing only: ``fd5k_own``, ``fd50k_dinov2``.
"""

import re
from dataclasses import dataclass
from typing import Literal

from allaprima.errors import ConfigError
from allaprima.metrics.path_length import VARIANTS

Kind = Literal[
    "frechet",
    "kernel",
    "precision_recall",
    "density_coverage",
    "memorisation",
    "inception_score",
    "path_length",
    "equivariance",
    "swd",
    "ms_ssim",
    "spectra",
]

DETECTORS = ("inception", "vgg16", "dinov2", "own")

PUBLISHED = (
    "fid50k_full",
    "fid50k",
    "kid50k_full",
    "kid50k",
    "pr50k3_full",
    "pr50k3",
    "is50k",
    "ppl2_wend",
    "ppl_zfull",
    "ppl_wfull",
    "ppl_zend",
    "ppl_wend",
    "eqt50k_int",
    "eqt50k_frac",
    "eqr50k",
)
"""Names of the papers' programs."""

OWN = ("fd5k_own", "kid5k_own", "pr5k3_own", "density_coverage5k_own", "copies5k_own", "swd8k", "msssim5k", "spectra5k")
"""Names of what needs no file from elsewhere."""

FEATURE = re.compile(
    r"(?P<kind>fid|fd|kid|pr|density_coverage|copies)(?P<count>\d+k?)(?P<k>(?<=k)3)?"
    r"(?:_(?P<detector>own|dinov2|inception|vgg16))?(?P<full>_full)?"
)
PIXEL = re.compile(r"(?P<kind>is|swd|msssim|spectra)(?P<count>\d+k?)")
MOTION = re.compile(r"(?P<kind>eqt|eqr)(?P<count>\d+k?)(?:_(?P<how>int|frac))?")
PATH = re.compile(r"ppl(?P<two>2?)(?:_(?P<count>\d+k?))?_(?P<where>zfull|wfull|zend|wend)")

USUAL = {"fid": "inception", "kid": "inception", "pr": "vgg16", "density_coverage": "vgg16", "copies": "vgg16"}
KINDS: dict[str, Kind] = {
    "fid": "frechet",
    "fd": "frechet",
    "kid": "kernel",
    "pr": "precision_recall",
    "density_coverage": "density_coverage",
    "copies": "memorisation",
    "is": "inception_score",
    "swd": "swd",
    "msssim": "ms_ssim",
    "spectra": "spectra",
}
PATH_COUNT = 50_000
HIGHER: tuple[Kind, ...] = ("precision_recall", "density_coverage", "inception_score", "equivariance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a name means.

    Attributes:
        name: As it was written.
        kind: What is computed.
        count: Fakes that are painted; pairs of them for a path length.
        detector: Whose features are compared: one of `DETECTORS`; None where images themselves are.
        full: Whether all reals are taken, unmirrored.
        variant: Of a path length (a key of `VARIANTS`) or of an equivariance (``eqt_int``, ``eqt_frac``, ``eqr``).
    """

    name: str
    kind: Kind
    count: int
    detector: str | None = None
    full: bool = True
    variant: str = ""

    @property
    def is_higher_better(self) -> bool:
        """Whether a model that is better has a larger number; of distances it is the smaller one."""
        return self.kind in HIGHER


def parse_metric(name: str) -> Metric:
    """Read a name. Raises `ConfigError`, which says what names there are."""
    for pattern, make in ((FEATURE, _of_features), (PIXEL, _of_pixels), (MOTION, _of_motion), (PATH, _of_path)):
        match = pattern.fullmatch(name)
        metric = None if match is None else make(name, match.groupdict())
        if metric is not None:
            if metric.count < 2:
                raise ConfigError(f"{name} is about {metric.count} images: it must be at least 2")
            return metric
    raise ConfigError(
        f"there is no metric {name!r}: there are {', '.join(PUBLISHED)}, and without any file from elsewhere "
        f"{', '.join(OWN)}; with any other number of images, too"
    )


def count_of(text: str) -> int:
    """50k is 50,000."""
    return int(text.removesuffix("k")) * (1000 if text.endswith("k") else 1)


def _of_features(name: str, parts: dict[str, str]) -> Metric | None:
    kind = parts["kind"]
    detector = parts["detector"] or USUAL.get(kind)
    if parts["k"] and kind != "pr":
        return None
    if kind == "fid" and detector != "inception":
        raise ConfigError(f"{name} is no FID, which is of Inception's features alone: write fd{name[3:]}")
    if detector is None:
        raise ConfigError(f"{name} does not say whose features: write {name}_own or {name}_dinov2, or fid{name[2:]}")
    is_old = kind in ("fid", "kid", "pr") and detector in ("inception", "vgg16")
    full = bool(parts["full"]) or not is_old
    return Metric(name=name, kind=KINDS[kind], count=count_of(parts["count"]), detector=detector, full=full)


def _of_pixels(name: str, parts: dict[str, str]) -> Metric:
    detector = "inception" if parts["kind"] == "is" else None
    return Metric(name=name, kind=KINDS[parts["kind"]], count=count_of(parts["count"]), detector=detector)


def _of_motion(name: str, parts: dict[str, str]) -> Metric | None:
    if (parts["kind"] == "eqt") != bool(parts["how"]):
        return None
    variant = f"eqt_{parts['how']}" if parts["how"] else "eqr"
    return Metric(name=name, kind="equivariance", count=count_of(parts["count"]), variant=variant)


def _of_path(name: str, parts: dict[str, str]) -> Metric | None:
    variant = f"{parts['two']}_{parts['where']}"
    if variant not in VARIANTS:
        return None
    count = PATH_COUNT if parts["count"] is None else count_of(parts["count"])
    return Metric(name=name, kind="path_length", count=count, variant=variant)
