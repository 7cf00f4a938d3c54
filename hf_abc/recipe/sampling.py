"""How tunes are drawn."""

from dataclasses import dataclass

from .require import require


@dataclass(frozen=True)
class SamplingRecipe:
    """How the tunes to look at and listen to are drawn."""

    count: int = 10
    """Number of tunes."""
    temperature: float = 1.0
    """1 is the model's own distribution, below 1 is more cautious."""
    min_p: float = 0.0
    """Drop tokens less likely than this share of the likeliest one; 0 drops none."""
    max_new_tokens: int = 500
    """Longest tune, in tokens."""

    def __post_init__(self) -> None:
        require(self.count > 0, "sampling.count", self.count, "give a positive number")
        require(self.temperature > 0, "sampling.temperature", self.temperature, "give a positive number")
        require(0 <= self.min_p < 1, "sampling.min_p", self.min_p, "give a share from 0 to below 1")
        require(
            self.max_new_tokens > 0, "sampling.max_new_tokens", self.max_new_tokens, "give a positive number"
        )
