"""MIDI: a tune played by one of three engines, in the way that the listener asks for.

`abc2midi` is the program in the wheel of symusic (5.02), with its faults at ties worked round
(notation/ties.py). `system` is the abc2midi that this computer has, as it is (Debian's 4.84 has none of
those faults). `music21` is there for those who want to compare: measured, it plays 52 % of real tunes as
written and takes a hundred times as long.
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from hf_abc import abcmidi
from hf_abc.abcmidi import Message
from hf_abc.errors import InputError, MissingPackageError, ToolError
from hf_abc.notation.ties import mend_ties
from hf_abc.notation.transpose import transpose
from hf_abc.notation.tune import FIELD, split_header
from hf_abc.process import run
from hf_abc.rendering.instruments import instrument
from hf_abc.rendering.midifile import moved, read, with_instrument

Engine = Literal["abc2midi", "system", "music21"]
_CHILD = Path(__file__).with_name("music21_child.py")
_TEMPO = re.compile(r"(?:(\d{1,2})/(\d{1,3})=)?(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Playing:
    """How to play. `tempo` is beats a minute, of quarters (`120`) or as in Q: (`3/8=100`); "" leaves the
    tune's own. `instrument` is a name or number of General MIDI; `transpose` is in semitones.
    """

    grace_notes: bool = True
    chord_symbols: bool = True
    tempo: str = ""
    instrument: str = ""
    transpose: int = 0
    engine: Engine = "abc2midi"

    def __post_init__(self) -> None:
        """Raises InputError for a value that means nothing, before any tune is touched."""
        if self.engine not in get_args(Engine):
            raise InputError(
                f"the engine {self.engine!r} is not known: use one of {', '.join(get_args(Engine))}"
            )
        found = _TEMPO.fullmatch(self.tempo.strip())
        if self.tempo and (not found or not 1 <= int(found[3]) <= 1000 or found[2] and int(found[2]) == 0):
            raise InputError(
                f"the tempo {self.tempo!r} is not known: write beats a minute, as in 120 or 3/8=100"
            )
        if not -60 <= self.transpose <= 60:
            raise InputError(f"a transposition by {self.transpose} semitones is too wide: at most 60")
        if self.instrument:
            instrument(self.instrument)


AS_WRITTEN = Playing()


@dataclass(frozen=True, slots=True)
class Performance:
    """A MIDI file, or None, and then why there is none; abc2midi's messages; and what was changed or went
    wrong.
    """

    midi: bytes | None
    messages: list[Message]
    notes: list[str]
    missing: str = ""


def perform(text: str, playing: Playing = AS_WRITTEN) -> Performance:
    """Play a tune. The messages are abc2midi's on the text as it stands, whatever the engine.

    Raises ToolError where the engine is not there; a tune that it cannot play raises nothing.
    """
    messages = abcmidi.check_book([text])[0]
    notes: list[str] = []
    if any(message.kind == "no-tune" for message in messages):
        return Performance(None, messages, notes, "there is no tune to play: the X: field is missing")
    played = with_tempo(text, playing.tempo) if playing.tempo else text
    shift = playing.transpose
    if shift and (higher := transpose(played, shift)) is not None:
        played, shift = higher, 0
    if playing.engine == "music21":
        data, notes = _music21(played)
    else:
        tool = None
        if playing.engine == "system":
            tool = system_abc2midi()
        else:
            played, notes = mend_ties(played)
        options = [] if playing.grace_notes else ["-NGRA"]
        options += [] if playing.chord_symbols else ["-NGUI"]
        data = abcmidi.convert(played, *options, tool=tool)
    if data is None:
        name = "the abc2midi of this computer" if playing.engine == "system" else playing.engine
        return Performance(None, messages, notes, f"{name} wrote no MIDI file of this tune")
    if not read(data).notes:
        return Performance(None, messages, notes, "there is no note to play in this tune")
    data = moved(data, shift) if shift else data
    data = with_instrument(data, instrument(playing.instrument)) if playing.instrument else data
    return Performance(data, messages, notes)


def midi(text: str, playing: Playing = AS_WRITTEN) -> tuple[bytes | None, list[Message]]:
    """The MIDI file of a tune and abc2midi's messages: `perform`, without what was changed.

    None where abc2midi writes no file, or one without a note (its exit status tells nothing).
    """
    done = perform(text, playing)
    return done.midi, done.messages


def in_key(text: str, playing: Playing) -> tuple[str, Playing, list[str]]:
    """The tune in the key that `playing` asks for, what is left to do in playing it, and a note if it
    cannot be written there: then only the sound moves.
    """
    higher = transpose(text, playing.transpose)
    if higher is not None:
        return higher, replace(playing, transpose=0), []
    return text, playing, ["this tune cannot be written in another key: only its sound is transposed"]


def with_tempo(text: str, tempo: str) -> str:
    """The tune at one tempo: its own tempo fields give way to one in the header."""
    value = tempo if "=" in tempo else f"1/4={tempo}"
    header, body = split_header(re.sub(r"\[Q:[^\]\n]*\]", "", text))

    def without(lines: list[str]) -> list[str]:
        # a line that goes becomes a comment, so that messages keep their lines
        return ["%" if (found := FIELD.match(line)) and found[1] == "Q" else line for line in lines]

    return "\n".join([*without(header[:-1]), f"Q:{value}", *header[-1:], *without(body)]) + "\n"


def system_abc2midi() -> Path:
    """The abc2midi on the PATH. Raises ToolError where there is none."""
    found = shutil.which("abc2midi")
    if found is None:
        raise ToolError(
            "this computer has no abc2midi of its own: type `apt install abcmidi` or `brew install abcmidi`, "
            "or use the engine abc2midi, which comes with the package"
        )
    return Path(found).resolve()


def _music21(text: str) -> tuple[bytes | None, list[str]]:
    """music21 in a child process: it may think for hours about a loop."""
    import importlib.util

    if importlib.util.find_spec("music21") is None:
        raise MissingPackageError("music21")
    done = run(
        [sys.executable, "-I", str(_CHILD), *filter(os.path.isabs, sys.path)],
        inputs={"tune.abc": abcmidi.harmless(text).encode("utf-8", "replace")},
        outputs=["tune.mid"],
        timeout=60,
        memory_mb=4096 if os.name != "nt" else 1024,
    )
    if data := done.files.get("tune.mid"):
        return data, [done.stdout.decode("utf-8", "replace").strip()] if done.stdout.strip() else []
    last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"])[-1]
    why = "it did not come to an end in a minute" if done.timed_out else last[:200]
    return None, [f"music21 cannot play this tune: {why}"]
