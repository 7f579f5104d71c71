"""How good are generated images? Distances between sets of images, by their published names and by themselves."""

from allaprima.metrics.evaluation import evaluate as evaluate
from allaprima.metrics.modes import ModeCoverage as ModeCoverage
from allaprima.metrics.modes import mode_coverage as mode_coverage
from allaprima.metrics.names import OWN as OWN
from allaprima.metrics.names import PUBLISHED as PUBLISHED
from allaprima.metrics.names import Metric as Metric
from allaprima.metrics.names import parse_metric as parse_metric
from allaprima.metrics.pairs_sheet import pairs_sheet as pairs_sheet
from allaprima.metrics.result import Result as Result
from allaprima.metrics.sliced_wasserstein import SlicedWasserstein as SlicedWasserstein
from allaprima.metrics.sliced_wasserstein import sliced_wasserstein as sliced_wasserstein
