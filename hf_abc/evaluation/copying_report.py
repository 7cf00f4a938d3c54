"""What tunes share with a corpus, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from hf_abc.evaluation.copying import RUNS, Borrowed, Source, shares
from hf_abc.evaluation.tables import aligned, percent
from hf_abc.record import plain

_WORDS = {
    **{f"notes_{size}": f"{size} notes in a row of a training tune" for size in RUNS},
    **{f"inside_{size}": f"notes inside runs of {size}" for size in RUNS},
    "title": "title of a training tune",
    "title_like": "title nearly that of one",
}


def sentence(found: Borrowed) -> str:
    """What a tune borrowed."""
    words = [found.title or "(no title)"]
    if found.source is None:
        words.append("nothing shared")
    else:
        first, last = found.first_bar, found.last_bar
        where = f"bar {first}" if first == last else f"bars {first}-{last}"
        words.append(
            f"{found.longest} of {found.notes} notes in a row ({where}, {found.bars:g} bars long) "
            f"stand in {_name(found.source)}"
        )
        words.append(
            f"with their lengths {found.with_rhythm} notes in a row, as written {found.letters} letters"
        )
        inside = (f"{100 * found.inside[size] / max(1, found.notes):.0f} %" for size in RUNS)
        words.append(f"of its notes in runs of {', '.join(map(str, RUNS))}: {', '.join(inside)}")
    if found.same_title:
        words.append(f"has the title of {_name(found.same_title)}")
    elif found.like_title:
        words.append(f"has nearly the title of {_name(found.like_title)}")
    return "\n    ".join(words)


def brief(found: Borrowed) -> str:
    """The same in a few words, for a list of tunes: runs of fewer than RUNS[0] notes are not worth a word."""
    words = []
    if found.source is not None and found.longest >= RUNS[0]:
        first, last = found.first_bar, found.last_bar
        where = f"bar {first}" if first == last else f"bars {first}-{last}"
        words.append(f"{found.longest} notes in a row ({where}) stand in {_name(found.source)}")
    else:
        words.append(f"no {RUNS[0]} notes in a row stand in a training tune")
    if found.same_title:
        words.append(f"the title is that of {_name(found.same_title)}")
    return "; ".join(words)


def table(found: Sequence[Borrowed], human: Sequence[Borrowed]) -> str:
    """The shares among tunes beside those among held-out human tunes."""
    own, theirs = plain(shares(found)), plain(shares(human))
    rows = [["share of tunes", f"these {len(found):,}", f"{len(human):,} held-out human tunes"]]
    rows += [[words, percent(own[name]), percent(theirs[name])] for name, words in _WORDS.items()]
    return "\n".join(aligned(rows))


def _name(source: Source) -> str:
    return f'"{source.title}"' + (f" ({source.id})" if source.id else "")
