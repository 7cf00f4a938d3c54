"""How text becomes tokens."""

from dataclasses import dataclass
from typing import Literal

from .require import require


@dataclass(frozen=True)
class TokenizerRecipe:
    """How text becomes tokens."""

    kind: Literal["bpe", "char", "folk-rnn", "pretrained"] = "bpe"
    """Byte-level BPE, one token for each character, folk-RNN's tokens, or those of `model.pretrained`."""
    vocab_size: int = 1024
    """Number of tokens of a BPE, special ones included."""
    boundary: Literal["newline", "bar", "beat", "note"] = "newline"
    """What no merge of a BPE crosses."""

    def __post_init__(self) -> None:
        require(
            self.vocab_size >= 257, "tokenizer.vocab_size", self.vocab_size, "give at least 257 (the bytes)"
        )
