"""How long a tune is to be: so many bars, so many parts.

Bars are counted as musicians do: a pick-up and the short bar that makes up for it are one, repeats are not
played. With both, the bars are divided among the parts. The bar guard is told when a part's last bar comes,
and then lets it end; before that it lets neither the tune nor the part end. Of several voices the leading one
counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from hf_abc.notation.automaton import settled
from hf_abc.notation.bars import parse_barline
from hf_abc.notation.state import State, leads


@dataclass(frozen=True, slots=True)
class Form:
    """A wished length; 0 leaves it to the model."""

    bars: int = 0
    parts: int = 0

    @property
    def part(self) -> int:
        """Bars of a part, where both are wished; else of the whole tune."""
        return self.bars // max(self.parts, 1)


@dataclass(slots=True)
class Count:
    """How much of a form is there: `ticks` of whole bars, `parts` that have ended, and whether the running
    one has any music.
    """

    form: Form
    ticks: int = 0
    parts: int = 0
    running: bool = False

    def copy(self) -> Count:
        return Count(self.form, self.ticks, self.parts, self.running)

    def bars(self, state: State) -> int:
        """Bars that are over."""
        return round(self.ticks / state.part.full) if state.part.full else 0

    def ended_bar(self, state: State) -> None:
        """A bar has just been closed."""
        self.ticks += state.part.filled
        self.running = True

    def moved(self, state: State) -> bool:
        """One more token is there; whether a part has ended with it."""
        closing = state.part.closing
        over = bool(closing and closing.section and not closing.ending and self.running)
        if over:
            self.parts, self.running = self.parts + 1, False
        return over

    def reached(self, state: State) -> bool:
        """Whether the tune is as long as it shall be, at the end of a part."""
        form = self.form
        return bool(form.parts and self.parts >= form.parts) or bool(
            form.bars and not form.parts and self.bars(state) >= form.bars
        )

    def nears_end(self, state: State) -> bool:
        """Whether the bar under way is the last one of its part."""
        begun = state.body and state.part.closing is None and state.pending[:1] not in ("|", ":")
        if not self.form.part or not begun:
            return False
        wanted = self.form.part * (self.parts + 1 if self.form.parts else 1)
        return self.bars(state) >= wanted - 1

    def complete(self, state: State) -> bool:
        """Whether all that is wished is there, were the tune to end here."""
        over = settled(state)
        if over is None:
            return False
        count = self.copy()
        if over.part.closing is None and over.part.filled and leads(over):
            count.ended_bar(over)
        parts = count.parts + count.running
        # a tune whose last bars do not add up may end a bar early, rather than never
        return count.bars(over) + state.late >= self.form.bars and parts >= self.form.parts

    def too_early(self, state: State) -> bool:
        """Whether the bar line under way ends a part before its time."""
        if (
            not (self.form.bars and self.form.parts)
            or state.pending[:1] not in ("|", ":")
            or state.late
            or not state.part.filled
        ):
            return False
        line = parse_barline(state.pending)
        return bool(line.repeat_end or line.double) and not line.ending
