"""From images to a model: recipes, one iteration, the loop, exact resume."""

from allaprima.training.fields import with_overrides as with_overrides
from allaprima.training.loop import fit as fit
from allaprima.training.loop import is_finished as is_finished
from allaprima.training.recipe import Recipe as Recipe
from allaprima.training.recipes import RECIPES as RECIPES
from allaprima.training.report import Report as Report
from allaprima.training.session import Session as Session
from allaprima.training.session import decide_for as decide_for
from allaprima.training.session import open_session as open_session
from allaprima.training.session import recipe_of as recipe_of
