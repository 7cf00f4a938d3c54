"""The symbol under way in a tune that is read character by character: what it may become, and what it does
to its voice when it is over.
"""

import re

from hf_abc.notation import part as music
from hf_abc.notation.field_lines import INLINE_FIELDS, open_field
from hf_abc.notation.part import Part, Ratio
from hf_abc.notation.state import (
    State,
    fields_of,
    is_over,
    leads,
    loosened,
    may_begin,
    may_close,
    owing,
    several,
    together,
)
from hf_abc.notation.written import MOST, hope, longer, ratio, split_length

NOTE_LETTERS = "ABCDEFGabcdefg"
SIGNS = "HLMOPRSTsuv.~"  # decorations of one character that abc2midi knows
_LENGTH = r"\d{0,2}(?:/{0,2}|/\d{0,2})"
PENDING = re.compile(
    rf"(?:\^\^?|__?|=)(?:[A-Ga-g](?:(?<=[A-G]),{{0,3}}|(?<=[a-g])'{{0,3}}){_LENGTH})?"
    rf"|[A-G],{{0,3}}{_LENGTH}|[a-g]'{{0,3}}{_LENGTH}|[zx]{_LENGTH}|[ZX]\d{{0,2}}|y\d?"
    r"|\(\d?(?:(?<=\d):\d?(?::\d?)?)?|>{1,3}|<{1,3}"
    r"|::?|:?\|\|?(?:\]|:)?|(?::\|)?\|\d(?:[,-]?\d)*[,-]?|:\|\d(?:[,-]?\d)*[,-]?"
    r"|\[(?:[A-Za-z]|\|:?|\d(?:[,-]?\d)*[,-]?)?"
    rf"|\]{_LENGTH}"
)
BAR = re.compile(r"::|:?\|\|?(?:\]|:)?|(?::?\||:\|\|)\d+(?:[,-]\d+)*|\[\|:?|\[\d+(?:[,-]\d+)*")


def grown(state: State, part: Part | None, pending: str = "") -> State | None:
    """The state with its voice so far on, and this symbol under way."""
    return None if part is None else state._replace(part=part, pending=pending)


def hopeful(state: State, pending: str) -> State | None:
    """The state with this symbol under way, if it can come to a good end."""
    first = pending[0]
    after = state._replace(pending=pending)
    if first in "|:" or pending[:2] == "[|" or (first == "[" and pending[1:2].isdigit()):
        if state.dot:
            return None
        return _hopeful_bar(after, pending)
    if first in "<>":
        part = state.part._replace(mark=False)
        return grown(state, music.broken(part, pending), pending)
    if first == "(":
        return after if len(pending) < 2 or hopeful_tuplet(state, pending) else None
    if first == "[":
        letters = fields_of(state, INLINE_FIELDS) if state.chord is None and not state.dot else ""
        field = any(open_field(state, c) for c in letters if c == (pending[1:] or c))
        return after if field or open_chord(state._replace(pending=""), pending[1:]) else None
    if first == "y" or state.grace:
        return after
    if first in "ZX":
        one = not together(state) or len(pending) < 2
        return after if one and music.rest_bars(state.part, 1) else None
    return _hopeful_note(after, pending)


def _hopeful_bar(state: State, text: str) -> State | None:
    """A bar line under way: what it is so far, or what one more sign makes of it, must be allowed."""
    part = state.part
    if is_over(state):
        return None
    if part.owed:
        wanted = part.owed[0][1]
        return state if wanted.startswith(text) and music.bar(part, wanted) else None
    options = [text + more for more in ("", "|", ":", "]", "1", "2") if BAR.fullmatch(text + more)]
    closed = [_closed(state, option) for option in options]
    if state.late and leads(state):
        closed = [p if p and _hurried_bar(part, p) else None for p in closed]
    good = [p for p in closed if p is not None]
    if not good:
        return None
    return state if any(not p.loose for p in good) else state._replace(part=part._replace(loose=True))


def _closed(state: State, text: str) -> Part | None:
    """The voice under way behind this bar line."""
    part = music.bar(state.part, text) if may_close(state, text) else None
    stuck = part and several(state) and not part.complete and music.begin(part) is None
    return None if stuck else part


