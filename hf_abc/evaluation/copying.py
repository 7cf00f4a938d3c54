"""Copying: how much of a tune stands in the training tunes, in whatever key, beside what human tunes share.

* ``notes_16``, ``notes_24``  the tune has 16, 24 notes in a row whose intervals a training tune has too
* ``title``                   its title is that of a training tune (case, articles and numbers apart)

Durations are not compared, so this finds more than a listener would. Folk tunes share phrases: a share says
something only beside that of held-out human tunes. Which tune was copied from is not told here.
"""

from collections.abc import Sequence

from hf_abc.corpora.families import melody_key, shingles, title_key
from hf_abc.evaluation.intervals import Estimate, wilson
from hf_abc.notation.tune import header_fields

RUNS = (16, 24)


def copied(texts: Sequence[str], train: Sequence[str]) -> dict[str, Estimate]:
    """The shares of the module's list among `texts`, with Wilson's 95 % intervals."""
    melodies, known = [melody_key(text) for text in texts], [melody_key(text) for text in train]
    found = {}
    for notes in RUNS:
        seen = set().union(*(shingles(melody, notes - 1) for melody in known))
        count = sum(not seen.isdisjoint(shingles(melody, notes - 1)) for melody in melodies)
        found[f"notes_{notes}"] = wilson(count, len(texts))
    titles = {_title(text) for text in train} - {""}
    found["title"] = wilson(sum(_title(text) in titles for text in texts), len(texts))
    return found


def _title(text: str) -> str:
    return title_key(header_fields(text).get("T", [""])[0])
