"""ABC -> MusicXML 4.0 (partwise), the way to every engraver and notation program.

The score is written, not played: repeats and endings are signs, ornaments stay ornaments. Each voice
becomes a part. Lengths are exact: the divisions of a quarter are chosen for the tune. The treble clef is
always written out, since engravers draw none where MusicXML names none.
"""

import math
import re
from fractions import Fraction
from xml.sax.saxutils import quoteattr

from hf_abc.notation.keys import Key, signature
from hf_abc.notation.meter import WHOLE, Meter
from hf_abc.rendering.beams import beam_marks, pieces
from hf_abc.rendering.marks import FINGERS, direction, mark_direction, note_marks, quoted, tempo, xml_text
from hf_abc.rendering.reader import read_staff
from hf_abc.rendering.staff import Change, Event, Measure, Pitch, Sheet, Voice
from hf_abc.rendering.systems import system_breaks

_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_MODES = {
    "": "major",
    "m": "minor",
    "dor": "dorian",
    "mix": "mixolydian",
    "phr": "phrygian",
    "lyd": "lydian",
    "loc": "locrian",
}
_CLEFS = {
    "treble": ("G", 2),
    "bass": ("F", 4),
    "alto": ("C", 3),
    "tenor": ("C", 4),
    "perc": ("percussion", 2),
    "none": ("G", 2),
}


def musicxml(text: str) -> tuple[str, list[str]]:
    """A tune as a MusicXML document, and what could not be drawn. Never raises on broken ABC; an empty
    tune is a rest.
    """
    sheet = read_staff(text)
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
    for number, voice in enumerate(sheet.voices, 1):
        out.append(f'<score-part id="P{number}"><part-name>{xml_text(voice.name)}</part-name></score-part>')
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
                    else [p * _time(event) for p, _, _ in pieces(event.written)]
                ):
                    divisions = math.lcm(divisions, (piece * 4).denominator)
    return divisions


def _time(event: Event) -> Fraction:
    actual, normal = event.tuplet or (1, 1)
    return Fraction(normal, actual)


