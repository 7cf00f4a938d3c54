"""ABC -> MusicXML 4.0 (partwise), the way to every engraver and notation program.

The score is written, not played: repeats and endings are signs, ornaments stay ornaments. Each voice
becomes a part. Lengths are exact: the divisions of a quarter are chosen for the tune. The treble clef is
always written out, since engravers draw none where MusicXML names none.
"""

import math
from fractions import Fraction
from xml.sax.saxutils import quoteattr

from hf_abc.notation.keys import Key
from hf_abc.notation.meter import WHOLE, Meter
from hf_abc.rendering.beams import beam_marks, pieces
from hf_abc.rendering.clefs import parts
from hf_abc.rendering.marks import direction, mark_direction, quoted, tempo, xml_text
from hf_abc.rendering.notexml import note_xml, ratio
from hf_abc.rendering.reader import read_staff
from hf_abc.rendering.signs import clef_sign, key_sign, meter_sign
from hf_abc.rendering.staff import Change, Event, Measure, Sheet, Voice
from hf_abc.rendering.systems import system_breaks
from hf_abc.rendering.unbarred import divide


def musicxml(text: str) -> tuple[str, list[str]]:
    """A tune as a MusicXML document, and what could not be drawn. Never raises on broken ABC; an empty
    tune is a rest.
    """
    sheet = read_staff(text)
    divide(sheet)
    return write_sheet(sheet), sheet.messages


def write_sheet(sheet: Sheet) -> str:
    """The MusicXML document of a sheet."""
    divisions = _divisions(sheet)
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="4.0">']
    if sheet.titles:
        out.append(f"<work><work-title>{xml_text(sheet.titles[0])}</work-title></work>")
    out.append("<identification>")
    if sheet.composer:
        out.append(f'<creator type="composer">{xml_text(sheet.composer)}</creator>')
    out.append("<encoding><software>hf-abc</software></encoding></identification><part-list>")
    several = len(sheet.voices) > 1
    if several:
        out.append('<part-group type="start" number="1"><group-symbol>bracket</group-symbol></part-group>')
    for number, voice in enumerate(sheet.voices, 1):
        out.append(f'<score-part id="P{number}"><part-name>{xml_text(voice.name)}</part-name></score-part>')
    out.append('<part-group type="stop" number="1"/>' if several else "")
    out.append("</part-list>")
    count = max(1, *(len(voice.measures) for voice in sheet.voices))
    for number, voice in enumerate(sheet.voices, 1):
        out.append(f'<part id="P{number}">')
        out.extend(_Part(sheet, voice, divisions).measures(count))
        out.append("</part>")
    out.append("</score-partwise>\n")
    return "".join(out)


def _divisions(sheet: Sheet) -> int:
    """The smallest number of divisions of a quarter in which every length is whole."""
    divisions = 1
    for voice in sheet.voices:
        for measure in voice.measures:
            for event in (e for layer in measure.layers for e in layer if isinstance(e, Event)):
                for piece in (
                    [event.length]
                    if event.whole_measure
                    else [p * ratio(event) for p, _, _ in pieces(event.written)]
                ):
                    divisions = math.lcm(divisions, (piece * 4).denominator)
    return divisions


