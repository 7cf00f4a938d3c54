"""A recipe: every choice of a run, as dataclasses.

Values come from three places, the later one wins: the defaults below, a YAML file, `--training.steps 10` on
the command line. A recipe is strict: an unknown key, a wrong type or an impossible value is refused by name.
The recipes of this repository lie in `recipes/` and are shipped inside the package as well.
"""

from .corpus import CorpusRecipe
from .evaluation import EvaluationRecipe
from .loading import load_recipe, load_study, recipe_path, shipped_recipes
from .model import ModelRecipe
from .quality import QualityRecipe
from .sampling import SamplingRecipe
from .study import FamilyRecipe, Study
from .tokenizer import TokenizerRecipe
from .training import TrainingRecipe
from .whole import Recipe

__all__ = [
    "CorpusRecipe",
    "EvaluationRecipe",
    "FamilyRecipe",
    "ModelRecipe",
    "QualityRecipe",
    "Recipe",
    "SamplingRecipe",
    "Study",
    "TokenizerRecipe",
    "TrainingRecipe",
    "load_recipe",
    "load_study",
    "recipe_path",
    "shipped_recipes",
]
