"""Copying: what of a tune stands in training tunes, in whatever key, from which of them, and how much
held-out human tunes share.

* ``notes_12``, ``notes_16``, ``notes_24``  the tune has so many notes in a row whose steps an indexed tune
  has too
* ``inside_12`` ...                         the share of all notes that lie inside such runs
* ``title``                                 its title is that of an indexed tune (case, articles and numbers
  apart)
* ``title_like``                            its title is nine tenths of one (RapidFuzz's ratio)

Steps are counted without durations, so this finds more than a listener would; with durations they are in the
view `rhythm`, and as written in `text`. Folk tunes share phrases: a share says something only beside that of
held-out human tunes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_abc.corpora.titles import title_key
from hf_abc.errors import InputError
from hf_abc.evaluation.index import Index, Run
from hf_abc.evaluation.intervals import Estimate, ratio, wilson
from hf_abc.evaluation.views import Heard, hear
from hf_abc.notation.bars import bars
from hf_abc.notation.tune import header_fields
from hf_abc.record import fingerprint, finished, mark_finished, replacing

RUNS = (12, 16, 24)
_LIKE = 90
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A tune of the index."""

    id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Borrowed:
    """What a tune shares with an index.

    `notes` is its length in notes, `longest` that of its longest run in the view `melody`, which fills the
    bars `first_bar` to `last_bar` (numbers as a musician counts: a pick-up is bar 0) and is `bars` full
    bars long; `source` has that run (None: nothing is shared). `with_rhythm` is the longest run of notes
    whose lengths agree too, `letters` the longest run of letters as written. `inside` says how many notes
    lie in runs of 12, 16, 24.
    """

    title: str
    notes: int
    longest: int
    bars: float
    first_bar: int
    last_bar: int
    source: Source | None
    with_rhythm: int
    letters: int
    inside: dict[int, int]
    same_title: Source | None
    like_title: Source | None


class Copying:
    """An index of tunes with their titles; what a tune shares with them."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._titles: dict[str, int] = {}
        for number, (_, title, _) in enumerate(index.tunes):
            if key := title_key(title):
                self._titles.setdefault(key, number)

    @staticmethod
    def of(rows: Sequence[Mapping[str, Any]]) -> Copying:
        """In memory, of rows with `text` and, where they have them, `id`, `title` and `source`."""
        return Copying(Index.build(map(_named, rows)))

    @staticmethod
    def of_corpus(corpus: Path, *, progress: Callable[[int], None] = lambda done: None) -> Copying:
        """Of the train side of a corpus folder. The index is kept in the folder's `.copying` and built
        again when the corpus has changed; where that cannot be written it is built in memory.
        """
        from hf_abc.corpora import read_split

        place = Path(corpus) / ".copying"
        files = sorted(Path(corpus).glob("train*"))
        mark = fingerprint([_FORMAT, [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]])
        if finished(place, mark):
            return Copying(Index.load(place))
        rows = read_split(corpus, "train")
        if not rows:
            raise InputError(f"{corpus} has no tune on its train side: there is nothing to compare with")
        index = Index.build(map(_named, rows), progress=progress)
        try:
            with replacing(place) as folder:
                index.save(folder)
                mark_finished(folder, mark)
        except OSError:
            pass  # a read-only corpus: the index in memory serves as well
        return Copying(index)

    def borrowed(self, text: str) -> Borrowed:
        """What a tune shares with the index."""
        heard = hear(text)
        runs = {view: self.index.runs(heard, view) for view in heard.views}
        longest = max(runs["melody"], key=lambda run: run.length, default=None)
        lengths = {view: max((run.length for run in found), default=0) for view, found in runs.items()}
        first, last, full = _in_bars(text, heard, longest)
        title = header_fields(text).get("T", [""])[0]
        return Borrowed(
            title=title,
            notes=len(heard.notes),
            longest=longest.length + 1 if longest else 0,
            bars=full,
            first_bar=first,
            last_bar=last,
            source=self._source(longest.tune) if longest else None,
            with_rhythm=lengths["rhythm"] + 1 if lengths["rhythm"] else 0,
            letters=lengths["text"],
            inside={size: _inside(runs["melody"], len(heard.notes), size) for size in RUNS},
            same_title=self._same_title(title),
            like_title=self._like_title(title),
        )

    def _source(self, number: int) -> Source:
        return Source(*self.index.tunes[number])

    def _same_title(self, title: str) -> Source | None:
        number = self._titles.get(title_key(title)) if title_key(title) else None
        return None if number is None else self._source(number)

    def _like_title(self, title: str) -> Source | None:
        from rapidfuzz import fuzz, process

        key = title_key(title)
        if not key:
            return None
        found = process.extractOne(key, self._titles.keys(), scorer=fuzz.ratio, score_cutoff=_LIKE)
        return None if found is None else self._source(self._titles[found[0]])


def copied(texts: Sequence[str], known: Copying | Sequence[str]) -> dict[str, Estimate]:
    """The shares of the module's list among `texts`, with 95 % intervals: Wilson's, and for notes inside
    runs a bootstrap over tunes. `known` may be texts.
    """
    if not isinstance(known, Copying):
        known = Copying.of([{"text": text} for text in known])
    return shares([known.borrowed(text) for text in texts])


def shares(found: Sequence[Borrowed]) -> dict[str, Estimate]:
    """The shares of the module's list."""
    n = len(found)
    made = {f"notes_{size}": wilson(sum(one.longest >= size for one in found), n) for size in RUNS}
    notes = [one.notes for one in found]
    made |= {f"inside_{size}": ratio([one.inside[size] for one in found], notes, range(n)) for size in RUNS}
    made["title"] = wilson(sum(one.same_title is not None for one in found), n)
    made["title_like"] = wilson(sum(one.like_title is not None for one in found), n)
    return made


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    title = row.get("title") or header_fields(row["text"]).get("T", [""])[0]
    return {"id": row.get("id", ""), "title": title, "source": row.get("source", ""), "text": row["text"]}


def _inside(runs: Sequence[Run], notes: int, size: int) -> int:
    """How many notes lie inside runs of at least `size` notes (one more than a run has steps)."""
    covered = bytearray(notes)
    for run in runs:
        if run.length + 1 >= size:
            covered[run.start : run.start + run.length + 1] = b"\1" * (run.length + 1)
    return sum(covered)


def _in_bars(text: str, heard: Heard, run: Run | None) -> tuple[int, int, float]:
    """First and last bar of a run, and its length in full bars (0 in free meter)."""
    if run is None:
        return 0, 0, 0.0
    notes = heard.notes[run.start : run.start + run.length + 1]
    found = bars(text)
    found = [bar for bar in found if bar.voice == found[0].voice]
    pickup = bool(found and found[0].full and found[0].ticks < found[0].full)
    full = next((bar.full for bar in found if bar.full), None)
    ends, total = [], 0
    for bar in found:
        total += bar.ticks
        ends.append(total)
    number = [sum(end <= note.onset for end in ends) + (not pickup) for note in (notes[0], notes[-1])]
    ticks = notes[-1].onset + notes[-1].ticks - notes[0].onset
    return number[0], number[1], round(ticks / full, 1) if full else 0.0
