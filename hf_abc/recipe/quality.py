"""Which tunes are good enough to learn from."""

from dataclasses import dataclass, field

from .require import require


@dataclass(frozen=True)
class QualityRecipe:
    """Which tunes are good enough to learn from, judged after cleaning. The defaults let every tune pass."""

    shortest: int = 0
    """Fewest characters of a tune."""
    longest: int = 0
    """Most characters of a tune; 0 for no limit."""
    level: int = 0
    """Lowest level of `hf-abc check`, 0 to 7; 1 is readable, 3 has no error, 5 has all its bars right."""
    most_rest: float = 1.0
    """Largest share of a tune's time that may be rest."""
    loops: bool = True
    """Keep tunes in which the same one to eight bars stand four or more times in a row."""
    gzip: list[float] = field(default_factory=lambda: [0.0, 100.0])
    """Lowest and highest size of the packed music, as a share of its characters: below 0.15 a machine repeats
    itself, above 1 there is nothing to learn from."""

    def __post_init__(self) -> None:
        key = "corpus.quality"
        require(self.shortest >= 0, f"{key}.shortest", self.shortest, "give 0 or more characters")
        most = self.longest == 0 or self.longest >= max(self.shortest, 1)
        require(most, f"{key}.longest", self.longest, "give 0 for no limit, or no less than shortest")
        require(0 <= self.level <= 7, f"{key}.level", self.level, "give a level from 0 to 7")
        require(0 <= self.most_rest <= 1, f"{key}.most_rest", self.most_rest, "give a share from 0 to 1")
        band = len(self.gzip) == 2 and 0 <= self.gzip[0] < self.gzip[1]
        require(band, f"{key}.gzip", self.gzip, "give two shares, the lower one first, as [0.15, 1]")
