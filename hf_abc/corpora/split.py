"""Which side of the split a family goes to: decided by a hash of its name alone.

Adding families never moves an old one, and two corpora from the same sources agree whatever their filters
dropped. The shares are met only on average, which is the price.
"""

from hashlib import sha256
from typing import Literal

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")


def side(family: str, *, validation: float, test: float) -> Side:
    """The side of a family, for shares between 0 and 1."""
    place = int.from_bytes(sha256(f"side of {family}".encode()).digest()[:8], "big") / 2**64
    if place < test:
        return "test"
    return "validation" if place < test + validation else "train"
