"""What is remembered of every tune that was read, so that families and leaks can be found without its text.

Half a kilobyte a tune: its melody and its written letters as bytes, a sketch and a picture of its 8-grams,
and hashes of its title and number. Indexes of parts of a corpus are made apart and joined. Sketches: Broder,
On the resemblance and containment of documents, 1997; pictures: Lee and others, Bitmap filter for set
similarity joins, 2017.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hf_abc.corpora.titles import is_generic, title_key
from hf_abc.corpora.windows import Pieces, Windows
from hf_abc.notation.keys import LETTERS
from hf_abc.notation.lexer import lex
from hf_abc.notation.melody import intervals, notes, split_pitch
from hf_abc.notation.tune import Tune, body, is_music

SHINGLE = 8
SKETCH = 16
NOTHING = np.uint64(2**64 - 1)  # fills the sketch of a tune with fewer than SKETCH 8-grams
_PICTURE = 512  # bits
_SETTINGS = ("thesession", "nottingham")  # there one number is one tune: settings of it, or editions


@dataclass(frozen=True, slots=True)
class Index:
    """Columns over tunes, in reading order."""

    melodies: Pieces
    letters: Pieces
    sketch: np.ndarray
    """The 16 smallest hashed 8-grams of a melody, rising (uint64, padded with NOTHING)."""
    picture: np.ndarray
    """512 bits in eight uint64, one or more of them set for each 8-gram."""
    grams: np.ndarray
    """How many different 8-grams a melody has (int32)."""
    title: np.ndarray
    """Hash of the title's words (uint64); 0 for a generic title."""
    number: np.ndarray
    """Hash of source and number (uint64), where tunes with one number may well be one; else 0."""
    setting: np.ndarray
    """The same, where the source says that they are one, in several settings; else 0."""

    def __len__(self) -> int:
        return len(self.grams)


def index(tunes: Sequence[Tune]) -> Index:
    """The index of some tunes; takes most of its time over reading their notes."""
    melodies = Pieces.of([melody_key(tune.text) for tune in tunes])
    sketch, picture, grams = _sketches(melodies)
    return Index(
        melodies,
        Pieces.of([letter_steps(tune.text) for tune in tunes]),
        sketch,
        picture,
        grams,
        _hashes(["" if is_generic(key := title_key(t.title)) else key for t in tunes]),
        _hashes(["" if t.source in _SETTINGS else _numbered(t.id) for t in tunes]),
        _hashes([_numbered(t.id) if t.source in _SETTINGS else "" for t in tunes]),
    )


def _numbered(id: str) -> str:
    """A tune's id without its setting, where it has one."""
    return id.rpartition(":")[0] if id.count(":") == 2 else ""


def to_arrays(found: Index) -> dict[str, np.ndarray]:
    """An index as plain arrays, for a file."""
    arrays: dict[str, np.ndarray] = {}
    for field in fields(found):
        value = getattr(found, field.name)
        if isinstance(value, Pieces):
            arrays[field.name] = value.joined
            arrays[f"{field.name}_lengths"] = value.lengths.astype(np.int32)
        else:
            arrays[field.name] = value
    return arrays


def from_arrays(column: Callable[[str], np.ndarray]) -> Index:
    """The index out of what `to_arrays` made, which `column` gives by name."""
    columns: dict[str, Any] = {
        field.name: Pieces.cut(column(field.name), column(f"{field.name}_lengths"))
        if field.type is Pieces
        else column(field.name)
        for field in fields(Index)
    }
    return Index(**columns)


def melody_key(text: str) -> bytes:
    """The intervals of a tune's melody, one byte each (0 semitones is 128)."""
    return bytes(min(max(step + 128, 0), 255) for step in intervals(notes(text)))


def letter_steps(text: str) -> bytes:
    """The steps between neighbouring written notes in letters (of a chord its highest), one byte each."""
    places: list[int] = []
    for line in filter(is_music, body(text).split("\n")):
        inside = 0  # notes of the chord that is open, counted from 1
        for kind, symbol in lex(line):
            if kind == "chord_open":
                inside = 1
            elif kind in ("chord_close", "bar"):
                inside = 0
            elif kind == "note":
                _, letter, octave = split_pitch(symbol)
                place = 7 * octave + LETTERS.index(letter)
                if inside > 1:
                    places[-1] = max(places[-1], place)
                else:
                    places.append(place)
                inside += inside > 0
    return bytes(min(max(b - a + 128, 0), 255) for a, b in zip(places, places[1:], strict=False))


def hash_of(text: str) -> int:
    """64 bits of a text; 0 is the empty one."""
    return (
        int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
        if text
        else 0
    )


def _hashes(texts: Sequence[str]) -> np.ndarray:
    return np.array([hash_of(text) for text in texts], dtype=np.uint64)


def _sketches(melodies: Pieces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count = len(melodies)
    grams = Windows(melodies, SHINGLE)
    hashes = grams.hashes(0, count) if count else np.zeros(0, dtype=np.uint64)
    owner = grams.owner(np.arange(len(grams)))
    order = np.lexsort((hashes, owner))
    hashes, owner = hashes[order], owner[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
    hashes, owner = hashes[new], owner[new]
    sizes = np.bincount(owner, minlength=count).astype(np.int32)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    sketch = np.full((count, SKETCH), NOTHING, dtype=np.uint64)
    least = rank < SKETCH
    sketch[owner[least], rank[least]] = hashes[least]
    picture = np.zeros((count, _PICTURE // 64), dtype=np.uint64)
    bit = hashes % np.uint64(_PICTURE)
    np.bitwise_or.at(
        picture, (owner, (bit // np.uint64(64)).astype(np.int64)), np.uint64(1) << bit % np.uint64(64)
    )
    return sketch, picture, sizes
