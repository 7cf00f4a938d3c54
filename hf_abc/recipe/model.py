"""The model that is trained."""

from dataclasses import dataclass

from .require import require


@dataclass(frozen=True)
class ModelRecipe:
    """The GPT-2 that is trained."""

    size: str = "1M"
    """A rung of the ladder in hf_abc/models/sizes.py."""
    n_positions: int = 512
    """Longest context in tokens; nothing longer is trained, evaluated or sampled."""
    sinusoidal_positions: bool = True
    """Start the position embeddings from sines instead of noise."""
    dropout: float = 0.0
    """Dropout everywhere; above 0 it halves the training speed on a CPU (measured)."""

    def __post_init__(self) -> None:
        require(self.n_positions > 0, "model.n_positions", self.n_positions, "give a positive number")
        require(0 <= self.dropout < 1, "model.dropout", self.dropout, "give a share from 0 to below 1")
