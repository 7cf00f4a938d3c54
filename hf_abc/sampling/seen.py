"""What a model has seen in its training: which rhythms, meters, unit lengths and keys stood together in how
many tunes. A wish beyond that is granted, with a warning that names what is nearest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_abc.record import Record

LETTERS = "RMLK"
NAMES = {"R": "rhythm", "M": "meter", "L": "unit length", "K": "key"}
_MOST = 500
_NEAR = 4

Heads = Mapping[tuple[str, str, str, str], int]
"""How many tunes had this rhythm, meter, unit length and key."""


def seen_heads(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The heads of a corpus' rows (`reel;C|;1/8;G`) with their numbers, the most frequent first, for a
    run.json.
    """
    counts = Counter(
        (str(row["rhythm"]), str(row["meter"]), str(row["unit_length"]), str(row["key"])) for row in rows
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {";".join(field.replace(";", ",") for field in head): n for head, n in ordered[:_MOST]}


def heads_of(folder: Path) -> Heads | None:
    """What the model of a run folder has seen, from its run.json; None where that does not say."""
    corpus = Record(folder).get("corpus") or {}
    heads = corpus.get("heads") if isinstance(corpus, dict) else None
    if not heads:
        return None
    found: dict[tuple[str, str, str, str], int] = {}
    for head, count in heads.items():
        rhythm, meter, unit, key = head.split(";")
        found[rhythm, meter, unit, key] = int(count)
    return found


def unseen(wish: Mapping[str, str], heads: Heads) -> str:
    """A sentence where no tune of the training had all that is wished ("" where one had), with the nearest
    that some had: for each wished field, what goes with the others.
    """
    wanted = {letter: wish[letter] for letter in LETTERS if letter in wish}
    if not wanted or _count(wanted, heads):
        return ""
    words = " with ".join(f"{NAMES[letter]} {value}" for letter, value in wanted.items())
    alone = [letter for letter, value in wanted.items() if not _count({letter: value}, heads)]
    near = []
    for letter in alone or wanted:
        others = {other: value for other, value in wanted.items() if other not in (alone or [letter])}
        found = _values(letter, others, heads)
        if found:
            near.append(f"{NAMES[letter]} {' or '.join(found)}")
    return (
        f"the model has seen no tune with {words}; near it has seen {', '.join(near)}"
        if near
        else (f"the model has seen no tune with {words}")
    )


def _count(wanted: Mapping[str, str], heads: Heads) -> int:
    return sum(
        count
        for head, count in heads.items()
        if all(head[LETTERS.index(letter)] == value for letter, value in wanted.items())
    )


def _values(letter: str, others: Mapping[str, str], heads: Heads) -> Sequence[str]:
    """The most frequent values of a field among heads with the `others`."""
    found: Counter[str] = Counter()
    for head, count in heads.items():
        if all(head[LETTERS.index(other)] == value for other, value in others.items()):
            found[head[LETTERS.index(letter)]] += count
    return [value for value, _ in found.most_common(_NEAR) if value]
