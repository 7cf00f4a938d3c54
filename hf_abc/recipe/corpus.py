"""Which tunes, how they are cleaned, and how they are shared out."""

from dataclasses import dataclass, field

from .quality import QualityRecipe
from .require import require


@dataclass(frozen=True)
class CorpusRecipe:
    """Which tunes, how they are cleaned, and how they are shared out."""

    sources: list[str] = field(default_factory=lambda: ["oneills1850", "ryansMammoth", "airdsAirs"])
    """Collections of the music21 wheel by name, or `kind:place` (hf_abc/corpora/sources lists the kinds)."""
    acknowledge: list[str] = field(default_factory=list)
    """Kinds of sources whose licence forbids training and for which you have a permission of your own."""
    profile: str = "plain"
    """Name of a list of cleaning steps in hf_abc/corpora/cleaning."""
    quality: QualityRecipe = field(default_factory=QualityRecipe)
    """Which clean tunes are kept."""
    only_right_bars: bool = False
    """Leave out the tunes in which abc2midi finds an error or a bar of a wrong length."""
    validation: float = 0.05
    """Share of the families that goes to the validation side."""
    test: float = 0.05
    """Share of the families that goes to the test side."""

    def __post_init__(self) -> None:
        require(bool(self.sources), "corpus.sources", self.sources, "name at least one source")
        require(self.validation > 0, "corpus.validation", self.validation, "give a share above 0")
        require(self.test > 0, "corpus.test", self.test, "give a share above 0")
        require(self.validation + self.test < 1, "corpus.test", self.test, "leave some tunes for training")
