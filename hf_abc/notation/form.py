"""The form of a tune: its strains, and which of them are alike, as letters (AABB).

A strain ends at a repeat, a double bar or the end of the tune; a repeat makes it sound twice. What stands
before the first full bar of a strain is no strain. Second endings belong to their strain and are not
compared. A repeat that is written out is not recognised as one.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher

from hf_abc.notation.bars import Barline, parse_barline
from hf_abc.notation.melody import first_voice
from hf_abc.notation.reader import TIMED

_ALIKE = 0.6  # share of equal bars from which two strains bear the same letter


@dataclass(frozen=True, slots=True)
class Strain:
    """A strain: its bars as text without spaces (those of second endings apart), and how often it sounds."""

    bars: tuple[str, ...]
    times: int


def strains(text: str) -> list[Strain]:
    """The strains of a tune; of several voices, those of the one that sounds first."""
    found: list[Strain] = []
    bars: list[str] = []
    inside: list[str] = []
    ticks, full, repeated, second = 0, 1, False, False

    def close_bar() -> None:
        if inside and not second:
            bars.append("".join(inside))
        inside.clear()

    def close_strain() -> None:
        nonlocal ticks, repeated, second
        close_bar()
        if bars and ticks >= full:
            found.append(Strain(tuple(bars), 2 if repeated else 1))
        bars.clear()
        ticks, repeated, second = 0, False, False

    for element in first_voice(text):
        if element.kind == "bar":
            line = parse_barline(element.text)
            close_bar()
            if not _ends_strain(line, begun=bool(bars)):
                continue
            repeated = repeated or line.repeat_end > 0
            if line.repeat_end and line.ending and not second:
                second = True
                continue
            close_strain()
        elif element.kind in TIMED or element.kind in ("broken", "tuplet", "tie"):
            inside.append(element.text)
            ticks += element.ticks
            full = element.meter.ticks or 1
    close_strain()
    return found


def _ends_strain(line: Barline, *, begun: bool) -> bool:
    return begun and bool(line.repeat_end or line.repeat_start or (line.double and not line.ending))


def form(text: str) -> str:
    """The strains of a tune as letters in the order in which they sound: AABB, AABBCC, ABA."""
    letters, kinds = "", list[Strain]()
    for strain in strains(text):
        alike = (place for place, kind in enumerate(kinds) if _similar(kind, strain) >= _ALIKE)
        place = next(alike, len(kinds))
        if place == len(kinds):
            kinds.append(strain)
        letters += (chr(ord("A") + place) if place < 26 else "?") * strain.times
    return letters


def _similar(one: Strain, other: Strain) -> float:
    return SequenceMatcher(None, one.bars, other.bars, autojunk=False).ratio()
