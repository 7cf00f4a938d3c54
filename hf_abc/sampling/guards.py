"""Guards over a tune that is being written: what they watch, and what they do.

* The **bar guard** lets only tokens pass from which a sound tune can follow (`hf_abc.notation.automaton`).
  What real tunes do now and then but abc2midi finds wrong, it lets pass only where the model insists: where
  nothing sound is among the likeliest tokens that make up 99.5 % of the probability, again and again.
* The **loop guard** takes the third copy in a row of a block of one to eight bars back and has it written
  again, a little hotter; after `REWINDS` times it brings the strain to an end.
* The **voice guard** keeps the voices that the header names together: the first one leads, and all others
  get the same bars, equally long and with the same bar lines, before it leads on. A tune whose tokens run
  out before its voices meet is taken back to where they last did.
* Where none of the tokens that a model finds likely keeps the tune sound, it has lost count: the bar is taken
  back and written again, or more bars where that does not help.
* A tune that is given up so before its `SHORTEST` bars, or whose length is wished, begins again behind its
  prompt, up to `STARTS` times:
  else the guards would make tunes shorter than a model writes them (measured: in a meter that the model has
  seldom seen, 1.3 % had fewer than eight bars, and none without guards).
* A tune that comes near its longest length, or is given up later, is brought to an end: its strain is
  closed, in a repeat with a last bar that makes up for the pick-up.

None of them touches the probabilities of what it lets pass. Where a prompt is such that no sound tune can
begin so, the bar guard steps aside for this tune and says so.
"""

from __future__ import annotations

import warnings
from collections import deque
from dataclasses import dataclass, field

from hf_abc.notation.automaton import settled
from hf_abc.notation.state import State, is_behind, leads, together
from hf_abc.sampling.form import Count, Form
from hf_abc.sampling.loops import COPIES, LONGEST, BarBook
from hf_abc.sampling.vocabulary import BANNED, SOUND, Place, Vocabulary

REWINDS = 3
RETURNS = (6, 4)
"""How often a tune may be taken back some bars because none of its likely tokens keeps it sound, for each of
its voices: as long as there are odd ones among them, only so often as the second number says.
"""
SHORTEST = 8
STARTS = 3
HOTTER = 1.25
SURE = 0.995
"""How much of the probability a model must give to what is not sound before something odd may pass."""
PLAIN = 0.95
"""Words and ornaments pass among the likeliest tokens that make up so much of the probability: in the midst
of plain music they are where a model goes that does not know how to go on."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Which guards are on. `endings`: a tune near its longest length is brought to an end."""

    bars: bool = True
    loops: bool = True
    voices: bool = True
    endings: bool = True

    def __bool__(self) -> bool:
        return self.bars or self.loops


ALL_GUARDS = Guards()
NO_GUARDS = Guards(False, False, False, False)


@dataclass(slots=True)
class _Mark:
    """The end of a bar, to come back to: how many tokens there were, and what was known then."""

    length: int
    voice: str
    place: Place | None
    book: BarBook
    bars: int
    count: Count | None

    @property
    def voices(self) -> int:
        """How many voices the header names."""
        return len(self.place.state.named) if self.place is not None else 0


