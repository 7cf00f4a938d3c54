"""How a tune is laid out: one unit note length, beams at the beats, four bars a line, one spelling for each
bar line.

The notes stay the same; what changes is what readers and models stumble over. Beams at the beats let eye and
model count a bar by its beats; a strain per paragraph and four bars a line show the form.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from hf_abc.notation.bars import Barline, parse_barline
from hf_abc.notation.lexer import Symbol, lex
from hf_abc.notation.meter import WHOLE, length_text
from hf_abc.notation.reader import TIMED, Element, read
from hf_abc.notation.tune import body, is_music, split_header

_ORNAMENTS = frozenset(
    {"grace", "decoration", "slur", "annotation", "spacer", "beam", "comment", "line_break"}
)


def strip_ornaments(text: str) -> str:
    """The plain melody: no grace notes, decorations, slurs, quoted text, spacers and comments."""
    header, lines = split_header(text)
    music = []
    for line in lines:
        if line.startswith("%"):
            continue
        if is_music(line):
            line = "".join(_plain_symbols(lex(line))).rstrip()
            if not line:
                continue
        music.append(line)
    return "\n".join([*header, *music]) + "\n"


def _plain_symbols(symbols: list[Symbol]) -> Iterator[str]:
    """What stays; a space keeps a stray length behind an ornament from joining the note before it."""
    for symbol, after in zip(symbols, [*symbols[1:], None], strict=True):
        if symbol.kind not in _ORNAMENTS:
            yield symbol.text
        elif after is not None and after.kind == "unknown":
            yield " "


def strip_false_ties(text: str) -> str:
    """The tune without the ties that do not join a note to the same written note (or to one of a chord)."""
    if "-" not in body(text):
        return text
    elements = [e for e in read(text) if e.kind in TIMED or e.kind == "tie"]
    false: list[int] = []
    for index, element in enumerate(elements):
        if element.kind != "tie":
            continue
        before = elements[index - 1].pitches if index else ()
        after = elements[index + 1].pitches if index + 1 < len(elements) else ()
        if not {_bare(p) for p in before} & {_bare(p) for p in after}:
            false.append(element.start)
    return "".join(
        text[start:end] for start, end in zip([0, *(n + 1 for n in false)], [*false, len(text)], strict=True)
    )


def _bare(pitch: str) -> str:
    """A pitch without its accidental, which a tie across a bar line carries along unwritten."""
    return pitch.lstrip("^_=")


@dataclass(slots=True)
class _Bar:
    """A bar to be written: its elements (timed ones and the marks between), its length, the line that closes
    it.
    """

    elements: list[Element] = field(default_factory=list)
    closing: Barline | None = None

    @property
    def ticks(self) -> int:
        return sum(e.ticks for e in self.elements)


def _collect(text: str) -> tuple[Barline | None, list[_Bar]]:
    """The opening bar line, if any, and the bars; bar lines with nothing between them are merged."""
    opening: Barline | None = None
    found: list[_Bar] = []
    bar = _Bar()
    for element in read(text):
        if element.kind == "bar":
            line = parse_barline(element.text)
            if any(e.kind in TIMED for e in bar.elements):
                bar.closing = line
                found.append(bar)
                bar = _Bar()
            elif found:
                assert found[-1].closing is not None
                found[-1].closing = found[-1].closing.merge(line)
            else:
                opening = opening.merge(line) if opening else line
        elif (
            element.kind in TIMED or element.kind in ("broken", "tie", "tuplet", "overlay") or _stays(element)
        ):
            bar.elements.append(element)
    if any(e.kind in TIMED for e in bar.elements):
        found.append(bar)
    return opening, found


def _stays(element: Element) -> bool:
    """Whether a field of the body is kept: `L:` is applied already, and words have no place in a laid-out
    line.
    """
    return element.kind == "field" and element.text.lstrip("[")[0] in "KMPQ"


def _open_repeats(opening: Barline | None, found: list[_Bar]) -> Barline | None:
    """Give each repeat its `|:`: one that old books leave out stands where the strain began."""
    start: int | None = None  # the bar whose closing line begins the strain; None: the tune's opening
    open_ = bool(opening and opening.repeat_start)
    for number, bar in enumerate(found):
        line = bar.closing
        if line is None:
            continue
        if line.repeat_end and not open_:
            if start is None:
                opening = replace(opening or Barline(), repeat_start=line.repeat_end)
            else:
                before = found[start].closing
                assert before is not None
                found[start].closing = replace(before, repeat_start=line.repeat_end)
            open_ = True
        if line.repeat_start:
            open_, start = True, number
        elif line.repeat_end:
            open_, start = bool(line.ending), number  # a second ending still belongs to its repeat
        elif line.double and not line.ending:
            open_, start = False, number
    return opening


def _dot_pairs(elements: list[Element], unit: int) -> list[Element]:
    """Write a dotted pair in a beam with the broken-rhythm mark: `e3/2f/` is `e>f`."""
    out = list(elements)
    longest = 2 * unit
    place = 0
    position = 0
    while place + 1 < len(out):
        first, second = out[place], out[place + 1]
        both = first.ticks + second.ticks
        alone = (
            first.kind in ("note", "chord")
            and second.kind in ("note", "chord")
            and first.written == first.ticks
            and second.written == second.ticks
            and not first.tuplet
            and not (place and out[place - 1].kind in ("tuplet", "broken"))
        )
        if (
            alone
            and both <= longest
            and position % both == 0
            and {first.ticks, second.ticks} == {both // 4, both * 3 // 4}
        ):
            mark = ">" if first.ticks > second.ticks else "<"
            out[place] = replace(first, written=both // 2)
            out[place + 1] = replace(second, written=both // 2)
            out.insert(place + 1, Element("broken", mark, first.end, first.line, first.meter))
            position += both
            place += 3
            continue
        position += first.ticks
        place += 1
    return out


def _write_bar(bar: _Bar, unit: int, *, align_right: bool) -> str:
    """One bar with lengths in `unit` ticks and a space at each beat."""
    meter = next(e.meter for e in bar.elements if e.kind in TIMED)
    beam = meter.beam
    position = 0
    if align_right and meter.ticks and bar.ticks < meter.ticks:
        position = meter.ticks - bar.ticks
    out = ""
    glued = False  # after a broken-rhythm mark or inside a tuplet nothing may be split
    for index, element in enumerate(bar.elements):
        if element.kind == "field":
            out = out.rstrip() + (element.text if element.text.startswith("[") else f"[{element.text}]")
            continue
        if element.kind not in TIMED:
            out = (out.rstrip() if element.kind in ("broken", "tie") else out) + element.text
            glued = element.kind == "broken" or glued
            if element.kind == "tie" and not _continues(bar.elements, index) and position % beam == 0:
                out += " "
            continue
        after = position + element.ticks
        crosses = position % beam and position // beam != (after - 1) // beam
        if crosses and not glued and out and element.tuplet == 0 and not _in_tuplet(bar.elements, index):
            out = out.rstrip() + " "
        out += _timed_text(element, unit)
        glued = element.tuplet > 0
        if not glued and position // beam != after // beam and not _continues(bar.elements, index):
            out += " "
        position = after
    return out.rstrip()


def _in_tuplet(elements: list[Element], index: int) -> bool:
    return any(e.kind == "tuplet" for e in elements[max(0, index - 1) : index])


def _continues(elements: list[Element], index: int) -> bool:
    """Whether a broken-rhythm mark follows, so that no space may stand behind this note."""
    return index + 1 < len(elements) and elements[index + 1].kind == "broken"


@lru_cache(maxsize=1024)
def _length(written: int, unit: int) -> str:
    return length_text(Fraction(written, unit))


def _chord_notes(element: Element) -> str:
    """The notes inside the brackets without lengths, with their ties."""
    pitches = iter(element.pitches)
    inside = (symbol for symbol in lex(element.text) if symbol.kind in ("note", "tie"))
    return "".join(next(pitches) if symbol.kind == "note" else "-" for symbol in inside)


def _timed_text(element: Element, unit: int) -> str:
    length = _length(element.written, unit)
    if element.kind == "chord":
        return f"[{_chord_notes(element)}]{length}"
    return (element.pitches[0] if element.pitches else "z") + length


def lay_out(text: str, unit: Fraction = Fraction(1, 8), bars_per_line: int = 4) -> str:
    """The tune with unit note length `unit`, beams at the beats and `bars_per_line` bars a line.

    A strain begins a new line; `:|` and `|:` never share a sign; a repeat without its `|:` gets one; the last
    bar line is `|]` or `:|`. Free meter keeps its spaces off. Multi-voice text is not for this function.
    """
    header, _ = split_header(text)
    head = [line for line in header if not line.startswith("L:")]
    head.insert(len(head) - 1, f"L:{unit.numerator}/{unit.denominator}")
    ticks = WHOLE * unit.numerator // unit.denominator
    opening, found = _collect(text)
    for bar in found:
        bar.elements = _dot_pairs(bar.elements, ticks)
    opening = _open_repeats(opening, found)
    lines: list[str] = []
    line = "|:" * bool(opening and opening.repeat_start) + (_ending(opening) if opening else "")
    begins = True  # this bar begins a strain
    ending = bool(opening and opening.ending)
    count = 0
    for number, bar in enumerate(found):
        line += _write_bar(bar, ticks, align_right=begins)
        closing = bar.closing or Barline()
        last = number == len(found) - 1
        meter = bar.elements[-1].meter
        count += not (begins and meter.ticks and bar.ticks < meter.ticks)
        line += ":" * closing.repeat_end + ("|]" if last and not closing.repeat_end else "|")
        begins = False
        if last:
            break
        if closing.ending:
            line += _ending(closing)
            ending = True
        elif closing.repeat_end or closing.repeat_start or closing.double:
            line += "" if closing.repeat_end else "|"
            lines.append(line)
            line = "|" + ":" * closing.repeat_start if closing.repeat_start else ""
            begins, ending, count = True, False, 0
        elif count == bars_per_line and not ending and len(found) - number > 2:
            lines.append(line)
            line, count = "", 0
    return "\n".join([*head, *lines, line]) + "\n"


def _ending(line: Barline) -> str:
    return re.sub(r"[^\d,-]", "", line.ending) + " " if line.ending else ""