def _hurried_bar(before: Part, after: Part) -> bool:
    """Whether a bar line helps a tune that shall end: a full bar is too long to end a repeat with a pick-up,
    one more is not.
    """
    line = after.closing
    assert line is not None
    if line.repeat_start or line.ending:
        return False
    if before.makes_up and not before.short and before.filled == before.full and not line.section:
        return True
    return bool(line.repeat_end) or (not after.repeats and line.section) or not before.filled


def hopeful_tuplet(state: State, text: str) -> bool:
    """`(3`, `(3:`, `(3:2` ..."""
    begun = music.begin(state.part) if may_begin(state) else None
    return begun is not None and any(
        music.tuplet(begun, text + more) for more in (("", "2") if text[-1] == ":" else ("",))
    )


def _hopeful_note(state: State, text: str) -> State | None:
    """A note, rest or end of a chord under way: its length so far, or one that it can grow into, must fit."""
    head, length = split_length(text)
    part, chord = state.part, state.chord
    inner: Ratio = (1, 1)
    loose = False
    if text[0] == "]":
        assert chord is not None
        inner = chord[0]
    elif chord is not None:
        if len(chord[1]) > 8 or int(length.partition("/")[0] or 1) > MOST:
            return None
        loose = len(chord[1]) > 4
        if chord[1] and head[-1] not in "^_=":
            same = [ratio == chord[0] for ratio in (ratio(length), *longer(length))]
            return None if not any(same) else loosened(state, loose)
    elif head in ("z", "x"):
        if any(not tied.startswith("|") for tied in part.tie):
            return None
    else:
        if not music.takes(part, head, well=False):
            return None
        loose = not music.takes(part, head, well=True)
    found = hope(
        part.measure,
        "?" if head[-1:] in ("^", "_", "=") else length,
        inner,
        chord is not None and text[0] != "]",
    )
    return None if found == 0 else loosened(state, loose or found == 1)


def flush(state: State) -> State | None:
    """The pending symbol is over."""
    text = state.pending
    if not text:
        return state
    first, part = text[0], state.part
    after = state._replace(pending="")
    if BAR.fullmatch(text):
        owes = together(state) and leads(state)
        return grown(owing(after, text) if owes else after, _closed(state, text))
    if first in "|:":
        return None
    if first in "<>":
        return after
    if first == "(":
        if len(text) > 1:
            begun = music.begin(part)
            return grown(after, begun and music.tuplet(begun, text.rstrip(":")))
        return None if part.slur else grown(after, part._replace(slur=True))
    if first == "y" or state.grace:
        return after
    if first == "[":
        return open_chord(after, text[1:])
    if first in "ZX":
        return grown(after, music.rest_bars(part, int(text[1:] or 1)))
    head, length = split_length(text)
    own = ratio(length)
    if own is None or head[-1:] in "^_=":
        return None
    return _timed(after, head, own)


def _timed(state: State, head: str, ratio: Ratio) -> State | None:
    """A note, a rest or a chord has its length."""
    chord = state.chord
    if head == "]":
        assert chord is not None
        (top, bottom), pitches = chord
        length = (ratio[0] * top, ratio[1] * bottom)
        return grown(state._replace(chord=None), music.sound(state.part, length, pitches))
    if chord is None:
        return grown(state, music.sound(state.part, ratio, () if head in "zx" else (head,)))
    if chord[1] and chord[0] != ratio:
        return None
    return state._replace(chord=(ratio, (*chord[1], head))) if len(chord[1]) < 9 else None


def open_chord(state: State, letter: str) -> State | None:
    """A `[` that was no field and no bar line; `letter` is the one behind it."""
    if state.chord is not None:
        return None
    begun = music.begin(state.part) if may_begin(state) else None
    if begun is None:
        return None
    if not any(begun.measure.fits(ratio) for ratio in ((1, 1), (1, 2), (1, 4), (1, 8), (1, 16))):
        return None
    opened = state._replace(part=begun, chord=((1, 1), ()), dot=False)
    if not letter:
        return opened
    if letter in SIGNS:
        return None if state.late else opened._replace(dot=True)
    return hopeful(opened, letter) if letter in NOTE_LETTERS else None
