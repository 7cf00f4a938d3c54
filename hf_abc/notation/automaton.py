"""A tune read character by character: what may come next, and what never will be right.

`step` takes a `State` and one character to the next `State`, or to None where no tune that begins so is
sound: a bar that is too long, a note that is none, a header that names no key. From every state that it
gives, a sound end can be reached with plain characters, so that a model which is kept on it is never left
without a token. `State.loose` marks a step that a real tune may take, but that abc2midi finds wrong.

States are values: a caller may keep what follows from them. They say nothing about what has been written,
only about what may be, so that they recur from tune to tune.

Not known here, and let through as text: the names of decorations and chord symbols, lyrics, voice overlays.
Characters beyond ASCII are taken byte by byte, as tokenizers cut them.
"""

import re

from hf_abc.notation import part as music
from hf_abc.notation.field_lines import (
    BODY_FIELDS,
    INLINE_FIELDS,
    open_field,
    open_inline,
    read_comment,
    read_field,
    read_inline,
    read_quote,
    read_sign,
    read_tail,
)
from hf_abc.notation.part import Part, Ratio
from hf_abc.notation.state import (
    State,
    fields_of,
    is_behind,
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

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NOTE_LETTERS = "ABCDEFGabcdefg"
_SIGNS = "HLMOPRSTsuv.~"  # decorations of one character that abc2midi knows
_LENGTH = r"\d{0,2}(?:/{0,2}|/\d{0,2})"
_PENDING = re.compile(
    rf"(?:\^\^?|__?|=)(?:[A-Ga-g](?:(?<=[A-G]),{{0,3}}|(?<=[a-g])'{{0,3}}){_LENGTH})?"
    rf"|[A-G],{{0,3}}{_LENGTH}|[a-g]'{{0,3}}{_LENGTH}|[zx]{_LENGTH}|[ZX]\d{{0,2}}|y\d?"
    r"|\(\d?(?:(?<=\d):\d?(?::\d?)?)?|>{1,3}|<{1,3}"
    r"|::?|:?\|\|?(?:\]|:)?|(?::\|)?\|\d(?:[,-]?\d)*[,-]?|:\|\d(?:[,-]?\d)*[,-]?"
    r"|\[(?:[A-Za-z]|\|:?|\d(?:[,-]?\d)*[,-]?)?"
    rf"|\]{_LENGTH}"
)
_BAR = re.compile(r"::|:?\|\|?(?:\]|:)?|(?::?\||:\|\|)\d+(?:[,-]\d+)*|\[\|:?|\[\d+(?:[,-]\d+)*")


START = State()


def step(state: State, character: str) -> State | None:
    """The state behind one more character."""
    if character < " " and character not in "\n\t":
        return None
    return _MODES[state.mode](state, character)


def may_end(state: State) -> State | None:
    """The state at the end of the tune (`loose` where its last bar is odd); None where it may not end."""
    if not state.body or state.chord or state.grace or state.dot or state.mode in ("inline", "quote", "sign"):
        return None
    over = _flush(state) if state.mode in ("music", "line") else state
    if over is None or over.chord or over.grace:
        return None
    part = over.part
    cut = state.late and len(state.named) > 1 and not state.voices  # better open than endless
    if not (part.complete or cut and part._replace(repeat=0, ending=0).complete):
        return None
    others = [p for name, p in over.others if name in over.named]
    if several(over) and (is_behind(over) or not all(_whole(p, over.late) for p in others)):
        return None
    if not any(p.sounded for _, p in (*over.others, ("", part))):
        return None
    return over if music.ends_well(part) else over._replace(part=part._replace(loose=True))


def _whole(part: Part, late: bool) -> bool:
    """Whether a voice has its music."""
    return not part.tie and (part.sounded or late)


def settled(state: State) -> State | None:
    """The state where the symbol under way is over as it stands (`loose` where that is odd); None where it
    must go on.
    """
    return _flush(state) if state.pending and state.mode == "music" else state


def hurried(state: State) -> State:
    """The same place in a tune that shall end with this bar or this strain: not where a sign waits for its
    note, or where a symbol has begun that such a tune must not have.
    """
    pending = state.pending
    begun = pending[:1] == "[" or (pending[:1] in ("|", ":") and not may_close(state, pending))
    return state if state.dot or begun else state._replace(late=True)


def _line(state: State, c: str) -> State | None:
    """The beginning of a line: a field or music."""
    pending = state.pending
    if not pending:
        if c in _LETTERS and (
            not state.body or (c in fields_of(state, BODY_FIELDS) and open_field(state, c))
        ):
            return state._replace(pending=c)
        if c == "%":
            return state._replace(mode="comment") if state.seen and not state.late else None
        if not state.body or c == "\n":
            return None
        return _music(state._replace(mode="music"), c)
    if c == ":":
        return open_field(state, pending)
    if not state.body:
        return None
    after: State | None = state._replace(mode="music", pending="")
    for letter in pending + c:
        after = after and _music(after, letter)
    return after


def _music(state: State, c: str) -> State | None:
    pending = state.pending
    if pending:
        if pending[0] == "[" and len(pending) == 2 and c == ":" and pending[1] in _LETTERS:
            return open_inline(state, pending[1])
        longer = pending + c
        if _PENDING.fullmatch(longer):
            return _hopeful(state, longer)
        over = _flush(state)
        if over is None or over.pending:  # a chord's first note
            return over and _music(over, c)
        if state.late and pending[0] in "|:" and leads(state) and not (is_over(over) or may_begin(over)):
            return None  # a double bar, or no more
        return _tie(state, over) if c == "-" else _fresh(over, c)
    return _fresh(state, c)


def _tie(before: State, after: State) -> State | None:
    """A tie behind the note or chord that was pending `before` and is over in `after`."""
    head = split_length(before.pending)[0]
    if before.late and together(before):
        return None
    if before.grace or head[-1:] not in (*_NOTE_LETTERS, "'", ",", "]"):
        return None
    if after.chord is not None:
        return after  # of a chord that is not over
    pitches = before.chord[1] if before.chord is not None else (head,)
    return after._replace(part=after.part._replace(tie=pitches))


def _fresh(state: State, c: str) -> State | None:
    """A character that begins a symbol."""
    if state.grace:
        return _in_grace(state, c)
    if c in " \t`$" and not state.dot:
        if state.late and state.gap:
            return None
        return loosened(state._replace(gap=True), state.gap or state.chord is not None)
    if state.gap:
        state = state._replace(gap=False)
    if state.dot:
        if c not in '([{^_=!"' + _SIGNS + _NOTE_LETTERS + "zx":
            return None
        state = state._replace(dot=c == "[")
    if c in "[^_=zxZX(" or c in _NOTE_LETTERS:
        if state.chord and c in "[zxZX(":
            return None
        return _start(state, c)
    if state.chord:
        if c == "]" and state.chord[1]:
            return state._replace(pending=c)
        fits = len(state.chord[1]) < 9 and not state.late
        return state._replace(dot=True) if c in _SIGNS and fits else None
    return _sign(state, c)


def _sign(state: State, c: str) -> State | None:
    """A character that begins a symbol which is neither note nor chord."""
    part = state.part
    if c in "|:":
        return _hopeful(state, c)
    full = part.whole > 0 and part.closing is None and not part.room
    if c == "\n":
        return None if state.late and state.gap else loosened(state._replace(mode="line", gap=True), full)
    if several(state) and not may_begin(state):
        return None
    if c in "<>":
        return _with(state, music.broken(part, c), c)
    if c == ")" and not state.late:
        return state._replace(part=part._replace(slur=False))
    if c == "-":  # apart from its note: who knows which
        free = part.sounded and not (part.tie or part.mark or part.closing)
        return _with(state, part._replace(tie=("",), loose=True)) if free else None
    if state.late:
        return None
    state = loosened(state, full)  # what belongs to a note stands in front of it
    if c == "{":
        return state._replace(grace=True) if not part.tie else None
    if c == "y":
        return loosened(state._replace(pending=c), True)
    if c == '"':
        return state._replace(mode="quote")
    if c in "!+":
        return state._replace(mode="sign", pending=c)
    if c == "%":
        return state._replace(mode="comment")
    if c == "\\":
        return state._replace(mode="tail")
    return state._replace(dot=True) if c in _SIGNS and not full else None


def _start(state: State, c: str) -> State | None:
    """The first character of a note, rest, chord, tuplet, slur or of a field in brackets."""
    if c == "(" and state.part.slur and not any(_hopeful_tuplet(state, f"({n}") for n in "23"):
        return None
    if c in "[(" and state.late and (c == "(" or len(state.named) < 2):
        return None
    if c == "[" and state.dot and _open_chord(state, "") is None:
        return None
    if c == "[" and not any(_hopeful(state, f"[{more}") for more in ("", "|", "1", "2")):
        return None
    if c in "[(":
        full = state.part.whole > 0 and state.part.closing is None and not state.part.room
        return loosened(state._replace(pending=c), full)
    if state.chord is None:
        begun = music.begin(state.part) if may_begin(state) else None
        if begun is None:
            return None
        state = state._replace(part=begun)
    return _hopeful(state, c)


def _with(state: State, part: Part | None, pending: str = "") -> State | None:
    return None if part is None else state._replace(part=part, pending=pending)


def _hopeful(state: State, pending: str) -> State | None:
    """The state with this symbol under way, if it can come to a good end."""
    first = pending[0]
    after = state._replace(pending=pending)
    if first in "|:" or pending[:2] == "[|" or (first == "[" and pending[1:2].isdigit()):
        if state.dot:
            return None
        return _hopeful_bar(after, pending)
    if first in "<>":
        part = state.part._replace(mark=False)
        return _with(state, music.broken(part, pending), pending)
    if first == "(":
        return after if len(pending) < 2 or _hopeful_tuplet(state, pending) else None
    if first == "[":
        letters = fields_of(state, INLINE_FIELDS) if state.chord is None and not state.dot else ""
        field = any(open_field(state, c) for c in letters if c == (pending[1:] or c))
        return after if field or _open_chord(state._replace(pending=""), pending[1:]) else None
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
    options = [text + more for more in ("", "|", ":", "]", "1", "2") if _BAR.fullmatch(text + more)]
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
    """Whether a bar line helps a tune that shall end."""
    line = after.closing
    assert line is not None
    if line.repeat_start or line.ending:
        return False
    return bool(line.repeat_end) or (not after.repeats and line.section) or not before.filled


def _hopeful_tuplet(state: State, text: str) -> bool:
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


def _flush(state: State) -> State | None:
    """The pending symbol is over."""
    text = state.pending
    if not text:
        return state
    first, part = text[0], state.part
    after = state._replace(pending="")
    if state.mode == "line":
        music_line: State | None = state._replace(mode="music", pending="")
        for letter in text:
            music_line = music_line and _music(music_line, letter)
        return music_line and _flush(music_line)
    if _BAR.fullmatch(text):
        owes = together(state) and leads(state)
        return _with(owing(after, text) if owes else after, _closed(state, text))
    if first in "|:":
        return None
    if first in "<>":
        return after
    if first == "(":
        if len(text) > 1:
            begun = music.begin(part)
            return _with(after, begun and music.tuplet(begun, text.rstrip(":")))
        return None if part.slur else _with(after, part._replace(slur=True))
    if first == "y" or state.grace:
        return after
    if first == "[":
        return _open_chord(after, text[1:])
    if first in "ZX":
        return _with(after, music.rest_bars(part, int(text[1:] or 1)))
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
        return _with(state._replace(chord=None), music.sound(state.part, length, pitches))
    if chord is None:
        return _with(state, music.sound(state.part, ratio, () if head in "zx" else (head,)))
    if chord[1] and chord[0] != ratio:
        return None
    return state._replace(chord=(ratio, (*chord[1], head))) if len(chord[1]) < 9 else None


def _open_chord(state: State, letter: str) -> State | None:
    """A `[` that was no field and no bar line; `letter` is the one behind it."""
    if state.chord is not None:
        return None
    begun = music.begin(state.part) if may_begin(state) else None
    if begun is None:
        return None
    if not any(begun.measure.fits(ratio) for ratio in ((1, 1), (1, 2), (1, 4), (1, 8), (1, 16))):
        return None
    opened: State | None = state._replace(part=begun, chord=((1, 1), ()), dot=False)
    for c in letter:
        opened = opened and _fresh(opened, c)
    return opened


def _in_grace(state: State, c: str) -> State | None:
    """Between `{` and `}`."""
    if c == "}":
        return state._replace(grace=False)
    if c in "^_=" or c in _NOTE_LETTERS:
        return state._replace(pending=c)
    return state if c in " /" else None


_MODES = {
    "line": _line,
    "field": read_field,
    "music": _music,
    "inline": read_inline,
    "comment": read_comment,
    "quote": read_quote,
    "sign": read_sign,
    "tail": read_tail,
}
