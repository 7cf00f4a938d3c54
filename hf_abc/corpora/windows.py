"""All windows of many byte strings as 64-bit numbers: how melodies are compared by the hundred thousand.

The strings lie one behind the other in one array (`Pieces`); `Windows` hashes every stretch of some length
inside a string. A window costs 8 bytes while it is looked at and nothing while it is not: callers walk over
blocks of a million or so. Equal windows have equal numbers; that different ones have is as likely as a
collision of 64 bits, and where a wrong link would follow the bytes are compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_BLOCK = 1_000_000  # windows that are hashed at once: about 60 MB


@dataclass(frozen=True)
class Pieces:
    """Byte strings, joined: string number `i` is `joined[starts[i] : starts[i + 1]]`."""

    joined: np.ndarray  # uint8
    starts: np.ndarray  # int64, one more than there are strings

    @classmethod
    def of(cls, strings: Sequence[bytes]) -> "Pieces":
        lengths = np.array([len(string) for string in strings], dtype=np.int64)
        return cls.cut(np.frombuffer(b"".join(strings), dtype=np.uint8), lengths)

    @classmethod
    def cut(cls, joined: np.ndarray, lengths: np.ndarray) -> "Pieces":
        """Strings of these lengths out of one array."""
        return cls(joined, np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> bytes:
        return self.joined[self.starts[number] : self.starts[number + 1]].tobytes()

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.starts)


@dataclass(frozen=True)
class Windows:
    """The windows of `size` bytes of all pieces, numbered through in order."""

    pieces: Pieces
    size: int

    @cached_property
    def starts(self) -> np.ndarray:
        """The number of each piece's first window; one more than there are pieces."""
        counts = np.maximum(self.pieces.lengths - self.size + 1, 0)
        return np.concatenate(([0], np.cumsum(counts)))

    def __len__(self) -> int:
        return int(self.starts[-1])

    def owner(self, numbers: np.ndarray) -> np.ndarray:
        """The pieces that windows belong to."""
        return np.searchsorted(self.starts, numbers, side="right") - 1

    def place(self, numbers: np.ndarray) -> np.ndarray:
        """Where windows begin in the joined array."""
        owner = self.owner(numbers)
        return numbers - self.starts[owner] + self.pieces.starts[owner]

    def text(self, numbers: np.ndarray) -> np.ndarray:
        """The bytes of windows, one row each."""
        return self.pieces.joined[self.place(numbers)[:, None] + np.arange(self.size)]

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Ranges of pieces that have about a million windows each (one long piece may have more)."""
        first = 0
        while first < len(self.pieces):
            last = int(np.searchsorted(self.starts, self.starts[first] + _BLOCK, side="right")) - 1
            last = max(min(last, len(self.pieces)), first + 1)
            yield first, last
            first = last

    def hashes(self, first: int, last: int) -> np.ndarray:
        """The numbers of all windows of the pieces from `first` to before `last`, in order.

        A polynomial modulo 2^64 (for 8 bytes it is one to one), then mixed.
        """
        start, end = self.pieces.starts[first], self.pieces.starts[last]
        letters = self.pieces.joined[start:end].astype(np.uint64)
        count = max(len(letters) - self.size + 1, 0)
        factor = np.uint64(0x9E3779B97F4A7C15 if self.size > 8 else 256)
        found = np.zeros(count, dtype=np.uint64)
        for offset in range(self.size if count else 0):
            found *= factor
            found += letters[offset : offset + count]
        inside = np.zeros(len(letters) + 1, dtype=np.int32)  # +1 where a piece's windows begin, -1 behind
        heads, tails = (
            self.pieces.starts[first:last] - start,
            self.pieces.starts[first + 1 : last + 1] - start,
        )
        long = tails - heads >= self.size
        inside[heads[long]] += 1
        inside[tails[long] - self.size + 1] -= 1
        return mix(found[np.cumsum(inside[:count]) > 0])


def edges(values: np.ndarray) -> np.ndarray:
    """Where stretches of equal values begin, and at last the end; for no values one empty stretch."""
    return np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1, [len(values)]))


def mix(values: np.ndarray) -> np.ndarray:
    """Spread 64-bit numbers evenly (the finaliser of splitmix64), so that the smallest are a fair sample."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
