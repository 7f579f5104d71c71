"""Names of metrics: every published one is read, any count, and what is no name is said to be none."""

import pytest

from allaprima.errors import ConfigError
from allaprima.metrics.names import OWN, PUBLISHED, Metric, parse_metric


@pytest.mark.parametrize("name", [*PUBLISHED, *OWN])
def test_every_name_is_read(name: str) -> None:
    assert parse_metric(name).name == name


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("fid50k_full", Metric(name="", kind="frechet", count=50_000, detector="inception", full=True)),
        ("fid50k", Metric(name="", kind="frechet", count=50_000, detector="inception", full=False)),
        ("fid2500_full", Metric(name="", kind="frechet", count=2500, detector="inception", full=True)),
        ("kid5k_full", Metric(name="", kind="kernel", count=5000, detector="inception", full=True)),
        ("kid5k_own", Metric(name="", kind="kernel", count=5000, detector="own", full=True)),
        ("pr50k3_full", Metric(name="", kind="precision_recall", count=50_000, detector="vgg16", full=True)),
        ("pr50k3", Metric(name="", kind="precision_recall", count=50_000, detector="vgg16", full=False)),
        ("pr5k_own", Metric(name="", kind="precision_recall", count=5000, detector="own", full=True)),
        ("fd50k_dinov2", Metric(name="", kind="frechet", count=50_000, detector="dinov2", full=True)),
        ("density_coverage5k_own", Metric(name="", kind="density_coverage", count=5000, detector="own", full=True)),
        ("copies10k_own", Metric(name="", kind="memorisation", count=10_000, detector="own", full=True)),
        ("is50k", Metric(name="", kind="inception_score", count=50_000, detector="inception", full=True)),
        ("swd8k", Metric(name="", kind="swd", count=8000)),
        ("msssim20k", Metric(name="", kind="ms_ssim", count=20_000)),
        ("spectra10k", Metric(name="", kind="spectra", count=10_000)),
        ("ppl2_wend", Metric(name="", kind="path_length", count=50_000, variant="2_wend")),
        ("ppl2_1k_wend", Metric(name="", kind="path_length", count=1000, variant="2_wend")),
        ("ppl_zfull", Metric(name="", kind="path_length", count=50_000, variant="_zfull")),
        ("eqt50k_int", Metric(name="", kind="equivariance", count=50_000, variant="eqt_int")),
        ("eqt100_frac", Metric(name="", kind="equivariance", count=100, variant="eqt_frac")),
        ("eqr50k", Metric(name="", kind="equivariance", count=50_000, variant="eqr")),
    ],
)
def test_what_names_mean(name: str, wanted: Metric) -> None:
    got = parse_metric(name)
    assert (got.kind, got.count, got.detector, got.full, got.variant) == (
        wanted.kind,
        wanted.count,
        wanted.detector,
        wanted.full,
        wanted.variant,
    )


@pytest.mark.parametrize(
    "name",
    ["", "fid", "fid50k_half", "eqt50k", "eqr50k_int", "ppl2_zfull", "fid50k3", "kid5k3_own", "FID50k", "is5k_own"],
)
def test_what_is_no_name_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no metric"):
        parse_metric(name)


def test_only_fid_is_called_fid() -> None:
    with pytest.raises(ConfigError, match="write fd5k_own"):
        parse_metric("fid5k_own")
    with pytest.raises(ConfigError, match="fd5k_own or fd5k_dinov2"):
        parse_metric("fd5k")


def test_one_image_is_too_few() -> None:
    with pytest.raises(ConfigError, match="at least 2"):
        parse_metric("fid1_full")
