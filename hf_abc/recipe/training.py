"""How the model is trained."""

from dataclasses import dataclass, field
from typing import Literal

from .require import require

_POSITIVE = (
    "steps",
    "batch_tokens",
    "block_size",
    "learning_rate",
    "evaluate_every",
    "checkpoint_every",
    "keep_checkpoints",
)
_NOT_NEGATIVE = (
    "micro_batch_tokens",
    "warmup_steps",
    "weight_decay",
    "beta2_half_life",
    "clip",
    "bar_clock",
    "samples",
    "patience",
    "stop_gap",
    "stop_copied",
)


@dataclass(frozen=True)
class TrainingRecipe:
    """How the model is trained: AdamW, warm-up, constant rate, cooldown."""

    steps: int = 1200
    """Updates of the weights."""
    batch_tokens: int = 4096
    """Tokens in one update, over all processes; a multiple of block_size."""
    micro_batch_tokens: int = 0
    """Tokens that one device works on at once, to save memory; 0 is its whole share of the batch."""
    block_size: int = 512
    """Tokens in one row; must not exceed model.n_positions."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """muon is Muon for the matrices inside the blocks and AdamW for the rest, at one rate."""
    learning_rate: float = 3e-3
    """Highest rate of the schedule."""
    schedule: Literal["wsd", "cosine"] = "wsd"
    """wsd stays at the highest rate and falls at the end; cosine falls from the end of the warm-up."""
    warmup: float = 0.02
    """Share of the steps in which the rate rises from 0."""
    warmup_steps: int = 0
    """The same as a number of steps; 0 leaves it to `warmup`."""
    decay: float = 0.3
    """wsd: share of the steps, at the end, in which the rate falls to 0 as 1 - sqrt(progress)."""
    weight_decay: float = 0.1
    """Decay of the matrices."""
    adam_beta2: float = 0.99
    """AdamW's memory of squared gradients."""
    beta2_half_life: int = 0
    """The same as the number of tokens after which half is forgotten; 0 leaves it to `adam_beta2`."""
    clip: float = 1.0
    """Largest norm of the gradient; 0 does not clip."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """auto is bf16 where the processor computes in it, else fp32; fp16 is for GPUs without bf16."""
    gradient_checkpointing: bool = False
    """Compute the insides of the blocks twice instead of keeping them: less memory, a third slower."""
    transpose: bool = True
    """Show a tune in another key each time."""
    bar_clock: float = 0.0
    """Weight of an auxiliary loss: how full is the bar after each token? 0 leaves it out."""
    evaluate_every: int = 200
    """Steps between two looks at the validation side."""
    samples: int = 0
    """Tunes that are written at each look, into samples/ of the run folder."""
    keep_best: bool = False
    """The model is that of the look with the fewest bits per character, not the last one."""
    patience: int = 0
    """Stop after so many looks without a better one; 0 never does."""
    stop_gap: float = 0.0
    """Stop when training tunes take so many bits per character less than held-out ones; 0 never does."""
    stop_copied: float = 0.0
    """Stop when more than this share of the samples copies 24 notes of a training tune; 0 never does."""
    checkpoint_every: int = 100
    """Steps between two checkpoints, from which a stopped run goes on."""
    keep_checkpoints: int = 2
    """Number of checkpoints that are kept on disk."""
    keep_steps: list[int] = field(default_factory=list)
    """Steps whose checkpoints are kept for good, for other runs to branch from."""
    tracker: Literal["none", "tensorboard", "trackio"] = "none"
    """Where the curves go besides run.json."""

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            self._require(getattr(self, name) > 0, name, "give a positive number")
        for name in _NOT_NEGATIVE:
            self._require(getattr(self, name) >= 0, name, "give 0 or a positive number")
        for name in ("batch_tokens", "micro_batch_tokens"):
            self._require(
                getattr(self, name) % self.block_size == 0,
                name,
                f"give a multiple of training.block_size = {self.block_size}",
            )
        for name in ("warmup", "decay", "stop_copied"):
            self._require(0 <= getattr(self, name) <= 1, name, "give a share of 0 to 1")
        self._require(0 < self.adam_beta2 < 1, "adam_beta2", "give a number between 0 and 1")
        self._require(self.warmup_steps < self.steps, "warmup_steps", "leave some steps for training")
        rising = self.warmup_steps / self.steps if self.warmup_steps else self.warmup
        self._require(
            self.schedule == "cosine" or rising + self.decay <= 1,
            "decay",
            "warmup and decay must not exceed 1 together",
        )
        self._require(
            all(0 < step <= self.steps for step in self.keep_steps), "keep_steps", "name steps of the run"
        )
        self._require(
            not self.stop_copied or self.samples > 0,
            "stop_copied",
            "set training.samples too, as samples are what is looked at",
        )

    def _require(self, condition: bool, name: str, advice: str) -> None:
        require(condition, f"training.{name}", getattr(self, name), advice)
