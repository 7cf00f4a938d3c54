"""What happened to the tunes of a corpus, in numbers: the content of report.json.

Every count is made of a few hundred tunes at a time and added up in reading order (`add`), so that a report
does not depend on how the work was shared out, on the clock or on the machine.
"""

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from hf_abc.abcmidi import BENIGN, Message, bars_right, compiles
from hf_abc.corpora.index import hash_of
from hf_abc.notation.tune import Tune

EXAMPLES = 3
_KINDS = ("errors", "wrong_bars", "warnings")
_FIELDS = {"licences": "licence", "keys": "key", "meters": "meter", "rhythms": "rhythm"}
_LENGTHS = re.compile(r"has ([\d/]+) time units while the time signature has ([\d/]+)( in repeat)?")

Counts = dict[str, Any]
"""Counts by name: numbers, lists of examples, words, and such mappings again."""


def add(total: Counts, more: Mapping[str, Any]) -> None:
    """Add counts of later tunes: numbers are summed, the first few examples kept, words left as they are."""
    for name, value in more.items():
        if isinstance(value, dict):
            add(total.setdefault(name, {}), value)
        elif isinstance(value, list):
            total[name] = (total.get(name, []) + value)[:EXAMPLES]
        elif isinstance(value, int):
            total[name] = total.get(name, 0) + value
        else:
            total.setdefault(name, value)


class StepCount:
    """How many tunes a step changed, which it dropped and why, with a few of each."""

    def __init__(self, name: str, does: str) -> None:
        self.name = name
        self.counts: Counts = {
            "step": name,
            "does": does,
            "touched": 0,
            "dropped": 0,
            "reasons": {},
            "examples": {"touched": [], "dropped": []},
        }

    def touch(self, before: Tune, after: Tune) -> None:
        add(
            self.counts,
            {
                "touched": 1,
                "examples": {"touched": [{"id": after.id, **_first_change(before.text, after.text)}]},
            },
        )

    def drop(self, id: str, reason: str) -> None:
        more = {"dropped": 1, "reasons": {reason: 1}, "examples": {"dropped": [{"id": id, "reason": reason}]}}
        add(self.counts, more)


def _first_change(before: str, after: str) -> dict[str, str]:
    """The first lines that differ, before and after."""
    old, new = before.splitlines(), after.splitlines()
    place = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    return {"before": "".join(old[place : place + 1]), "after": "".join(new[place : place + 1])}


def in_order(counts: Counts) -> Counts:
    """Added-up counts with the most frequent kinds first; of a step, equal ones in reading order."""
    return {
        name: _by_frequency(value) if name == "reasons" else by_count(value) if name in _KINDS else value
        for name, value in counts.items()
    }


def _by_frequency(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def judged(messages: Sequence[Sequence[Message]]) -> Counts:
    """abc2midi's opinion of many tunes: how many have an error or a wrong bar, and of which kinds.

    Each tune counts once for a kind. The benign kinds are left out.
    """
    errors: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for found in messages:
        kinds = {(message.level, message.kind) for message in found if message.kind not in BENIGN}
        errors.update(kind for severity, kind in kinds if severity == "error")
        warnings.update(kind for severity, kind in kinds if severity == "warning" and kind != "bar-length")
        wrong.update({_wrong_bar(message) for message in found if message.kind == "bar-length"})
    return {
        "tunes": len(messages),
        "with_error": sum(not compiles(found) for found in messages),
        "with_error_in_the_music": sum(any(_hurts(message) for message in found) for found in messages),
        "with_wrong_bar": sum(not bars_right(found) for found in messages),
        "sound": sum(compiles(found) and bars_right(found) for found in messages),
        "errors": dict(errors),
        "wrong_bars": dict(wrong),
        "warnings": dict(warnings),
    }


def _hurts(message: Message) -> bool:
    """Whether a message is an error of the music, not of a chord name or of `R:hornpipe` in cut time."""
    return message.level == "error" and message.kind not in BENIGN | {"chord-symbol", "hornpipe-meter"}


def _wrong_bar(message: Message) -> str:
    """The kind of a wrong bar: too long or too short, and whether abc2midi met it at a repeat."""
    found = _LENGTHS.search(message.text)
    if found is None:
        return "other"
    kind = "too long" if Fraction(found[1]) > Fraction(found[2]) else "too short"
    return f"{kind} at a repeat" if found[3] else kind


class Tally:
    """Counts over the kept tunes of a corpus, or of a source in it."""

    def __init__(self) -> None:
        self.families: set[str] = set()
        self._lengths = array("q")
        self._music = array("Q")
        self._fields: dict[str, Counter[str]] = {name: Counter() for name in _FIELDS}

    def add(self, row: Mapping[str, str]) -> None:
        """Count a row of the corpus."""
        self.families.add(row["family"])
        self._lengths.append(len(row["text"]))
        self._music.append(hash_of(row["text"].partition("\nK:")[2]))
        for name, counts in self._fields.items():
            counts[row[_FIELDS[name]]] += 1

    def as_json(self) -> Counts:
        """Tunes, families, characters, tunes with the music of another letter by letter, and the fields."""
        lengths = np.sort(np.array(self._lengths or [0]))
        return {
            "tunes": len(self._lengths),
            "families": len(self.families),
            "characters": int(lengths.sum()),
            "length": {
                name: int(lengths[min(len(lengths) * share // 100, len(lengths) - 1)])
                for name, share in (("5 %", 5), ("median", 50), ("95 %", 95), ("longest", 100))
            },
            "histogram": _histogram(lengths),
            "same_text": len(self._music) - len(set(self._music)),
            **{name: by_count(counts) for name, counts in self._fields.items()},
        }


def _histogram(lengths: np.ndarray) -> Counts:
    """How many tunes have how many characters; each edge is a fourth more than the last."""
    last = int(np.ceil(np.log(max(int(lengths[-1]), 1)) / np.log(1.25)))
    edges = np.unique(np.round(1.25 ** np.arange(last + 2)))
    edges = edges[max(int(np.searchsorted(edges, lengths[0], side="right")) - 1, 0) :]
    return {"edges": edges.astype(int).tolist(), "tunes": np.histogram(lengths, edges)[0].tolist()}


def by_count(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