class _Part:
    """Writes the measures of one voice."""

    def __init__(self, sheet: Sheet, voice: Voice, divisions: int) -> None:
        self.sheet, self.voice, self.divisions = sheet, voice, divisions
        self.key, self.meter = voice.key or sheet.key, voice.meter or sheet.meter
        self.shift = parts(voice.clef)[2]
        self.breaks = system_breaks(sheet) if voice is sheet.voices[0] else set()
        self.out: list[str] = []

    def measures(self, count: int) -> list[str]:
        number, before = 0, Fraction(0)
        for index in range(count):
            last = index == count - 1
            measure = self.voice.measures[index] if index < len(self.voice.measures) else None
            if measure is None:
                self._open(str(index + 1), False, index == 0)
                length = Fraction(self.meter.numerator, self.meter.denominator) or Fraction(1)
                self._event(Event([], length, index, whole_measure=True), "1", [])
                self.out.append("</measure>")
                continue
            full = Fraction(self.meter.ticks, WHOLE) if self.meter.ticks else None
            short = full is not None and measure.length < full
            pickup = short and index == 0 and count > 1
            completes = (
                short and index > 0 and bool(before) and full is not None and before + measure.length <= full
            )
            uncounted = completes or measure.continues
            if not pickup and not uncounted:
                number += 1
            before = measure.length if short and not completes and not pickup else Fraction(0)
            self._open(f"X{index + 1}" if uncounted else str(number), pickup or uncounted, index == 0)
            self._measure(measure, index, full, last)
        return self.out

    def _open(self, number: str, implicit: bool, first: bool) -> None:
        self.out.append(f'<measure number="{number}"{" implicit=" + quoteattr("yes") if implicit else ""}>')
        if first:
            self.out.append(
                f"<attributes><divisions>{self.divisions}</divisions>{key_sign(self.key)}"
                f"{meter_sign(self.meter)}{clef_sign(self.voice.clef)}"
            )
            if self.voice.transpose:
                self.out.append(f"<transpose><chromatic>{self.voice.transpose}</chromatic></transpose>")
            self.out.append("</attributes>")
            if self.sheet.voices[0] is self.voice:
                self.out.append(tempo(self.sheet.tempo))

    def _measure(self, measure: Measure, index: int, full: Fraction | None, last: bool) -> None:
        if index in self.breaks:
            self.out.append('<print new-system="yes"/>')
        if measure.repeat_start or measure.ending:
            self.out.append('<barline location="left">')
            self.out.append("<bar-style>heavy-light</bar-style>" if measure.repeat_start else "")
            if measure.ending:
                shown = measure.ending.replace(", ", ".,") + "."
                self.out.append(f'<ending number="{measure.ending}" type="start">{shown}</ending>')
            self.out.append('<repeat direction="forward"/>' if measure.repeat_start else "")
            self.out.append("</barline>")
        for number, layer in enumerate(measure.layers, 1):
            if number > 1:
                length = sum(
                    (e.length for e in measure.layers[number - 2] if isinstance(e, Event)), Fraction(0)
                )
                self.out.append(f"<backup><duration>{int(length * 4 * self.divisions)}</duration></backup>")
            events = [e for e in layer if isinstance(e, Event)]
            offset = full - measure.length if full is not None and measure.length < full else Fraction(0)
            beams = iter(beam_marks(events, None if self.sheet.spaced else self.meter, offset))
            for item in layer:
                if isinstance(item, Event):
                    self._event(item, str(number), next(beams))
                else:
                    self._change(item)
        self._right_bar(measure, last)
        self.out.append("</measure>")

    def _event(self, event: Event, voice: str, beams: list[str]) -> None:
        self.out += note_xml(event, voice, beams, self.divisions, self.shift)

    def _right_bar(self, measure: Measure, last: bool) -> None:
        style = {"||": "light-light", "|]": "light-heavy", "": "none"}.get(measure.style, "")
        if measure.repeat_stop or (last and measure.style == "|"):
            style = "light-heavy"
        if not (style or measure.ending_stop or measure.fermata):
            return
        self.out.append('<barline location="right">')
        self.out.append(f"<bar-style>{style}</bar-style>" if style else "")
        self.out.append('<fermata type="upright"/>' if measure.fermata else "")
        if measure.ending_stop:
            open_ended = not measure.repeat_stop and measure.style == "|"
            number = self._ending_of(measure)
            self.out.append(f'<ending number="{number}" type="{"discontinue" if open_ended else "stop"}"/>')
        self.out.append('<repeat direction="backward"/>' if measure.repeat_stop else "")
        self.out.append("</barline>")

    def _ending_of(self, measure: Measure) -> str:
        index = next(n for n, each in enumerate(self.voice.measures) if each is measure)
        return next((m.ending for m in reversed(self.voice.measures[: index + 1]) if m.ending), "1")

    def _change(self, change: Change) -> None:
        value = change.value
        if isinstance(value, Key):
            self.out.append(f"<attributes>{key_sign(value, self.key)}</attributes>")
            self.key = value
        elif isinstance(value, Meter):
            self.meter = value
            self.out.append(f"<attributes>{meter_sign(value)}</attributes>")
        elif change.kind == "clef":
            self.shift = parts(value)[2]
            self.out.append(f"<attributes>{clef_sign(value)}</attributes>")
        elif change.kind == "tempo":
            self.out.append(tempo(value))
        elif change.kind == "part":
            self.out.append(direction(f"<rehearsal>{xml_text(value)}</rehearsal>"))
        elif change.kind == "mark":
            self.out.append(mark_direction(value))
        else:
            self.out.append(quoted(value))
