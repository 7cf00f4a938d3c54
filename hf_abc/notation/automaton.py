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
from functools import lru_cache
from typing import NamedTuple

from hf_abc.notation import part as music
from hf_abc.notation.fields import begins_value, voice_name
from hf_abc.notation.meter import WHOLE, default_length, multiplier, parse_length, parse_meter
from hf_abc.notation.part import Part, Ratio

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NOTE_LETTERS = "ABCDEFGabcdefg"
_BODY_FIELDS = "IKLMPQTVWsw"  # abc2midi takes no others
_INLINE_FIELDS = "IKLMPQRVr"
_SIGNS = "HLMOPRSTsuv.~"  # decorations of one character that abc2midi knows
_LENGTH = r"\d{0,2}(?:/{0,2}|/\d{0,2})"
_PENDING = re.compile(
    rf"(?:\^\^?|__?|=)(?:[A-Ga-g](?:(?<=[A-G]),{{0,3}}|(?<=[a-g])'{{0,3}}){_LENGTH})?"
    rf"|[A-G],{{0,3}}{_LENGTH}|[a-g]'{{0,3}}{_LENGTH}|[zx]{_LENGTH}|[ZX]\d{{0,2}}|y\d?"
    r"|\(\d?(?:(?<=\d):\d?(?::\d?)?)?|>{1,3}|<{1,3}"
    r"|::?|:?\|\|?(?:\]|:)?|(?::\|)?\|\d(?:[,-]?\d)*[,-]?|:\|\d(?:[,-]?\d)*[,-]?|\[(?:[A-Za-z]|\|:?|\d(?:[,-]?\d)*[,-]?)?"
    rf"|\]{_LENGTH}"
)
_BAR = re.compile(r"::|:?\|\|?(?:\]|:)?|(?::?\||:\|\|)\d+(?:[,-]\d+)*|\[\|:?|\[\d+(?:[,-]\d+)*")
_POWERS = ("", "2", "4", "8", "16", "32", "64")


