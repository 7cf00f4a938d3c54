"""Real tunes out of music21's folder, and an independent player of MusicXML."""

import importlib.util
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hf_abc.notation.lexer import lex
from hf_abc.notation.tune import split_book
from hf_abc.rendering.score import Engraver

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@pytest.fixture(scope="session")
def real_tunes() -> list[str]:
    """Every 60th tune of three old collections."""
    spec = importlib.util.find_spec("music21")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "corpus"
    tunes: list[str] = []
    for name in ("oneills1850", "ryansMammoth", "airdsAirs"):
        for file in sorted((folder / name).glob("*.abc")):
            tunes += split_book(file.read_text("latin-1"))
    return tunes[::60]


@pytest.fixture(scope="module")
def engraver() -> Iterator[Engraver]:
    one = Engraver()
    yield one
    one.close()


class _Bar:
    def __init__(self, element: ElementTree.Element, divisions: int) -> None:
        self.notes: list[tuple[Fraction, int, Fraction, set[str]]] = []
        self.length, self.starts, self.repeats, self.stops = Fraction(0), False, False, False
        self.endings: set[int] = set()
        self.divisions = divisions
        now = before = Fraction(0)
        for child in element:
            length = Fraction(int(child.findtext("duration", "0")), self.divisions)
            if child.tag == "attributes":
                self.divisions = int(child.findtext("divisions", str(self.divisions)))
            elif child.tag == "backup":
                now -= length
            elif child.tag == "note" and child.find("grace") is None:
                onset = before if child.find("chord") is not None else now
                before, now = onset, onset + length
                self.length = max(self.length, now)
                pitch = child.find("pitch")
                if pitch is not None:
                    number = 12 * (int(pitch.findtext("octave", "")) + 1) + STEPS[pitch.findtext("step", "")]
                    ties = {tie.get("type", "") for tie in child.findall("tie")}
                    self.notes.append((onset, number + int(pitch.findtext("alter", "0")), length, ties))
            elif child.tag == "barline":
                repeat, ending = child.find("repeat"), child.find("ending")
                if repeat is not None:
                    self.starts |= repeat.get("direction") == "forward"
                    self.repeats |= repeat.get("direction") == "backward"
                if ending is not None and ending.get("type") == "start":
                    self.endings = {int(n) for n in re.findall(r"\d+", ending.get("number", ""))}
                elif ending is not None:
                    self.stops = True


def _order(bars: list[_Bar]) -> list[int]:
    """The bars as they are played, repeats and endings followed."""
    order: list[int] = []
    index = start = 0
    turn = 1
    while index < len(bars) and len(order) < 5000:
        bar = bars[index]
        if bar.starts and index != start:
            start, turn = index, 1
        if bar.endings and turn not in bar.endings:
            while index < len(bars) and not bars[index].stops:
                index += 1
            index += 1
            continue
        order.append(index)
        turns = _turns(bars, start)
        if bar.repeats and turn < turns:
            index, turn = start, turn + 1
            continue
        if bar.repeats or (bar.stops and turns > 1):
            start, turn = index + 1, 1
        index += 1
    return order


def _turns(bars: list[_Bar], start: int) -> int:
    last = 0
    for index in range(start, len(bars)):
        bar = bars[index]
        if index > start and (bar.starts or (last and bars[index - 1].stops and not bar.endings)):
            break
        last = max(last, *bar.endings, 0)
        if bar.repeats and not last:
            return 2
    return max(last, 1)


def play_musicxml(document: str) -> list[tuple[Fraction, int, Fraction]]:
    """(onset in quarters, pitch, length) of all that sounds, tied notes joined, in order of onset."""
    sounding: list[tuple[Fraction, int, Fraction]] = []
    for part in ElementTree.fromstring(document).iter("part"):
        bars: list[_Bar] = []
        for element in part.iter("measure"):
            bars.append(_Bar(element, bars[-1].divisions if bars else 1))
        now = Fraction(0)
        tied: dict[int, list] = {}
        for index in _order(bars):
            for onset, pitch, length, ties in sorted(bars[index].notes, key=lambda note: note[:2]):
                held = tied.pop(pitch, None) if "stop" in ties else None
                if held and held[0] + held[2] == now + onset:
                    held[2] += length
                else:
                    held = [now + onset, pitch, length]
                    sounding.append(held)  # type: ignore[arg-type]
                if "start" in ties:
                    tied[pitch] = held
            now += bars[index].length
    return sorted((note[0], note[1], note[2]) for note in sounding)


@pytest.fixture(scope="session")
def play():
    return play_musicxml


def plain_notes(text: str, *, repeats: bool = False) -> str:
    """The tune without what abc2midi plays in its own way and a score only draws.

    Ornaments, grace notes, D.C., swing, spread chords, the order of parts; and without `repeats` also those,
    which abc2midi completes where a sign lacks.
    """
    lines = []
    for line in text.split("\n"):
        if re.match(r"[RP]:", line):
            continue
        if line.startswith("K:") and "%%MIDI chordattack 0" not in lines:
            lines.append("%%MIDI chordattack 0")
        if not re.match(r"[A-Za-z]:|%", line):
            dropped = ("annotation", "grace", "decoration", "beam")
            symbols = [symbol for symbol in lex(line) if symbol.kind not in dropped]
            line = "".join(_plain_bar(s.text) if s.kind == "bar" and not repeats else s.text for s in symbols)
            if not line.strip():
                continue  # nothing is left, and a blank line would end the tune
        lines.append(line)
    return "\n".join(lines)


def _plain_bar(bar: str) -> str:
    return "|" if "|" in bar or ":" in bar else ""


@pytest.fixture(scope="session")
def plain():
    return plain_notes
