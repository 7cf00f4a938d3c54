"""Music: how far sampled tunes are from human ones in what a musician hears, beside how far human ones are
apart.

What is counted (the measures follow Yang and Lerch, On the evaluation of generative models in music, 2020,
and Sturm and Ben-Tal, Taking the models back to music practice, 2017):

* ``pitch_classes``  of all notes, in semitones above the tonic (tunes without a tonic are left out)
* ``intervals``      semitones between neighbouring notes, wider than an octave counted as 13
* ``durations``      of notes, as shares of a whole note
* ``bar_rhythms``    the durations in a bar in their order, rests included
* ``range``          semitones from the lowest to the highest note
* ``notes``, ``bars``  the length of a tune as written
* ``repeated_bars``  share of bars that were heard before in the tune
* ``in_key``         share of notes that the key signature holds
* ``compression``    bytes of the music behind zlib, as share of those before it: low where music repeats
* ``tonic_end``      the last note is the tonic
* ``aabb``           the form is AABB (`notation.form`)

Distributions are compared by the Jensen-Shannon divergence in bits (0 the same, 1 nothing in common),
numbers by the Wasserstein distance in standard deviations of the human tunes, shares by their difference.
Every distance has a floor: the same distance between the held-out human tunes and as many other human
tunes, drawn several times. A distance inside the floor says that so many tunes cannot tell the two apart;
it does not say that they are equal.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hf_abc.notation.form import form
from hf_abc.notation.keys import NATURAL, Key, parse_key
from hf_abc.notation.melody import bar_texts, first_voice, notes
from hf_abc.notation.meter import WHOLE
from hf_abc.notation.reader import TIMED
from hf_abc.notation.tune import body, header_fields

DISTRIBUTIONS = ("pitch_classes", "intervals", "durations", "bar_rhythms")
NUMBERS = ("range", "notes", "bars", "repeated_bars", "in_key", "compression")
SHARES = ("tonic_end", "aabb")
_DRAWS = 20


@dataclass(frozen=True, slots=True)
class Features:
    """What is counted of one tune; None where it has nothing to count."""

    counts: Mapping[str, Counter[Any]]
    numbers: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far samples are from held-out human tunes.

    `sampled` and `human` are the means (None for distributions); `floor` is the mean and `floor_high` the
    largest of the distances between human tunes.
    """

    value: float | None
    floor: float | None
    floor_high: float | None
    sampled: float | None = None
    human: float | None = None

    @property
    def beyond(self) -> bool:
        """Whether the samples are farther from human tunes than human tunes were from each other in every
        draw.
        """
        return self.value is not None and self.floor_high is not None and self.value > self.floor_high


def features(text: str) -> Features:
    """Count one tune."""
    melody = notes(text)
    pitches = [note.pitch for note in melody]
    key = parse_key(header_fields(text).get("K", [""])[0])
    tonic = key.pitch_class if key is not None and key.tonic else None
    steps = [min(abs(b - a), 13) * (1 if b >= a else -1) for a, b in zip(pitches, pitches[1:], strict=False)]
    texts = bar_texts(text)
    music = body(text).encode("utf-8", "replace")
    scale = _scale(key) if key is not None and key.tonic else None
    return Features(
        {
            "pitch_classes": Counter()
            if tonic is None
            else Counter((pitch - tonic) % 12 for pitch in pitches),
            "intervals": Counter(steps),
            "durations": Counter(note.ticks / WHOLE for note in melody),
            "bar_rhythms": Counter(_bar_rhythms(text)),
        },
        {
            "range": float(max(pitches) - min(pitches)) if pitches else None,
            "notes": float(len(pitches)),
            "bars": float(len(texts)),
            "repeated_bars": 1 - len(set(texts)) / len(texts) if texts else None,
            "in_key": None
            if scale is None or not pitches
            else float(np.isin(np.mod(pitches, 12), scale).mean()),
            "compression": len(zlib.compress(music, 9)) / len(music) if music else None,
            "tonic_end": None if tonic is None or not pitches else float(pitches[-1] % 12 == tonic),
            "aabb": float(form(text) == "AABB"),
        },
    )


def distances(
    sampled: Sequence[Features], human: Sequence[Features], others: Sequence[Features], *, seed: int = 0
) -> dict[str, Distance]:
    """The distance of every measure between samples and held-out human tunes.

    `others` are further human tunes, from which as many as there are samples are drawn for the floor (all of
    them where they are fewer). Empty sequences give distances of None.
    """
    generator = np.random.default_rng(seed)
    size = min(len(sampled), len(others))
    draws = [
        [others[i] for i in generator.choice(len(others), size, replace=False)]
        for _ in range(_DRAWS if size else 0)
    ]
    found = {}
    for name in (*DISTRIBUTIONS, *NUMBERS, *SHARES):
        floors = [d for draw in draws if (d := _distance(name, draw, human)) is not None]
        found[name] = Distance(
            _distance(name, sampled, human),
            float(np.mean(floors)) if floors else None,
            max(floors, default=None),
            *(None if name in DISTRIBUTIONS else _mean(_values(name, tunes)) for tunes in (sampled, human)),
        )
    return found


def divergence(first: Counter[Any], second: Counter[Any]) -> float | None:
    """The Jensen-Shannon divergence of two counts in bits; None where one is empty."""
    if not first.total() or not second.total():
        return None
    keys = sorted(first.keys() | second.keys(), key=repr)
    p = np.array([first[key] for key in keys], dtype=float) / first.total()
    q = np.array([second[key] for key in keys], dtype=float) / second.total()
    middle = (p + q) / 2
    halves = [float((d[d > 0] * np.log2(d[d > 0] / middle[d > 0])).sum()) for d in (p, q)]
    return max(0.0, sum(halves) / 2)


def _distance(name: str, one: Sequence[Features], other: Sequence[Features]) -> float | None:
    if name in DISTRIBUTIONS:
        return divergence(*(sum((f.counts[name] for f in tunes), Counter()) for tunes in (one, other)))
    from scipy.stats import wasserstein_distance

    first, second = _values(name, one), _values(name, other)
    if not len(first) or not len(second):
        return None
    if name in SHARES:
        return float(abs(first.mean() - second.mean()))
    return float(wasserstein_distance(first, second) / (second.std() or 1.0))


def _values(name: str, tunes: Sequence[Features]) -> np.ndarray:
    return np.array([f.numbers[name] for f in tunes if f.numbers[name] is not None], dtype=float)


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _scale(key: Key) -> list[int]:
    return [(place + key.accidentals.get(letter, 0)) % 12 for letter, place in NATURAL.items()]


def _bar_rhythms(text: str) -> list[tuple[int, ...]]:
    """For each bar the ticks of its notes (positive) and rests (negative)."""
    found: list[tuple[int, ...]] = []
    inside: list[int] = []
    for element in first_voice(text):
        if element.kind in TIMED:
            inside.append(element.ticks if element.pitches else -element.ticks)
        elif element.kind == "bar":
            if inside:
                found.append(tuple(inside))
            inside = []
    if inside:
        found.append(tuple(inside))
    return found
