"""Every choice of a run."""

from dataclasses import dataclass, field

from .corpus import CorpusRecipe
from .evaluation import EvaluationRecipe
from .model import ModelRecipe
from .require import require
from .sampling import SamplingRecipe
from .tokenizer import TokenizerRecipe
from .training import TrainingRecipe


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run."""

    name: str = "default"
    """What the model is called in its card."""
    seed: int = 1
    """Seed of everything that is drawn: weights, order, keys, samples."""
    corpus: CorpusRecipe = field(default_factory=CorpusRecipe)
    tokenizer: TokenizerRecipe = field(default_factory=TokenizerRecipe)
    model: ModelRecipe = field(default_factory=ModelRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)
    evaluation: EvaluationRecipe = field(default_factory=EvaluationRecipe)
    sampling: SamplingRecipe = field(default_factory=SamplingRecipe)

    def __post_init__(self) -> None:
        require(
            self.training.block_size <= self.model.n_positions,
            "training.block_size",
            self.training.block_size,
            f"it must not exceed model.n_positions = {self.model.n_positions}",
        )
        require(
            bool(self.model.pretrained) or self.tokenizer.kind != "pretrained",
            "tokenizer.kind",
            self.tokenizer.kind,
            "name in model.pretrained the model whose tokens are meant",
        )
