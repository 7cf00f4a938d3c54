"""What is known of a tune that is being read, and how its voices take turns."""

from typing import NamedTuple

from hf_abc.notation.meter import WHOLE
from hf_abc.notation.part import Part, Ratio


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


def voices_open(state: State) -> tuple[str, ...] | None:
    """The names that a V: field of the body may have: None for any."""
    if not state.body or not state.voices or len(state.named) < 2:
        return None
    now = dict(state.others) | {state.voice: state.part}
    lengths = {name: now[name].length if name in now else 0 for name in state.named}
    most = max(lengths.values())
    behind = [name for name in state.named if lengths[name] < most]
    return tuple(behind or [n for n in state.named if n != state.voice] or state.named)


def switched(state: State, name: str) -> State:
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


def may_leave(state: State) -> bool:
    """Whether the voice may be left here for another one."""
    if not state.voices or len(state.named) < 2 or state.voice not in state.named:
        return True
    part = state.part
    if part.tuplet[0] or part.mark or not (part.closing or not part.filled):
        return False
    return part.length >= max((p.length for _, p in state.others), default=0)


def is_behind(state: State) -> bool:
    """Whether a named voice is shorter than another one."""
    if len(state.named) < 2:
        return False
    now = dict(state.others) | {state.voice: state.part}
    lengths = [now[name].length if name in now else 0 for name in state.named]
    return not min(lengths) or min(lengths) < max(lengths)


def fields_of(state: State, letters: str) -> str:
    """Which of these fields a tune may still have: one that shall end, only those that change the voice."""
    return letters if not state.late else "V" if len(state.named) > 1 else "-"


def is_over(state: State) -> bool:
    """Whether a tune that shall end may do so with the bar line that it has."""
    part = state.part
    alone = state.late and len(state.named) < 2 and part.closing is not None
    return bool(alone and part.closing and part.closing.section and part.complete and part.sounded)


def may_begin(state: State) -> bool:
    """Whether the voice may begin another bar."""
    part = state.part
    last = state.late and part.sounded and not part.tie and len(state.named) < 2
    if (
        last
        and part.closing is not None
        and (not part.repeats or (part.closing.repeat_end and not part.closing.repeat_start))
    ):
        return False
    if not state.voices or len(state.named) < 2 or part.closing is None:
        return True
    lengths = [p.length for name, p in state.others if name in state.named]
    lengths += [0] * (len(state.named) - len(lengths) - (state.voice in state.named))
    ahead = [length for length in lengths if length >= part.length]
    alone = not ahead and not state.late  # it leads, and the others will follow
    together = len(ahead) == len(lengths) and not state.late
    return alone or together or part.length < max(lengths, default=0)
