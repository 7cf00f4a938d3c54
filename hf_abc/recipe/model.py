"""The model that is trained."""

from dataclasses import dataclass
from typing import Literal

from .require import require


@dataclass(frozen=True)
class ModelRecipe:
    """The model that is trained, from nothing or from one that others have trained."""

    family: Literal["gpt2", "lstm"] = "gpt2"
    """GPT-2, or the LSTM that carries its state along each tune."""
    size: str = "1M"
    """A rung of the family's ladder in hf_abc/models/sizes.py."""
    pretrained: str = ""
    """Hub id or folder of a causal language model to train further; its family and shape are its own."""
    random_weights: bool = False
    """Take only the shape of `pretrained` and draw its weights anew: the control of a transfer."""
    n_positions: int = 512
    """Longest context in tokens; nothing longer is trained, evaluated or sampled. An LSTM has none, and takes
    it for the longest tune that `generate` writes unasked. A pretrained GPT-2's positions are
    interpolated."""
    sinusoidal_positions: bool = True
    """Start the position embeddings of a fresh GPT-2 from sines instead of noise."""
    dropout: float = 0.0
    """Dropout everywhere; above 0 it halves the training speed on a CPU (measured)."""

    def __post_init__(self) -> None:
        require(self.n_positions > 0, "model.n_positions", self.n_positions, "give a positive number")
        require(0 <= self.dropout < 1, "model.dropout", self.dropout, "give a share from 0 to below 1")
        require(
            bool(self.pretrained) or not self.random_weights,
            "model.random_weights",
            self.random_weights,
            "name in model.pretrained the model whose shape is meant",
        )
