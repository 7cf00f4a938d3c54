"""Lines and brackets that are no notes: fields and what they change, comments, texts, signs by name.

Each function takes a `State` that is reading such a thing one character further, as the automaton does.
"""

import re
from fractions import Fraction

from hf_abc.notation.fields import begins_value, voice_name
from hf_abc.notation.meter import WHOLE, default_length, parse_length, parse_meter
from hf_abc.notation.part import Part
from hf_abc.notation.state import State, loosened, may_leave, switched, together, voices_open

BODY_FIELDS = "IKLMPQTVWsw"  # abc2midi takes no others
INLINE_FIELDS = "IKLMPQRVr"
LONGEST_TITLE = 100
"""Letters of the longest title; 15,495 real ones end at 98."""
_TITLE = "T"


def open_field(state: State, letter: str) -> State | None:
    """`letter` and a colon have been read."""
    if state.body:
        if state.chord or state.grace or letter not in BODY_FIELDS + INLINE_FIELDS:
            return None
        if letter == "V" and not may_leave(state):
            return None
        if letter == "V" and state.voices and not state.named:
            state = loosened(state, True)
        if letter in "ML" and (together(state) or not between(state.part)):
            return None
    elif (
        (letter == "X") != (not state.seen)
        or (letter == "K" and letter in state.seen)
        or letter == "K"
        and "M" not in state.seen
    ):
        return None
    seen = state.seen if state.body or letter not in "XMLK" else state.seen + letter
    pending = f"{letter}:" if letter in "XMLKV" else ""
    if letter == "T" and not state.body:
        pending = _TITLE
    return state._replace(mode="field", pending=pending, seen=seen)


def read_field(state: State, c: str) -> State | None:
    """Inside of a field line."""
    pending = state.pending
    if pending.startswith(_TITLE):
        return _read_title(state, c)
    if c == "\n":
        return _close_field(state, pending, "line") if pending else state._replace(mode="line", pending="")
    if not pending:
        return state
    value = pending[2:] + c
    if len(value) > 60 or not begins_value(pending[0], value, voices_open(state)):
        return None
    return state._replace(pending=pending + c)


def _read_title(state: State, c: str) -> State | None:
    """Inside of a header's T:. One that holds a bar line or does not end is music that has begun too early;
    its letters are counted and forgotten.
    """
    if c == "\n":
        return state._replace(mode="line", pending="")
    letters = min(int(state.pending[1:] or 0) + 1, LONGEST_TITLE)
    after = state._replace(pending=f"{_TITLE}{letters}")
    return loosened(after, c == "|" or letters == LONGEST_TITLE)


def _close_field(state: State, text: str, mode: str) -> State | None:
    """A field is over: what it changes."""
    letter, value = text[0], re.split(r"(?<!\\)%", text[2:])[0]
    after: State | None = state._replace(mode=mode, pending="")
    if not begins_value(letter, value, voices_open(state), whole=True):
        return None
    assert after is not None
    part = after.part
    if letter == "M":
        meter = parse_meter(value)
        part = part._replace(full=meter.ticks or 0, compound=meter.compound)
        if "L" not in state.seen and not state.body:
            part = part._replace(unit=_ticks(default_length(meter)))
        before = after.part
        if before.filled and before.closing is not None:  # the bar that is over keeps its own meter
            part = part._replace(
                filled=part.full if before.filled == before.full else part.filled, opened=True
            )
        after = after._replace(part=part)
    elif letter == "L":
        unit = parse_length(value)
        after = after._replace(part=part._replace(unit=_ticks(unit))) if unit else None
    elif letter == "V":
        return switched(after, voice_name(value))
    if letter == "K" and not state.body and after:
        after = after._replace(body=True)
    return after


def _ticks(length: Fraction) -> int:
    return length.numerator * WHOLE // length.denominator


def open_inline(state: State, letter: str) -> State | None:
    if state.dot or letter not in INLINE_FIELDS:
        return None
    opened = open_field(state._replace(pending=""), letter)
    return opened and opened._replace(mode="inline", pending=opened.pending or f"{letter}:")


def read_inline(state: State, c: str) -> State | None:
    if c == "\n" or c == "[":
        return None
    if c == "]":
        return _close_field(state, state.pending, "music")
    value = state.pending[2:] + c
    if len(value) > 40 or not begins_value(state.pending[0], value, voices_open(state)):
        return None
    return state._replace(pending=state.pending + c)


def between(part: Part) -> bool:
    """Whether the meter or the unit may change here."""
    return not (part.tuplet[0] or part.mark) and (part.closing is not None or not part.filled)


def read_comment(state: State, c: str) -> State | None:
    return state._replace(mode="line", pending="") if c == "\n" else state


def read_quote(state: State, c: str) -> State | None:
    return state._replace(mode="music") if c == '"' else state if c != "\n" else None


def read_sign(state: State, c: str) -> State | None:
    pending = state.pending
    if c == pending[0]:
        return state._replace(mode="music", pending="") if len(pending) > 1 else None
    if c == "\n":
        return state._replace(mode="line", pending="") if pending == "!" else None
    return state._replace(pending=pending[0] + "x") if c not in " |" else None


def read_tail(state: State, c: str) -> State | None:
    if c == "\n":
        return state._replace(mode="line")
    return state if c in " \t" else state._replace(mode="comment") if c == "%" else None
