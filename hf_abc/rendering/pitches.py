"""Which pitch a note has on the staff: accidentals of the key and of the bar, and ties over the bar line."""

import re

from hf_abc.notation.keys import Key
from hf_abc.rendering.staff import Event, Pitch

_ALTER = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_NOTE = re.compile(r"(\^\^|__|\^|_|=)?([A-Ga-g])([,']*)([\d/]*)")


class Pitches:
    """What one voice remembers from note to note.

    An accidental holds for its letter in every octave to the end of the bar, as abc2midi plays it; where it
    was set in another octave it is drawn again.
    """

    def __init__(self, key: Key) -> None:
        self.key = key
        self.octave = 0
        self._altered: dict[str, int] = {}
        self._tied: list[Pitch] = []
        self._tied_in_chord: list[Pitch] = []  # of the chord that is open

    def read(self, text: str) -> tuple[Pitch, str]:
        """A note of the lexer: its pitch, and what is left, its length."""
        found = _NOTE.match(text)
        assert found is not None, text  # the lexer's note is this pattern
        accidental, letter, marks, length = found.groups()
        step = letter.upper()
        octave = (4 if letter == step else 5) + marks.count("'") - marks.count(",") + self.octave
        place, altered, sign = step + str(octave), self._altered, None
        if accidental:
            sign = altered[place] = altered[step] = _ALTER[accidental]
        alter = altered.get(step, self.key.accidentals.get(step, 0))
        if sign is None and step in altered and altered.get(place) != alter:
            sign = altered[place] = alter
        pitch = Pitch(step, octave, alter, sign)
        for tied in self._tied:
            if (tied.step, tied.octave) == (step, octave) and step not in altered:
                pitch.alter = tied.alter  # an accidental goes over the bar line with the tie
        return pitch, length

    def bar(self) -> None:
        """A bar line: accidentals end."""
        self._altered.clear()

    def change_key(self, key: Key) -> None:
        """Another key from here on."""
        self.key = key
        self._altered.clear()

    def tie(self, pitches: list[Pitch], *, in_chord: bool = False) -> None:
        """A tie behind these note heads."""
        if in_chord:
            self._tied_in_chord += pitches
        else:
            self._tied = list(pitches)

    def join(self, event: Event) -> None:
        """Join the ties that are open to the heads of the next note or chord."""
        tied, self._tied = self._tied, []
        for before in tied:
            for pitch in event.pitches:
                if (before.step, before.octave, before.alter) == (pitch.step, pitch.octave, pitch.alter):
                    before.tie_start = pitch.tie_stop = True
                    pitch.sign = None

    def close_chord(self) -> None:
        """The ties within a chord wait for what follows it."""
        self._tied, self._tied_in_chord = self._tied_in_chord, []
