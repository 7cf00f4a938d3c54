"""What is known of a tune that is being read, and how its voices take turns."""

from typing import NamedTuple

from hf_abc.notation.bars import parse_barline
from hf_abc.notation.meter import WHOLE
from hf_abc.notation.part import FINEST, Part, Ratio


class State(NamedTuple):
    """A tune so far.

    mode: what is being read: `line` a line's first letters, `field` a field line, `music`, `inline` a field
    in brackets, `comment`, `quote`, `sign` a decoration between `!`, `tail` what may stand behind a `\\`;
    pending: the symbol that is not yet over; seen: fields of the header; chord: the length and the pitches
    of an open chord, or of one that waits for its own length; late: the tune is to end soon; gap: a space
    has just been read; dot: a sign has, which belongs to the note behind it; voices: whether each voice
    that the header names must get its music.
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


def loosened(state: State, loose: bool) -> State:
    """The state, its last step marked as odd."""
    return state._replace(part=state.part._replace(loose=True)) if loose else state


def several(state: State) -> bool:
    """Whether there are voices that must keep together."""
    return state.voices and len(state.named) > 1


def together(state: State) -> bool:
    """Whether the voice under way is one of them."""
    return several(state) and state.voice in state.named


def leads(state: State) -> bool:
    """Whether the voice under way decides where bars end: the first that the header names."""
    return len(state.named) < 2 or (state.voices and state.voice == state.named[0])


def is_behind(state: State) -> bool:
    """Whether some named voice lacks a bar that another one has."""
    if len(state.named) < 2:
        return False
    now = dict(state.others) | {state.voice: state.part}
    if any(name not in now or now[name].owed for name in state.named):
        return True
    return state.part.closing is None


def owing(state: State, text: str) -> State:
    """The leading voice is about to write a bar line: all others must."""
    line = (state.part.since, text)
    parts = dict(state.others)
    for name in state.named:
        if name != state.voice:
            part = parts.get(name) or _like(state.part)
            parts[name] = part._replace(owed=(*part.owed, line))
    return state._replace(others=tuple(sorted(parts.items())))


def voices_open(state: State) -> tuple[str, ...] | None:
    """The names that a V: field of the body may have: None for any."""
    if not state.body or not several(state):
        return None
    parts = dict(state.others)
    behind = [name for name in state.named if name in parts and parts[name].owed]
    return tuple(behind) or state.named[:1]


def switched(state: State, name: str) -> State:
    """On to another voice; in the header, one more name."""
    if not state.body:
        return state._replace(named=state.named if name in state.named else (*state.named, name))
    if name == state.voice:
        return state
    parts = dict(state.others)
    if state.part.sounded or state.part.closing or state.voice in state.named:
        parts[state.voice] = state.part._replace(loose=False)
    new = parts.pop(name, None) or _like(state.part)
    return state._replace(voice=name, part=new, others=tuple(sorted(parts.items())))


def _like(part: Part) -> Part:
    """A voice that begins, in the meter and the unit of another one."""
    return Part(part.unit, part.full, part.compound)


def may_leave(state: State) -> bool:
    """Whether the voice may be left here for another one: behind a bar line, and not to lead again at once
    where the tune is over.
    """
    if not together(state):
        return True
    part = state.part
    if part.closing is None or part.owed or part.tuplet[0] or part.mark:
        return False
    if is_behind(state):
        return True
    return not leads(state) and not (state.late and not part.repeats and not _tied(state))


def fields_of(state: State, letters: str) -> str:
    """Which of these fields a tune may still have: one that shall end, only those that change the voice;
    voices that keep together, none that changes the meter.
    """
    if state.late:
        return "V" if len(state.named) > 1 else "-"
    return "".join(c for c in letters if c not in "LM") if together(state) else letters


def is_over(state: State) -> bool:
    """Whether a tune that shall end may do so with the bar line that it has."""
    part = state.part
    alone = state.late and leads(state)
    return bool(alone and part.closing and part.closing.section and part.complete and part.sounded)


def _tied(state: State) -> bool:
    """Whether the voice under way or one that waits for it has a note that must go on."""
    return bool(state.part.tie) or any(p.tie for name, p in state.others if several(state))


def may_begin(state: State) -> bool:
    """Whether the voice may begin another bar, or go on with one."""
    part = state.part
    if several(state) and not leads(state):
        if state.voice not in state.named:
            return False
        return part.closing is None and part.filled > 0 or bool(part.owed and part.owed[0][0])
    last = state.late and part.sounded and not _tied(state) and leads(state)
    if not last or part.closing is None:
        return True
    line = part.closing
    return part.repeats and not (line.repeat_end and not line.repeat_start and not line.ending)


def may_close(state: State, text: str) -> bool:
    """Whether a bar line of a voice that keeps together with others may read so: with the music in front of
    it, or to begin a repeat or an ending.
    """
    if not several(state) or state.part.owed:
        return True
    if not leads(state):
        return False
    before = state.part.closing
    if before is None and state.part.filled:
        return state.part.filled % FINEST == 0
    line = parse_barline(text)
    begins = (line.repeat_start or line.ending) and not (line.repeat_end and before)
    return bool(begins) and not (before and (before.repeat_start or before.ending))
