"""The little of a standard MIDI file that sound, page and options need: read its notes, change its
instrument, move its pitches, let its end ring.
"""

from collections.abc import Iterator
from dataclasses import dataclass

DRUMS = 9  # the channel whose notes are drums: they have no pitch
_TAIL = bytes((0xFF, 0x2F, 0x00))  # end of track


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
            size = variable()
            place += size
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


def with_instrument(data: bytes, program: int) -> bytes:
    """The same file with all that is not drums played by one instrument (a General MIDI program, 0 to 127).

    Each track says so at its start for every channel that it uses, and its own program changes are
    overwritten.
    """
    return _edited(data, program=program)


def moved(data: bytes, semitones: int) -> bytes:
    """The same file so many semitones higher; drums stay, and a note that would leave MIDI's range moves by
    octaves less.
    """
    return _edited(data, semitones=semitones)


def _edited(data: bytes, *, program: int | None = None, semitones: int = 0) -> bytes:
    out, place = bytearray(data[: 8 + int.from_bytes(data[4:8], "big")]), 8 + int.from_bytes(data[4:8], "big")
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "big")
        body = bytearray(data[place + 8 : place + 8 + size])
        if data[place : place + 4] == b"MTrk":
            channels: set[int] = set()
            for status, at in _events(bytes(body)):
                if status & 0x0F == DRUMS:
                    continue
                channels.add(status & 0x0F)
                if program is not None and status & 0xF0 == 0xC0:
                    body[at] = program
                elif semitones and status & 0xF0 in (0x80, 0x90, 0xA0):
                    body[at] = _in_range(body[at] + semitones)
            if program is not None:
                body[:0] = b"".join(bytes((0, 0xC0 | channel, program)) for channel in sorted(channels))
        out += data[place : place + 4] + len(body).to_bytes(4, "big") + body
        place += 8 + size
    return bytes(out)


def _in_range(pitch: int) -> int:
    return pitch % 12 if pitch < 0 else 116 + (pitch - 116) % 12 if pitch > 127 else pitch


def _events(data: bytes) -> Iterator[tuple[int, int]]:
    """(status, place of its first data byte) of each channel event in a track that keeps to the standard."""
    place, status = 0, 0

    def variable() -> int:
        nonlocal place
        value = 0
        while place < len(data):
            place += 1
            value = value << 7 | data[place - 1] & 0x7F
            if data[place - 1] < 0x80:
                break
        return value

    while place < len(data):
        variable()
        if place >= len(data):
            return
        if data[place] >= 0x80:
            status = data[place]
            place += 1
        if status == 0xFF:
            place += 1
            size = variable()
            place += size
        elif status in (0xF0, 0xF7):
            size = variable()
            place += size
        else:
            size = 1 if status & 0xE0 == 0xC0 else 2
            if place + size > len(data):
                return
            yield status, place
            place += size