@dataclass(slots=True)
class Watch:
    """The guards over one tune. `place` is None where the bar guard is off or has stepped aside.

    length: tokens written so far, prompt and first end token included; hot: the length up to which a
    stretch that was taken back is drawn hotter; over: the tune must end at once; bars: those that have
    ended behind the prompt; rewinds: of the loop guard in all, rewound: since the tune last began; starts:
    how often it has begun again; bans: what would close a loop is forbidden, for a loop that writes where
    nothing can be taken back; met: where all voices last were together.
    """

    guards: Guards
    vocabulary: Vocabulary
    prompt: int
    limit: int
    place: Place | None = None
    book: BarBook = field(default_factory=BarBook)
    marks: deque[_Mark] = field(default_factory=lambda: deque(maxlen=2 * COPIES * LONGEST))
    length: int = 1
    rewinds: int = 0
    rewound: int = 0
    returns: int = 0
    starts: int = 0
    lost_at: tuple[int, int] = (0, 0)
    hot: int = 0
    over: bool = False
    bars: int = 0
    count: Count | None = None
    longest_bar: int = 12
    stepped_aside: bool = False
    bans: bool = False
    _banned: tuple[int, frozenset[str]] = (0, frozenset())
    met: _Mark | None = None

    @classmethod
    def over_prompt(
        cls,
        guards: Guards,
        vocabulary: Vocabulary,
        ids: list[int],
        limit: int,
        *,
        text: str = "",
        bans: bool = False,
        form: Form | None = None,
    ) -> Watch:
        """The guards of a tune that begins with `ids`, the end token in front."""
        watch = cls(guards, vocabulary, len(ids), limit, bans=bans and guards.loops)
        if guards.bars:
            watch.place = vocabulary.start_of(ids[1:])
            if watch.place is not vocabulary.start:
                what = f"the voices before {_last_line(text)!r} are apart"
                warnings.warn(f"{what}: it is written without the voice guard", stacklevel=2)
            watch.count = Count(form) if form else None
        for token in ids[1:]:
            if watch.place is not None:
                watch.place = vocabulary.follow(watch.place, token)[0]
                if watch.place is None:
                    watch.step_aside(text)
            watch._note(token)
        watch.rewinds = watch.rewound = watch.bars = 0
        counted = watch.count.copy() if watch.count else None
        watch.marks.append(_Mark(watch.length, watch.book.voice, watch.place, watch.book.copy(), 0, counted))
        return watch

    def step_aside(self, text: str) -> None:
        """Let this tune go on without the bar guard."""
        self.place, self.stepped_aside = None, True
        what = f"{_last_line(text)!r} begins no sound tune" if text else "no token keeps this tune sound"
        warnings.warn(f"{what}: it is written without the bar guard", stacklevel=2)

    def verdict(self, token: int) -> int:
        """What a token is at this point of the tune."""
        if self.over:
            return SOUND if token == self.vocabulary.end_id else BANNED
        if self.bans and self._closes_loop(token):
            return BANNED
        if self.place is None:
            return SOUND if self.vocabulary.texts[token] or token == self.vocabulary.end_id else BANNED
        further, verdict = self.vocabulary.follow(self.place, token)
        if self.count is not None and verdict:
            if token == self.vocabulary.end_id:
                return verdict if self.count.complete(self.place.state) else BANNED
            if further is not None and leads(further.state) and self.count.too_early(further.state):
                return BANNED
        return verdict

    @property
    def loop_is_near(self) -> bool:
        """Whether the bar under way may be the last one of a third copy."""
        if self._banned[0] != self.length:
            self._banned = (self.length, frozenset(self.book.coming()))
        return bool(self._banned[1]) and self.book.body

    def _closes_loop(self, token: int) -> bool:
        """Whether a token would make the bar under way the last one of a third copy."""
        text = self.vocabulary.texts[token]
        return bool(text and self.loop_is_near) and self.book.now(text or "") in self._banned[1]

    @property
    def heat(self) -> float:
        """What the temperature is multiplied with here."""
        return HOTTER if self.length < self.hot else 1.0

    def accept(self, token: int) -> int | None:
        """A token has been written. The length to go back to, where a loop has been closed."""
        if self.place is not None:
            self.place = self.vocabulary.follow(self.place, token)[0]
            if self.place is None and token != self.vocabulary.end_id:
                self.step_aside("")
        back = self._note(token)
        if self.count is not None and self.place is not None and back is None and leads(self.place.state):
            self._steer(self.count, self.place)
        if self.guards.endings and self.place is not None and back is None:
            state, left = self.place.state, self.limit - self.length
            if not state.late and left <= self._needed(state):
                self._hurry(self.place)
            if left <= 1 and together(state) and not self.bans:
                return self._meet(state)
        return back

    def _steer(self, count: Count, place: Place) -> None:
        """Let a part end where the form asks for it."""
        if count.moved(place.state):
            over = count.reached(place.state)
            self.place = self.vocabulary.hurried(place) if over else self.vocabulary.unhurried(place)
        elif not place.state.late and count.nears_end(place.state):
            self.place = self.vocabulary.hurried(place)

    def _note(self, token: int) -> int | None:
        """Keep book of bars; the length to go back to, where a loop has been closed behind the prompt."""
        self.length += 1
        text = self.vocabulary.texts[token] if token != self.vocabulary.end_id else None
        if not text or not self.book.write(text):
            return None
        self.bars += 1
        if self.count is not None and self.place is not None and leads(self.place.state):
            self.count.ended_bar(self.place.state)
        if self.marks:
            self.longest_bar = max(self.longest_bar, min(self.length - self.marks[-1].length, 60))
        several = self.place is not None and len(self.place.state.named) > 1
        endless = (self.count is not None or several) and self.rewound > REWINDS  # rather a loop than broken
        size = self.book.loop() if self.guards.loops and not endless else 0
        if size:
            ends = [mark for mark in self.marks if mark.voice == self.book.voice]
            if not self.bans and len(ends) >= size and ends[-size].length >= self.prompt:
                return self._rewind(ends[-size])
        counted = self.count.copy() if self.count else None
        self.marks.append(
            _Mark(self.length, self.book.voice, self.place, self.book.copy(), self.bars, counted)
        )
        if several and self.place is not None and not _apart(self.place.state):
            self.met = self.marks[-1]
        return None

    def _rewind(self, mark: _Mark) -> int:
        """Back to the end of the second copy."""
        self.rewinds += 1
        self.rewound += 1
        self.hot = self.length
        while self.marks and self.marks[-1] is not mark:
            self.marks.pop()
        self._return_to(mark)
        if self.rewound > REWINDS:
            self.hot = 0
            self.over = self.place is None
        return self.length

    @property
    def patience(self) -> int:
        """2: bars are rather taken back than something odd written; 1: than something written where the model
        is lost; 0: neither; -1: in a tune that shall end, nothing odd while anything sound is left, be it as
        unlikely as it may. A model that would end before the wished length is not lost.
        """
        if self.place is not None and self.place.state.late:
            return -1
        if self.place is None or self.bans or not self.marks:
            return 0
        closing = self.place.state.part.closing
        if self.count is not None and closing is not None and closing.section:
            return 0
        tries = self.returns // max(self.marks[0].voices, 1)
        return (tries < RETURNS[0]) + (tries < RETURNS[1])

    def lost(self) -> int:
        """Take back what stands behind the last bar line, or more bars each time that the same place is not
        passed; the length to go back to.
        """
        self.returns += 1
        where, bars = self.lost_at
        bars = bars + 1 if self.length <= where else 1
        self.lost_at = (max(self.length, where), bars)
        for _ in range(bars - 1):
            if len(self.marks) > 1 and self.marks[-2].length >= self.prompt:
                self.marks.pop()
        self._return_to(self.marks[-1])
        return self.length

    def _return_to(self, mark: _Mark) -> None:
        tries = self.returns // max(mark.voices, 1)
        given_up = tries >= RETURNS[0] and self.guards.endings or self.rewound > REWINDS
        too_short = mark.bars < SHORTEST * max(mark.voices, 1) or self.count is not None
        again = given_up and self.place is not None and too_short and self.starts < STARTS
        if again and self.marks[0].length == self.prompt:
            mark = self.marks[0]
            while len(self.marks) > 1:
                self.marks.pop()
            self.starts, self.returns, self.rewound = self.starts + 1, 0, 0
            self.lost_at, self.hot, given_up = (0, 0), 0, False
        self.length, self.place, self.book = mark.length, mark.place, mark.book.copy()
        self.bars, self.count = mark.bars, mark.count.copy() if mark.count else None
        if given_up and self.place is not None and self.count is None:
            self._hurry(self.place)

    def _hurry(self, place: Place) -> None:
        """Bring the tune to an end, be it as long as was wished or not."""
        self.place, self.count = self.vocabulary.hurried(place), None

    def _meet(self, state: State) -> int | None:
        """No tokens are left and the voices may be apart: back to where they last were together, and over;
        where they never were, the tune begins again.
        """
        if not _apart(state):
            return None
        if self.met is not None:
            self.length, self.place, self.book = self.met.length, self.met.place, self.met.book
            self.bars, self.over = self.met.bars, True
            return self.length
        before, self.rewound = self.starts, REWINDS + 1
        self._return_to(self.marks[0])
        return self.length if self.starts > before else None

    def _needed(self, state: State) -> int:
        """Tokens that it takes to bring the tune to an end from here."""
        bars = 2
        if together(state):
            bars += sum(len(part.owed) for _, part in (*state.others, ("", state.part)))
            bars += len(state.named) if leads(state) and state.part.closing is None else 0
        return bars * self.longest_bar + 8


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2][-60:]


def _apart(state: State) -> bool:
    """Whether some voice lacks a bar, were the symbol under way over."""
    over = settled(state)
    return over is None or is_behind(over)
