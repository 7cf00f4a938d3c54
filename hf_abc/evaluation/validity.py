"""Validity: which share of tunes is sound, by which judge, with intervals.

"Valid" means nothing without its level and its tool, so there is no such word here. What is counted:

* ``compiles``     abc2midi reads the tune without an error (its benign kinds apart)
* ``bars_right``   abc2midi saw a tune with notes and complains of no bar's length
* ``both``         the two together
* ``single_bars``  the share of single bars that `hf_abc.notation.bars` finds right: not too long, and
                   short only at the edges of a tune or of a strain
* ``loops``        the tune holds four or more copies in a row of a block of one to eight bars
* ``silent``       the tune has no sounding note
* ``ended``        the model ended the tune itself (no figure for human tunes)

abc2midi takes pickups and short bars at repeats for mistakes more often than a musician would, in human
tunes as in sampled ones: a share says something only beside the same share of human tunes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hf_abc.abcmidi import bars_right, check_book, compiles
from hf_abc.evaluation.intervals import Estimate, ratio, wilson
from hf_abc.notation.bars import bars
from hf_abc.notation.levels import is_loop
from hf_abc.notation.melody import notes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judges say of one tune. `bars` and `right` count its single bars; `ended` is None for a
    human tune.
    """

    compiles: bool
    bars_right: bool
    bars: int
    right: int
    loop: bool
    silent: bool
    ended: bool | None = None


def judge(texts: Sequence[str], ended: Sequence[bool] | None = None) -> list[Verdict]:
    """A verdict for each text, through one process of abc2midi; `ended` says of each sample whether the
    model ended it.
    """
    verdicts = []
    for number, (text, messages) in enumerate(zip(texts, check_book(texts), strict=True)):
        kinds = {message.kind for message in messages}
        found = bars(text) if "no-tune" not in kinds else []
        silent = "no-tune" in kinds or not notes(text)
        verdicts.append(
            Verdict(
                compiles=compiles(messages),
                bars_right=bars_right(messages) and not silent and "unfinished" not in kinds,
                bars=len(found),
                right=sum(not bar.wrong for bar in found),
                loop=is_loop(text),
                silent=silent,
                ended=None if ended is None else ended[number],
            )
        )
    return verdicts


def shares(verdicts: Sequence[Verdict]) -> dict[str, Estimate]:
    """The shares of the module's list with their 95 % intervals: Wilson's, and for single bars a
    bootstrap over tunes.
    """
    n = len(verdicts)
    found = {
        "compiles": wilson(sum(v.compiles for v in verdicts), n),
        "bars_right": wilson(sum(v.bars_right for v in verdicts), n),
        "both": wilson(sum(v.compiles and v.bars_right for v in verdicts), n),
        "single_bars": ratio([v.right for v in verdicts], [v.bars for v in verdicts], range(n)),
        "loops": wilson(sum(v.loop for v in verdicts), n),
        "silent": wilson(sum(v.silent for v in verdicts), n),
    }
    if verdicts and all(v.ended is not None for v in verdicts):
        found["ended"] = wilson(sum(bool(v.ended) for v in verdicts), n)
    return found
