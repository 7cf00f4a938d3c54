"""A scaling study: which models are trained, on what, and how often.

A study is read as strictly as a recipe, and shares its sections: each of its runs is a `Recipe` that the
study's values, a size, a seed and a learning rate make (hf_abc/scaling/runs.py). With several tokenizers it
compares these at equal compute, on one size, in place of sizes.
"""

from dataclasses import dataclass, field, replace

from .corpus import CorpusRecipe
from .require import require
from .tokenizer import TokenizerRecipe
from .training import TrainingRecipe


@dataclass(frozen=True)
class FamilyRecipe:
    """The models of one family."""

    sizes: list[str] = field(default_factory=list)
    """Names of hf_abc/models/sizes.py, the smallest first; none leaves the family out."""
    sweep_sizes: list[str] = field(default_factory=list)
    """Sizes whose best learning rate is sought; the others' follow from these by a power of the width."""
    rates: list[float] = field(default_factory=list)
    """Learning rates that are tried, rising; one alone is taken for all sizes and nothing is tried."""


@dataclass(frozen=True)
class Study:
    """Every choice of a scaling study."""

    name: str = "study"
    """What the study is called in its report."""
    corpus: CorpusRecipe = field(default_factory=CorpusRecipe)
    tokenizers: list[TokenizerRecipe] = field(default_factory=lambda: [TokenizerRecipe(kind="char")])
    """One for a study of sizes, several for a comparison of tokenizers."""
    vocabulary: str = "openai-community/gpt2"
    """Hub id or folder of the vocabulary of a tokenizer of kind pretrained."""
    gpt2: FamilyRecipe = field(default_factory=FamilyRecipe)
    lstm: FamilyRecipe = field(default_factory=FamilyRecipe)
    training: TrainingRecipe = field(default_factory=lambda: TrainingRecipe(warmup_steps=20, transpose=False))
    """How each model is trained; its learning_rate is not used. With several tokenizers `steps` is the first
    one's, and the others get as many as cost as much."""
    seeds: list[int] = field(default_factory=lambda: [1, 2, 3])
    """Seeds of every size but the largest."""
    largest_seeds: list[int] = field(default_factory=lambda: [1])
    """Seeds of the largest size, which is predicted from the others before it is looked at."""
    sweep_share: float = 0.5
    """Length of the runs that seek the learning rate, as a share of training.steps."""
    branches: list[float] = field(default_factory=list)
    """Shorter runs of each size, as shares of training.steps, that start from a checkpoint of the first
    seed's."""
    samples: int = 100
    """Tunes that the first seed's model of each size writes to be judged; 0 for none."""
    least_steps: int = 900
    """Refuse a design whose runs of full length have fewer steps: they would compare how quickly sizes learn,
    not what they can hold."""

    def __post_init__(self) -> None:
        for name, family in self.families().items():
            _check(name, family, one_size=len(self.tokenizers) > 1)
        require(bool(self.families()), "gpt2.sizes", [], "name at least one size of gpt2 or lstm")
        require(bool(self.tokenizers), "tokenizers", self.tokenizers, "name at least one")
        for key in ("seeds", "largest_seeds"):
            seeds = getattr(self, key)
            require(bool(seeds) and len(set(seeds)) == len(seeds), key, seeds, "name different seeds")
        first = self.largest_seeds[0] == self.seeds[0]
        require(first, "largest_seeds", self.largest_seeds, f"begin with {self.seeds[0]}, as seeds does")
        require(0 < self.sweep_share <= 1, "sweep_share", self.sweep_share, "give a share above 0")
        require(self.samples >= 0, "samples", self.samples, "give 0 or more")
        enough = self.training.steps >= self.least_steps
        require(enough, "training.steps", self.training.steps, f"least_steps is {self.least_steps}")
        wsd = not self.branches or (self.training.schedule == "wsd" and self.training.warmup_steps > 0)
        require(wsd, "branches", self.branches, "set training.schedule to wsd and give training.warmup_steps")
        for share in self.branches:
            require(0 < share < 1, "branches", share, "give shares between 0 and 1")
            self.shortened(share)
        alone = len(self.tokenizers) == 1 or not self.branches
        require(alone, "branches", self.branches, "leave them out where tokenizers are compared")

    def families(self) -> dict[str, FamilyRecipe]:
        """The families that have sizes, by name."""
        return {name: one for name, one in (("gpt2", self.gpt2), ("lstm", self.lstm)) if one.sizes}

    def shortened(self, share: float) -> TrainingRecipe:
        """The training of a run of that share of the steps; RecipeError where it has no room to rise and
        fall.
        """
        return replace(self.training, steps=max(1, round(share * self.training.steps)), keep_steps=[])


def _check(name: str, family: FamilyRecipe, one_size: bool) -> None:
    sizes = family.sizes
    require(len(set(sizes)) == len(sizes), f"{name}.sizes", sizes, "name each size once")
    require(not one_size or len(sizes) == 1, f"{name}.sizes", sizes, "several tokenizers go with one size")
    rates = family.rates
    require(bool(rates) and min(rates) > 0, f"{name}.rates", rates, "give at least one rate above 0")
    require(sorted(set(rates)) == rates, f"{name}.rates", rates, "give rising rates")
    if len(rates) == 1:
        require(not family.sweep_sizes, f"{name}.sweep_sizes", family.sweep_sizes, "one rate needs no sweep")
        return
    require(len(rates) > 2, f"{name}.rates", rates, "give one rate, or at least three to compare")
    known = bool(family.sweep_sizes) and set(family.sweep_sizes) <= set(sizes)
    require(known, f"{name}.sweep_sizes", family.sweep_sizes, f"name some of {', '.join(sizes)}")
