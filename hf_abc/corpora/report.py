"""What happened to the tunes of a corpus, in numbers: the content of report.json.

Nothing here depends on the clock or the machine, so that two builds of one recipe give the same bytes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hf_abc.abcmidi import BENIGN, Message, bars_right, compiles
from hf_abc.corpora.cleaning import Dropped
from hf_abc.corpora.split import SIDES, Side
from hf_abc.notation.tune import Tune

EXAMPLES = 3
_LENGTHS = re.compile(r"has ([\d/]+) time units while the time signature has ([\d/]+)( in repeat)?")


@dataclass(slots=True)
class StepCount:
    """How many tunes a step changed, which it dropped and why, with a few of each."""

    name: str
    does: str
    touched: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    changes: list[dict[str, str]] = field(default_factory=list)
    drops: list[dict[str, str]] = field(default_factory=list)

    def touch(self, before: Tune, after: Tune) -> None:
        self.touched += 1
        if len(self.changes) < EXAMPLES:
            self.changes.append({"id": after.id, **_first_change(before.text, after.text)})

    def drop(self, dropped: Dropped) -> None:
        self.dropped[dropped.reason] += 1
        if len(self.drops) < EXAMPLES:
            self.drops.append({"id": dropped.tune.id, "reason": dropped.reason})

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.name,
            "does": self.does,
            "touched": self.touched,
            "dropped": sum(self.dropped.values()),
            "reasons": dict(self.dropped.most_common()),
            "examples": {"touched": self.changes, "dropped": self.drops},
        }


def _first_change(before: str, after: str) -> dict[str, str]:
    """The first lines that differ, before and after."""
    old, new = before.splitlines(), after.splitlines()
    place = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    return {"before": "".join(old[place : place + 1]), "after": "".join(new[place : place + 1])}


def judged(messages: Sequence[Sequence[Message]]) -> dict[str, Any]:
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
        "errors": _sorted(errors),
        "wrong_bars": _sorted(wrong),
        "warnings": _sorted(warnings),
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


def statistics(tunes: Sequence[Tune]) -> dict[str, Any]:
    """Characters, lengths, keys, meters and rhythms of tunes."""
    lengths = sorted(len(tune.text) for tune in tunes) or [0]
    return {
        "tunes": len(tunes),
        "families": len({tune.family for tune in tunes}),
        "characters": sum(lengths),
        "length": {
            name: lengths[min(len(lengths) * share // 100, len(lengths) - 1)]
            for name, share in (("5 %", 5), ("median", 50), ("95 %", 95), ("longest", 100))
        },
        "same_text": len(tunes) - len({_music(tune) for tune in tunes}),
        "licences": _sorted(Counter(tune.licence for tune in tunes)),
        "keys": _sorted(Counter(tune.key for tune in tunes)),
        "meters": _sorted(Counter(tune.meter for tune in tunes)),
        "rhythms": _sorted(Counter(tune.rhythm for tune in tunes)),
    }


def _music(tune: Tune) -> str:
    return tune.text.partition("\nK:")[2]


def side_counts(tunes: Sequence[Tune], sides: Sequence[Side]) -> dict[str, dict[str, int]]:
    """Tunes, families and characters of each side."""
    counts: dict[str, dict[str, int]] = {}
    for side in SIDES:
        here = [tune for tune, own in zip(tunes, sides, strict=True) if own == side]
        families = len({tune.family for tune in here})
        counts[side] = {
            "tunes": len(here),
            "families": families,
            "characters": sum(len(t.text) for t in here),
        }
    return counts


def source_counts(read: Iterable[Tune], kept: Iterable[Tune]) -> dict[str, dict[str, int]]:
    """Tunes read and kept of each source."""
    first, last = Counter(tune.source for tune in read), Counter(tune.source for tune in kept)
    return {source: {"read": first[source], "kept": last[source]} for source in first}


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
