"""A note, chord or rest of the staff as MusicXML, with its grace notes and everything that hangs on it."""

from collections.abc import Iterator
from fractions import Fraction

from hf_abc.rendering.beams import pieces
from hf_abc.rendering.marks import FINGERS, mark_direction, note_marks, quoted, xml_text
from hf_abc.rendering.staff import Event, Pitch

_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}


def ratio(event: Event) -> Fraction:
    """How long the event sounds for each part of its written length: 1 outside of tuplets."""
    actual, normal = event.tuplet or (1, 1)
    return Fraction(normal, actual)


def note_xml(event: Event, voice: str, beams: list[str], divisions: int, shift: int) -> Iterator[str]:
    """The elements of an event. `beams` are of `beam_marks`, `divisions` those of a quarter, and `shift` the
    octaves of the clef.
    """
    fingers = [text for text in event.texts if text in FINGERS and event.pitches]
    yield from (quoted(text) for text in event.texts if text not in fingers)
    yield from (mark_direction(mark) for mark in event.marks)
    yield from _graces(event, voice, shift)
    parts = ((event.written, "", 0),) if event.whole_measure else pieces(event.written)
    timing = ""
    if event.tuplet:
        actual, normal = event.tuplet
        timing = (
            f"<time-modification><actual-notes>{actual}</actual-notes><normal-notes>{normal}</normal-notes>"
            "</time-modification>"
        )
    for number, (length, kind, dots) in enumerate(parts):
        first, last = number == 0, number == len(parts) - 1
        notations = _notations(event, fingers, first, last)
        shape = f"<type>{kind}</type>" + "<dot/>" * dots if kind else ""
        duration = f"<duration>{int(length * ratio(event) * 4 * divisions)}</duration>"
        for head, pitch in enumerate(event.pitches or [None]):
            ties = _ties(pitch, first, last) if pitch is not None else []
            yield "<note>" if event.visible else '<note print-object="no">'
            yield "<chord/>" if head else ""
            if pitch is None:
                yield '<rest measure="yes"/>' if event.whole_measure else "<rest/>"
            else:
                yield _pitch(pitch, shift)
            yield duration
            yield from (f'<tie type="{tie}"/>' for tie in ties)
            yield f"<voice>{voice}</voice>{shape}"
            if pitch is not None and pitch.sign is not None and first:
                yield f"<accidental>{_ACCIDENTALS[pitch.sign]}</accidental>"
            yield timing
            if len(parts) == 1 and not head:
                yield from beams
            inner = "".join(f'<tied type="{tie}"/>' for tie in ties) + ("" if head else notations)
            yield f"<notations>{inner}</notations>" if inner else ""
            if first and not head:
                yield from (_lyric(*word) for word in event.words)
            yield "</note>"


def _graces(event: Event, voice: str, shift: int) -> Iterator[str]:
    kind = "eighth" if len(event.graces) == 1 else "16th"
    last = len(event.graces) - 1
    for number, pitch in enumerate(event.graces):
        grace = '<grace slash="yes"/>' if event.slashed else "<grace/>"
        sign = f"<accidental>{_ACCIDENTALS[pitch.sign]}</accidental>" if pitch.sign is not None else ""
        beam = "begin" if number == 0 else "end" if number == last else "continue"
        beams = "".join(f'<beam number="{level}">{beam}</beam>' for level in (1, 2)) if last else ""
        shape = f"<voice>{voice}</voice><type>{kind}</type>{sign}{beams}"
        yield f"<note>{grace}{_pitch(pitch, shift)}{shape}</note>"


def _pitch(pitch: Pitch, shift: int) -> str:
    alter = f"<alter>{pitch.alter}</alter>" if pitch.alter else ""
    octave = max(0, min(9, pitch.octave + shift))
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