class State(NamedTuple):
    """A tune so far.

    mode: what is being read: `line` a line's first letters, `field` a field line, `music`, `inline` a field
    in brackets, `comment`, `quote`, `sign` a decoration between `!`, `tail` what may stand behind a `\\`;
    pending: the symbol that is not yet over; seen: fields of the header; chord: the length and the pitches
    of an open chord, and how a chord that is over waits for its own length; late: the tune is to end soon; gap: a space has just been read; dot: a sign has, which belongs to
    the note behind it.
    """

    mode: str = "line"
    pending: str = ""
    body: bool = False
    seen: str = ""
    voice: str = ""
    part: Part = Part(WHOLE // 8, 0)
    others: tuple[tuple[str, Part], ...] = ()
    named: tuple[str, ...] = ()
    chord: tuple[Ratio, tuple[str, ...]] | None = None
    grace: bool = False
    late: bool = False
    gap: bool = False
    dot: bool = False
    voices: bool = False

    @property
    def loose(self) -> bool:
        return self.part.loose

    def strict(self) -> "State":
        """The same place, its last step forgiven."""
        return self._replace(part=self.part._replace(loose=False)) if self.part.loose else self


START = State()


def step(state: State, character: str) -> State | None:
    """The state behind one more character."""
    return _MODES[state.mode](state, character)


def may_end(state: State) -> State | None:
    """The state at the end of the tune (`loose` where its last bar is odd); None where it may not end."""
    if not state.body or state.chord or state.grace or state.dot or state.mode in ("inline", "quote", "sign"):
        return None
    over = _flush(state) if state.mode in ("music", "line") else state
    if over is None or over.chord or over.grace or not _may_leave(over):
        return None
    part = over.part
    cut = state.late and len(state.named) > 1  # better open than endless
    if not (part.complete or cut and part._replace(repeat=0, ending=0).complete) or not any(
        p.sounded for _, p in (*over.others, ("", part))
    ):
        return None
    if over.voices and _behind(over):
        return None
    return over if music.ends_well(part) else over._replace(part=part._replace(loose=True))


def settled(state: State) -> State | None:
    """The state where the symbol under way is over as it stands (`loose` where that is odd); None where it
    must go on.
    """
    return _flush(state) if state.pending and state.mode == "music" else state


def hurried(state: State) -> State:
    """The same place in a tune that shall end with this bar or this strain."""
    return state._replace(late=True)


# --- lines and fields


def _line(state: State, c: str) -> State | None:
    """The beginning of a line: a field or music."""
    pending = state.pending
    if not pending:
        if c in _LETTERS and (
            not state.body or (not state.late and c in _BODY_FIELDS and _open_field(state, c))
        ):
            return state._replace(pending=c)
        if c == "%":
            return state._replace(mode="comment") if state.seen and not state.late else None
        if not state.body or c == "\n":
            return None
        return _music(state._replace(mode="music"), c)
    if c == ":":
        return _open_field(state, pending)
    if not state.body:
        return None
    after: State | None = state._replace(mode="music", pending="")
    for letter in pending + c:
        after = after and _music(after, letter)
    return after


def _open_field(state: State, letter: str) -> State | None:
    """`letter` and a colon have been read."""
    if state.body:
        if state.chord or state.grace or letter not in _BODY_FIELDS + _INLINE_FIELDS:
            return None
        if letter == "V" and not _may_leave(state):
            return None
        if letter == "V" and state.voices and not state.named:
            state = _loosened(state, True)
        if letter in "ML" and not _between(state.part):
            return None
    elif (letter == "X") != (not state.seen) or (letter == "K" and letter in state.seen):
        return None
    elif letter == "K" and "M" not in state.seen:
        return None
    keep = letter in "XMLKV"
    seen = state.seen if state.body or not (letter in "XMLK") else state.seen + letter
    return state._replace(mode="field", pending=f"{letter}:" if keep else "", seen=seen)


def _field(state: State, c: str) -> State | None:
    """Inside of a field line."""
    pending = state.pending
    if c == "\n":
        return _close_field(state, pending, "line") if pending else state._replace(mode="line", pending="")
    if not pending:
        return state
    value = pending[2:] + c
    if len(value) > 60 or not begins_value(pending[0], value, _voices_open(state)):
        return None
    return state._replace(pending=pending + c)


def _close_field(state: State, text: str, mode: str) -> State | None:
    """A field is over: what it changes."""
    letter, value = text[0], re.split(r"(?<!\\)%", text[2:])[0]
    after: State | None = state._replace(mode=mode, pending="")
    if not begins_value(letter, value, _voices_open(state), whole=True):
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
        return _switch(after, voice_name(value))
    if letter == "K" and not state.body and after:
        counts = len(after.named) > 1
        after = after._replace(body=True, part=after.part._replace(played=0 if counts else -1))
    return after


def _ticks(length) -> int:  # type: ignore[no-untyped-def]
    return length.numerator * WHOLE // length.denominator


# --- voices


def _voices_open(state: State) -> tuple[str, ...] | None:
    """The names that a V: field of the body may have: None for any."""
    if not state.body or not state.voices or len(state.named) < 2:
        return None
    now = dict(state.others) | {state.voice: state.part}
    lengths = {name: now[name].length if name in now else 0 for name in state.named}
    most = max(lengths.values())
    behind = [name for name in state.named if lengths[name] < most]
    return tuple(behind or [n for n in state.named if n != state.voice] or state.named)


def _switch(state: State, name: str) -> State:
    """On to another voice; in the header, one more name."""
    if not state.body:
        return state._replace(named=state.named if name in state.named else (*state.named, name))
    if name == state.voice:
        return state
    parts = dict(state.others)
    if state.part.sounded or state.part.closing or state.voice in state.named:
        parts[state.voice] = state.part._replace(loose=False)
    new = parts.pop(name, None)
    if new is None:
        model = state.part
        new = Part(model.unit, model.full, model.compound, played=0 if model.played >= 0 else -1)
    return state._replace(voice=name, part=new, others=tuple(sorted(parts.items())))


def _may_leave(state: State) -> bool:
    """Whether the voice may be left here for another one."""
    if not state.voices or len(state.named) < 2 or state.voice not in state.named:
        return True
    part = state.part
    if part.tuplet[0] or part.mark or not (part.closing or not part.filled):
        return False
    return part.length >= max((p.length for _, p in state.others), default=0)


def _behind(state: State) -> bool:
    """Whether a named voice is shorter than another one."""
    if len(state.named) < 2:
        return False
    now = dict(state.others) | {state.voice: state.part}
    lengths = [now[name].length if name in now else 0 for name in state.named]
    return not min(lengths) or min(lengths) < max(lengths)


def _may_begin(state: State) -> bool:
    """Whether the voice may begin another bar."""
    part = state.part
    if state.late and part.sounded and part.closing is not None and not part.tie:
        if len(state.named) < 2 and (not part.repeats or part.closing.repeat_end):
            return False
    if not state.voices or len(state.named) < 2 or part.closing is None:
        return True
    lengths = [p.length for name, p in state.others if name in state.named]
    lengths += [0] * (len(state.named) - len(lengths) - (state.voice in state.named))
    ahead = [length for length in lengths if length >= part.length]
    alone = not ahead and not state.late  # it leads, and the others will follow
    together = len(ahead) == len(lengths) and not state.late
    return alone or together or part.length < max(lengths, default=0)


# --- music


def _music(state: State, c: str) -> State | None:
    pending = state.pending
    if pending:
        if pending[0] == "[" and len(pending) == 2 and c == ":" and pending[1] in _LETTERS:
            return _open_inline(state, pending[1])
        longer = pending + c
        if _PENDING.fullmatch(longer):
            return _hopeful(state, longer)
        over = _flush(state)
        if over is None or over.pending:  # a chord's first note
            return over and _music(over, c)
        return _tie(state, over) if c == "-" else _fresh(over, c)
    return _fresh(state, c)


def _tie(before: State, after: State) -> State | None:
    """A tie behind the note or chord that was pending `before` and is over in `after`."""
    head = _split(before.pending)[0]
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
        return _loosened(state._replace(gap=True), state.gap or state.chord is not None)
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
        if c == "-":
            return state if state.chord[1] else None
        if c == "]" and state.chord[1]:
            return state._replace(pending=c)
        return state if c in _SIGNS else None
    return _sign(state, c)


def _sign(state: State, c: str) -> State | None:
    """A character that begins a symbol which is neither note nor chord."""
    part = state.part
    if c in "|:":
        return _hopeful(state, c)
    full = part.full > 0 and part.closing is None and part.filled == part.full
    if c == "\n":
        return None if state.late and state.gap else _loosened(state._replace(mode="line", gap=True), full)
    if c in "<>":
        return _with(state, music.broken(part, c), c)
    if c == ")" and not state.late:
        return state._replace(part=part._replace(slur=False))
    if c == "-":  # apart from its note: who knows which
        return _with(state, part._replace(tie=("",), loose=True)) if part.sounded and not part.tie else None
    if state.late:
        return None
    state = _loosened(state, full)  # what belongs to a note stands in front of it
    if c == "{":
        return state._replace(grace=True) if not part.tie else None
    if c == "y":
        return _loosened(state._replace(pending=c), True)
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
    if c == "[" and state.late and _open_chord(state, "") is None:
        return None
    if c == "(" and state.late:
        return None
    if c in "[(":
        full = state.part.full > 0 and state.part.closing is None and not state.part.room
        return _loosened(state._replace(pending=c), full)
    if state.chord is None:
        begun = music.begin(state.part) if _may_begin(state) else None
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
        field = pending[1:] in _INLINE_FIELDS and state.chord is None and not state.late
        field = field and (len(pending) < 2 or _open_field(state, pending[1]) is not None)
        return after if field or _open_chord(state._replace(pending=""), pending[1:]) else None
    if first == "y" or state.grace:
        return after
    if first in "ZX":
        return after if music.rest_bars(state.part, 1) else None
    return _hopeful_note(after, pending)


def _hopeful_bar(state: State, text: str) -> State | None:
    """A bar line under way: what it is so far, or what one more sign makes of it, must be allowed."""
    part = state.part
    options = [text + more for more in ("", "|", ":", "]", "1", "2") if _BAR.fullmatch(text + more)]
    closed = [music.bar(part, option) for option in options]
    if state.late and len(state.named) < 2:
        closed = [p if p and _hurried_bar(part, p) else None for p in closed]
    good = [p for p in closed if p is not None]
    if not good:
        return None
    return state if any(not p.loose for p in good) else state._replace(part=part._replace(loose=True))


def _hurried_bar(before: Part, after: Part) -> bool:
    """Whether a bar line helps a tune that shall end."""
    line = after.closing
    assert line is not None
    if line.repeat_start or line.ending:
        return False
    return bool(line.repeat_end) or (not after.repeats and line.section) or not before.filled


def _hopeful_tuplet(state: State, text: str) -> bool:
    """`(3`, `(3:`, `(3:2` ..."""
    begun = music.begin(state.part) if _may_begin(state) else None
    return begun is not None and any(
        music.tuplet(begun, text + more) for more in (("", "2") if text[-1] == ":" else ("",))
    )


def _hopeful_note(state: State, text: str) -> State | None:
    """A note, rest or end of a chord under way: its length so far, or one that it can grow into, must fit."""
    head, length = _split(text)
    part, chord = state.part, state.chord
    inner: Ratio = (1, 1)
    loose = False
    if text[0] == "]":
        assert chord is not None
        inner = chord[0]
    elif chord is not None:
        if len(chord[1]) > 8:
            return None
        loose = len(chord[1]) > 4
        if chord[1] and head[-1] not in "^_=":
            same = [ratio == chord[0] for ratio in (_ratio(length), *_longer(length))]
            return None if not any(same) else _loosened(state, loose)
    elif head not in "zx":
        if not music.takes(part, head, well=False):
            return None
        loose = not music.takes(part, head, well=True)
    hope = _hope(
        part.measure,
        "?" if head[-1:] in ("^", "_", "=") else length,
        inner,
        chord is not None and text[0] != "]",
    )
    return None if hope == 0 else _loosened(state, loose or hope == 1)


@lru_cache(maxsize=1 << 16)
def _hope(measure: music.Measure, length: str, inner: Ratio, in_chord: bool) -> int:
    """Whether a note whose length begins so can fit: 2 well, 1 oddly, 0 not. `?`: no length can be read yet."""
    now = None if length == "?" else _ratio(length)
    length = length.strip("?")
    longer = [ratio for ratio in _longer(length) if ratio]
    if in_chord:  # what stands behind the chord may still change its length
        longer = [*longer, *((now[0], now[1] * power) for power in (2, 4, 8, 16) if now)]
    if now and measure.fits(_times(now, inner), well=True):
        return 2
    half = length[-1:] in tuple("13579") and "/" not in length and _half(length) in longer
    half = half and measure.fits(_half(length), well=True)
    if length in ("", "/") or measure.mark or measure.tuplet[3] or half:
        if any(measure.fits(_times(ratio, inner), well=True) for ratio in longer):
            return 2
    return int(any(measure.fits(_times(ratio, inner)) for ratio in (*longer, *([now] if now else []))))


def _times(one: Ratio, other: Ratio) -> Ratio:
    return (one[0] * other[0], one[1] * other[1])


def _loosened(state: State, loose: bool) -> State:
    """The state, its last step marked as odd."""
    return state._replace(part=state.part._replace(loose=True)) if loose else state


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
        return _with(after, music.bar(part, text))
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
    head, length = _split(text)
    ratio = _ratio(length)
    if ratio is None or head[-1:] in "^_=":
        return None
    return _timed(after, head, ratio)


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
    begun = music.begin(state.part) if _may_begin(state) else None
    if begun is None:
        return None
    if not any(begun.measure.fits(ratio) for ratio in ((1, 1), (1, 2), (1, 4), (1, 8), (1, 16))):
        return None
    opened: State | None = state._replace(part=begun, chord=((1, 1), ()), dot=False)
    for c in letter:
        opened = opened and _fresh(opened, c)
    return opened


def _open_inline(state: State, letter: str) -> State | None:
    if state.dot or letter not in _INLINE_FIELDS:
        return None
    opened = _open_field(state._replace(pending=""), letter)
    return opened and opened._replace(mode="inline", pending=opened.pending or f"{letter}:")


def _inline(state: State, c: str) -> State | None:
    if c == "\n" or c == "[":
        return None
    if c == "]":
        return _close_field(state, state.pending, "music")
    value = state.pending[2:] + c
    if len(value) > 40 or not begins_value(state.pending[0], value, _voices_open(state)):
        return None
    return state._replace(pending=state.pending + c)


def _in_grace(state: State, c: str) -> State | None:
    """Between `{` and `}`."""
    if c == "}":
        return state._replace(grace=False)
    if c in "^_=" or c in _NOTE_LETTERS:
        return state._replace(pending=c)
    return state if c in " /" else None


def _between(part: Part) -> bool:
    """Whether the meter or the unit may change here."""
    return not (part.tuplet[0] or part.mark) and (part.closing is not None or not part.filled)


# --- texts that mean nothing here


def _comment(state: State, c: str) -> State | None:
    return state._replace(mode="line", pending="") if c == "\n" else state


def _quote(state: State, c: str) -> State | None:
    return state._replace(mode="music") if c == '"' else state if c != "\n" else None


def _decoration(state: State, c: str) -> State | None:
    pending = state.pending
    if c == pending[0]:
        return state._replace(mode="music", pending="") if len(pending) > 1 else None
    if c == "\n":
        return state._replace(mode="line", pending="") if pending == "!" else None
    return state._replace(pending=pending[0] + "x") if c not in " |" else None


def _tail(state: State, c: str) -> State | None:
    if c == "\n":
        return state._replace(mode="line")
    return state if c in " \t" else state._replace(mode="comment") if c == "%" else None


_MODES = {
    "line": _line,
    "field": _field,
    "music": _music,
    "inline": _inline,
    "comment": _comment,
    "quote": _quote,
    "sign": _decoration,
    "tail": _tail,
}


# --- lengths


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, str]:
    """A note, rest or `]` under way -> all but its length, and its length."""
    length = re.search(r"[\d/]*$", text)[0]  # type: ignore[index]
    return text[: len(text) - len(length)], length


@lru_cache(maxsize=1024)
def _ratio(length: str) -> Ratio | None:
    """A written length; None where abc2midi does not take it."""
    _, slash, below = length.partition("/")
    if slash and below.strip("/") not in _POWERS or length.startswith("0") or "//" in length and below != "/":
        return None
    return multiplier(length).as_integer_ratio()


@lru_cache(maxsize=1024)
def _longer(length: str) -> tuple[Ratio | None, ...]:
    """Lengths that this one can grow into."""
    if "/" not in length:
        digits = tuple(length + d for d in "123456789") if not length else ()
        texts = (
            *digits,
            *(f"{n}/{p}" for n in (digits or (length,)) for p in _POWERS),
            *(f"{length}/{p}" for p in _POWERS),
        )
    elif length.endswith("/"):
        texts = tuple(length + p for p in _POWERS[1:])
    else:
        texts = tuple(
            f"{length.partition('/')[0]}/{p}"
            for p in _POWERS
            if f"/{p}".startswith("/" + length.partition("/")[2])
        )
    return tuple(_ratio(text) for text in texts)


def _half(length: str) -> Ratio:
    return multiplier(f"{length}/2").as_integer_ratio()
