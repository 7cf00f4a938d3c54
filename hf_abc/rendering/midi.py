"""MIDI: from a tune through abc2midi, and the little of a MIDI file that the sound and the page need to
know.
"""

from dataclasses import dataclass

from hf_abc import abcmidi
from hf_abc.abcmidi import Message

_TAIL = bytes((0xFF, 0x2F, 0x00))  # end of track


def midi(
    text: str, *, grace_notes: bool = True, chord_symbols: bool = True
) -> tuple[bytes | None, list[Message]]:
    """The MIDI file of a tune, with grace notes and chord symbols played or not, and abc2midi's messages.

    None where abc2midi writes no file, or one without a note (its exit status tells nothing).
    """
    data, messages = abcmidi.to_midi(text, grace_notes=grace_notes, chord_symbols=chord_symbols)
    if data is not None and not read(data).notes:
        return None, messages
    return data, messages


@dataclass(frozen=True, slots=True)
class Played:
    """What sounds in a MIDI file. `notes` are (onset in ticks, pitch, length in ticks, channel), in order
    of onset.
    """

    ticks_per_quarter: int
    notes: list[tuple[int, int, int, int]]
    tempos: list[tuple[int, int]]  # (tick, microseconds in a quarter)
    ticks: int
    seconds: float


def read(data: bytes) -> Played:
    """Read a standard MIDI file. What is broken or cut off is ignored; without a header there are no
    notes.
    """
    if data[:4] != b"MThd" or len(data) < 14:
        return Played(480, [], [], 0, 0.0)
    division = int.from_bytes(data[12:14], "big") & 0x7FFF or 480
    notes: list[tuple[int, int, int, int]] = []
    tempos: list[tuple[int, int]] = []
    end, place = 0, 8 + int.from_bytes(data[4:8], "big")
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "big")
        if data[place : place + 4] == b"MTrk":
            end = max(end, _track(data[place + 8 : place + 8 + size], notes, tempos))
        place += 8 + size
    tempos.sort()
    return Played(division, sorted(notes), tempos, end, _seconds(end, tempos, division))


def _track(data: bytes, notes: list[tuple[int, int, int, int]], tempos: list[tuple[int, int]]) -> int:
    """Add a track's notes and tempos; returns its length in ticks."""
    now, place, status = 0, 0, 0
    sounding: dict[tuple[int, int], list[int]] = {}

    def variable() -> int:
        nonlocal place
        value = 0
        while place < len(data):
            byte = data[place]
            place += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                break
        return value

    while place < len(data):
        now += variable()
        if place >= len(data):
            break
        if data[place] >= 0x80:
            status = data[place]
            place += 1
        if status == 0xFF:
            kind = data[place] if place < len(data) else 0x2F
            place += 1
            size = variable()
            if kind == 0x51 and size == 3:
                tempos.append((now, int.from_bytes(data[place : place + 3], "big")))
            place += size
            if kind == 0x2F:
                break
        elif status in (0xF0, 0xF7):
            place += variable()
        else:
            pitch, velocity = (*data[place : place + 2], 0, 0)[:2]
            place += 1 if status & 0xE0 == 0xC0 else 2
            key = (status & 0x0F, pitch)
            if status & 0xF0 == 0x90 and velocity:
                sounding.setdefault(key, []).append(now)
            elif status & 0xE0 == 0x80 and sounding.get(key):
                onset = sounding[key].pop(0)
                notes.append((onset, pitch, now - onset, key[0]))
    return now


def _seconds(end: int, tempos: list[tuple[int, int]], division: int) -> float:
    seconds, before, tempo = 0.0, 0, 500_000
    for tick, value in tempos:
        if tick >= end:
            break
        seconds += (tick - before) * tempo
        before, tempo = tick, value
    return (seconds + (end - before) * tempo) / division / 1e6


def with_tail(data: bytes, seconds: float) -> bytes:
    """The same file with silence behind it, so that a renderer lets the last note ring: an empty track,
    `seconds` longer.
    """
    played = read(data)
    tempo = played.tempos[-1][1] if played.tempos else 500_000
    ticks = played.ticks + int(seconds * 1e6 / max(tempo, 1) * played.ticks_per_quarter)
    body = _variable(ticks) + bytes((0xB0, 0x07, 0x7F)) + b"\0" + _TAIL
    tracks = int.from_bytes(data[10:12], "big") + 1
    head = data[:8] + b"\0\1" + tracks.to_bytes(2, "big") + data[12:]
    return head + b"MTrk" + len(body).to_bytes(4, "big") + body


def _variable(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))
