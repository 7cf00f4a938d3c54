"""What the scorecard looks at."""

from dataclasses import dataclass

from .require import require


@dataclass(frozen=True)
class EvaluationRecipe:
    """What the scorecard looks at."""

    samples: int = 200
    """Tunes that are sampled, without any guard, to be judged."""
    batch_size: int = 32
    """Tunes that are scored or sampled at once."""

    def __post_init__(self) -> None:
        require(self.samples > 0, "evaluation.samples", self.samples, "give a positive number")
        require(self.batch_size > 0, "evaluation.batch_size", self.batch_size, "give a positive number")
