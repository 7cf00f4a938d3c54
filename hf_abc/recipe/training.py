"""How the model is trained."""

from dataclasses import dataclass
from typing import Literal

from .require import require


@dataclass(frozen=True)
class TrainingRecipe:
    """How the model is trained: AdamW, warm-up, constant rate, cooldown."""

    steps: int = 1200
    """Updates of the weights."""
    batch_tokens: int = 4096
    """Tokens in one update; a multiple of block_size."""
    block_size: int = 512
    """Tokens in one row; must not exceed model.n_positions."""
    learning_rate: float = 3e-3
    """Rate of the constant part of the schedule."""
    warmup: float = 0.02
    """Share of the steps in which the rate rises from 0."""
    decay: float = 0.3
    """Share of the steps, at the end, in which the rate falls to 0 as 1 - sqrt(progress)."""
    weight_decay: float = 0.1
    """AdamW's decay of the matrices."""
    adam_beta2: float = 0.99
    """AdamW's memory of squared gradients."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto is bf16 where the processor computes in it, else fp32."""
    transpose: bool = True
    """Show a tune in another key each time."""
    bar_clock: float = 0.0
    """Weight of an auxiliary loss: how full is the bar after each token? 0 leaves it out."""
    evaluate_every: int = 200
    """Steps between two looks at the validation side."""
    checkpoint_every: int = 100
    """Steps between two checkpoints, from which a stopped run goes on."""
    keep_checkpoints: int = 2
    """Number of checkpoints that are kept on disk."""

    def __post_init__(self) -> None:
        for name in (
            "steps",
            "batch_tokens",
            "block_size",
            "evaluate_every",
            "checkpoint_every",
            "keep_checkpoints",
        ):
            require(
                getattr(self, name) > 0, f"training.{name}", getattr(self, name), "give a positive number"
            )
        require(
            self.learning_rate > 0, "training.learning_rate", self.learning_rate, "give a positive number"
        )
        require(
            self.batch_tokens % self.block_size == 0,
            "training.batch_tokens",
            self.batch_tokens,
            f"give a multiple of training.block_size = {self.block_size}",
        )
        for name in ("warmup", "decay"):
            require(
                0 <= getattr(self, name) <= 1,
                f"training.{name}",
                getattr(self, name),
                "give a share of 0 to 1",
            )
        require(
            self.warmup + self.decay <= 1,
            "training.decay",
            self.decay,
            "warmup and decay must not exceed 1 together",
        )
        require(self.bar_clock >= 0, "training.bar_clock", self.bar_clock, "give 0 or a positive weight")