class _Part:
    """Writes the measures of one voice."""

    def __init__(self, sheet: Sheet, voice: Voice, divisions: int) -> None:
        self.sheet, self.voice, self.divisions = sheet, voice, divisions
        self.meter = sheet.meter
        self.shift = _clef(voice.clef)[2]
        self.breaks = system_breaks(sheet) if voice is sheet.voices[0] else set()
        self.out: list[str] = []

    def measures(self, count: int) -> list[str]:
        number, before = 0, Fraction(0)
        for index in range(count):
            last = index == count - 1
            measure = self.voice.measures[index] if index < len(self.voice.measures) else None
            if measure is None:
                self._open(str(index + 1), False, index == 0)
                rest = Event(
                    [],
                    Fraction(self.meter.numerator, self.meter.denominator) or Fraction(1),
                    index,
                    whole_measure=True,
                )
                self._event(rest, "1", [])
                self.out.append("</measure>")
                continue
            full = Fraction(self.meter.ticks, WHOLE) if self.meter.ticks else None
            short = full is not None and measure.length < full
            pickup = short and index == 0 and count > 1
            completes = (
                short and index > 0 and bool(before) and full is not None and before + measure.length <= full
            )
            if not pickup and not completes:
                number += 1
            before = measure.length if short and not completes and not pickup else Fraction(0)
            self._open(f"X{index + 1}" if completes else str(number), pickup or completes, index == 0)
            self._measure(measure, index, full, last)
        return self.out

    def _open(self, number: str, implicit: bool, first: bool) -> None:
        self.out.append(f'<measure number="{number}"{" implicit=" + quoteattr("yes") if implicit else ""}>')
        if first:
            sign, line, _ = _clef(self.voice.clef)
            octave = f"<clef-octave-change>{self.shift}</clef-octave-change>" if self.shift else ""
            self.out.append(
                f"<attributes><divisions>{self.divisions}</divisions>{_key(self.sheet.key)}{_meter(self.sheet.meter)}"
                f"<clef><sign>{sign}</sign><line>{line}</line>{octave}</clef>"
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
                self.out.append(f"<backup><duration>{self._duration(length)}</duration></backup>")
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
            self.out.append(f"<attributes>{_key(value)}</attributes>")
        elif isinstance(value, Meter):
            self.meter = value
            self.out.append(f"<attributes>{_meter(value)}</attributes>")
        elif change.kind == "clef":
            sign, line, self.shift = _clef(value)
            octave = f"<clef-octave-change>{self.shift}</clef-octave-change>" if self.shift else ""
            self.out.append(
                f"<attributes><clef><sign>{sign}</sign><line>{line}</line>{octave}</clef></attributes>"
            )
        elif change.kind == "tempo":
            self.out.append(tempo(value))
        elif change.kind == "part":
            self.out.append(direction(f"<rehearsal>{xml_text(value)}</rehearsal>"))
        elif change.kind == "mark":
            self.out.append(mark_direction(value))
        else:
            self.out.append(quoted(value))

    def _duration(self, length: Fraction) -> int:
        return int(length * 4 * self.divisions)

    def _event(self, event: Event, voice: str, beams: list[str]) -> None:
        fingers = [text for text in event.texts if text in FINGERS and event.pitches]
        self.out += [quoted(text) for text in event.texts if text not in fingers]
        self.out += [mark_direction(mark) for mark in event.marks]
        self._graces(event, voice)
        parts = pieces(event.written)
        if event.whole_measure:
            parts = ((event.written, "", 0),)
        for number, (length, kind, dots) in enumerate(parts):
            first, last = number == 0, number == len(parts) - 1
            notations = _notations(event, fingers, first, last)
            shape = f"<type>{kind}</type>" + "<dot/>" * dots if kind else ""
            timing = ""
            if event.tuplet:
                actual, normal = event.tuplet
                timing = (
                    f"<time-modification><actual-notes>{actual}</actual-notes><normal-notes>{normal}</normal-notes>"
                    "</time-modification>"
                )
            duration = self._duration(length * _time(event))
            for head, pitch in enumerate(event.pitches or [None]):
                self.out.append("<note>" if event.visible else '<note print-object="no">')
                self.out.append("<chord/>" if head else "")
                if pitch is None:
                    self.out.append('<rest measure="yes"/>' if event.whole_measure else "<rest/>")
                else:
                    self.out.append(self._pitch(pitch))
                ties = _ties(pitch, first, last) if pitch is not None else []
                self.out.append(f"<duration>{duration}</duration>")
                self.out += [f'<tie type="{tie}"/>' for tie in ties]
                self.out.append(f"<voice>{voice}</voice>{shape}")
                if pitch is not None and pitch.sign is not None and first:
                    self.out.append(f"<accidental>{_ACCIDENTALS[pitch.sign]}</accidental>")
                self.out.append(timing)
                if len(parts) == 1 and not head:
                    self.out += beams
                inner = "".join(f'<tied type="{tie}"/>' for tie in ties) + ("" if head else notations)
                self.out.append(f"<notations>{inner}</notations>" if inner else "")
                if first and not head:
                    self.out += [_lyric(*word) for word in event.words]
                self.out.append("</note>")

    def _graces(self, event: Event, voice: str) -> None:
        kind = "eighth" if len(event.graces) == 1 else "16th"
        last = len(event.graces) - 1
        for number, pitch in enumerate(event.graces):
            grace = '<grace slash="yes"/>' if event.slashed else "<grace/>"
            sign = f"<accidental>{_ACCIDENTALS[pitch.sign]}</accidental>" if pitch.sign is not None else ""
            beam = "begin" if number == 0 else "end" if number == last else "continue"
            beams = "".join(f'<beam number="{level}">{beam}</beam>' for level in (1, 2)) if last else ""
            self.out.append(
                f"<note>{grace}{self._pitch(pitch)}<voice>{voice}</voice><type>{kind}</type>{sign}{beams}</note>"
            )

    def _pitch(self, pitch: Pitch) -> str:
        alter = f"<alter>{pitch.alter}</alter>" if pitch.alter else ""
        octave = max(0, min(9, pitch.octave + self.shift))
        return f"<pitch><step>{pitch.step}</step>{alter}<octave>{octave}</octave></pitch>"


def _notations(event: Event, fingers: list[str], first: bool, last: bool) -> str:
    out = [f'<slur type="stop" number="{number}"/>' for number in event.slur_stops if last]
    if first:
        out += [f'<slur type="start" number="{number}"/>' for number in event.slur_starts]
        out.append('<tuplet type="start" bracket="yes"/>' if event.tuplet_start else "")
        out.append(note_marks([*event.marks, *fingers]))
    out.append('<tuplet type="stop"/>' if event.tuplet_stop and last else "")
    return "".join(out)


def _ties(pitch: Pitch, first: bool, last: bool) -> list[str]:
    return (["stop"] if pitch.tie_stop or not first else []) + (
        ["start"] if pitch.tie_start or not last else []
    )


def _lyric(verse: int, syllabic: str, word: str) -> str:
    return f'<lyric number="{verse}"><syllabic>{syllabic}</syllabic><text>{xml_text(word)}</text></lyric>'


def _key(key: Key) -> str:
    if key.text == "HP":  # the pipes' key is written without its two sharps
        return "<key><fifths>0</fifths></key>"
    if key.accidentals != signature(key.sharps):
        steps = (
            f"<key-step>{s}</key-step><key-alter>{a}</key-alter>" for s, a in key.accidentals.items() if a
        )
        return (
            f"<key>{''.join(steps)}</key>"
            if any(key.accidentals.values())
            else "<key><fifths>0</fifths></key>"
        )
    mode = f"<mode>{_MODES[key.mode]}</mode>" if key.tonic and key.mode in _MODES else ""
    return f"<key><fifths>{key.sharps}</fifths>{mode}</key>"


def _meter(meter: Meter) -> str:
    if not meter.numerator:
        return '<time print-object="no"><senza-misura/></time>'
    symbol = {"C": ' symbol="common"', "C|": ' symbol="cut"'}.get(meter.text.upper(), "")
    return f"<time{symbol}><beats>{meter.numerator}</beats><beat-type>{meter.denominator}</beat-type></time>"


def _clef(text: str) -> tuple[str, int, int]:
    """(sign, line, octaves) of a clef as `Voice.clef` and `Change` hold it: `treble`, `bass3`, `treble-8`."""
    found = re.fullmatch(r"([a-z]+)(\d?)([+-]8)?", text)
    name, line, octave = found.groups() if found else ("treble", "", None)
    sign, usual = _CLEFS.get(name, _CLEFS["treble"])
    return sign, int(line or usual), {"+8": 1, "-8": -1}.get(octave or "", 0)
