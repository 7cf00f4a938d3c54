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

from hf_abc.notation import part as music
from hf_abc.notation.field_lines import (
    BODY_FIELDS,
    open_field,
    open_inline,
    read_comment,
    read_field,
    read_inline,
    read_quote,
    read_sign,
    read_tail,
)
from hf_abc.notation.part import Part
from hf_abc.notation.state import (
    State,
    fields_of,
    is_behind,
    is_over,
    leads,
    loosened,
    may_begin,
    may_close,
    several,
)
from hf_abc.notation.symbol import (
    NOTE_LETTERS,
    PENDING,
    SIGNS,
    flush,
    grown,
    hopeful,
    hopeful_tuplet,
    open_chord,
)
from hf_abc.notation.written import split_length

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
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
    read: State | None = _as_music(state) if state.mode == "line" else state
    over = flush(read) if read and read.mode == "music" else read
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
    return flush(state) if state.pending and state.mode == "music" else state


def hurried(state: State) -> State:
    """The same place in a tune that shall end with this bar or this strain: not where a sign waits for its
    note, or where a symbol has begun that such a tune must not have.
    """
    pending = state.pending
    begun = pending[:1] == "[" or (pending[:1] in ("|", ":") and not may_close(state, pending))
    if state.dot or begun:
        return state
    late = _with_late(state, True)
    part = late.part
    waits = part.closing is not None or part.owed or part.tuplet[0] or part.mark
    if waits or part.short or not part.makes_up:
        return late
    made_up = late._replace(part=part._replace(short=part.pickup))
    over = settled(made_up) if late.mode == "music" else made_up  # the note under way may be too long for it
    return made_up if over is not None and over.part.room >= 0 and not over.loose else late


def unhurried(state: State) -> State:
    """The same place in a tune that may go on."""
    return _with_late(state, False)


def _with_late(state: State, late: bool) -> State:
    others = tuple((name, part._replace(late=late)) for name, part in state.others)
    return state._replace(late=late, part=state.part._replace(late=late), others=others)


def _line(state: State, c: str) -> State | None:
    """The beginning of a line: a field or music."""
    pending = state.pending
    if not pending:
        if c in (fields_of(state, BODY_FIELDS) if state.body else _LETTERS) and open_field(state, c):
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
    return _as_music(state, c)


def _as_music(state: State, more: str = "") -> State | None:
    """The letters of a line that turned out to be no field."""
    after: State | None = state._replace(mode="music", pending="")
    for letter in state.pending + more:
        after = after and _music(after, letter)
    return after


def _music(state: State, c: str) -> State | None:
    pending = state.pending
    if pending:
        if pending[0] == "[" and len(pending) == 2 and c == ":" and pending[1] in _LETTERS:
            return open_inline(state, pending[1])
        longer = pending + c
        if PENDING.fullmatch(longer):
            return hopeful(state, longer)
        over = flush(state)
        if over is None or over.pending:  # a chord's first note
            return over and _music(over, c)
        if state.late and pending[0] in "|:" and leads(state) and not (is_over(over) or may_begin(over)):
            return None  # a double bar, or no more
        return _tie(state, over) if c == "-" else _fresh(over, c)
    return _fresh(state, c)


def _tie(before: State, after: State) -> State | None:
    """A tie behind the note or chord that was pending `before` and is over in `after`."""
    head = split_length(before.pending)[0]
    if before.late:
        return None
    if before.grace or head[-1:] not in (*NOTE_LETTERS, "'", ",", "]"):
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
        if c not in '([{^_=!"' + SIGNS + NOTE_LETTERS + "zx":
            return None
        state = state._replace(dot=c == "[")
    if c in "[^_=zxZX(" or c in NOTE_LETTERS:
        if state.chord and c in "[zxZX(":
            return None
        return _start(state, c)
    if state.chord:
        if c == "]" and state.chord[1]:
            return state._replace(pending=c)
        fits = len(state.chord[1]) < 9 and not state.late
        return state._replace(dot=True) if c in SIGNS and fits else None
    return _sign(state, c)


def _sign(state: State, c: str) -> State | None:
    """A character that begins a symbol which is neither note nor chord."""
    part = state.part
    if c in "|:":
        return hopeful(state, c)
    full = part.whole > 0 and part.closing is None and not part.room
    if c == "\n":
        return None if state.late and state.gap else loosened(state._replace(mode="line", gap=True), full)
    if several(state) and not may_begin(state):
        return None
    if c in "<>":
        return grown(state, music.broken(part, c), c)
    if c == ")" and not state.late:
        return state._replace(part=part._replace(slur=False))
    if c == "-":  # apart from its note: who knows which
        free = part.sounded and not (part.tie or part.mark or part.closing or state.late)
        return grown(state, part._replace(tie=("",), loose=True)) if free else None
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
    return state._replace(dot=True) if c in SIGNS and not full else None


def _start(state: State, c: str) -> State | None:
    """The first character of a note, rest, chord, tuplet, slur or of a field in brackets."""
    if c == "(" and state.part.slur and not any(hopeful_tuplet(state, f"({n}") for n in "23"):
        return None
    if c in "[(" and state.late and (c == "(" or len(state.named) < 2):
        return None
    if c == "[" and state.dot and open_chord(state, "") is None:
        return None
    if c == "[" and not any(hopeful(state, f"[{more}") for more in ("", "|", "1", "2")):
        return None
    if c in "[(":
        full = state.part.whole > 0 and state.part.closing is None and not state.part.room
        return loosened(state._replace(pending=c), full)
    if state.chord is None:
        begun = music.begin(state.part) if may_begin(state) else None
        if begun is None:
            return None
        state = state._replace(part=begun)
    return hopeful(state, c)


def _in_grace(state: State, c: str) -> State | None:
    """Between `{` and `}`."""
    if c == "}":
        return state._replace(grace=False)
    if c in "^_=" or c in NOTE_LETTERS:
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
