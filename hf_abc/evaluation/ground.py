"""The ground that models are measured on: a side of a corpus, its human figures, and the baselines.

It is the same for every model, so `hf-abc compare` lays it once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError
from hf_abc.evaluation.baselines import conditional_xz, witten_bell
from hf_abc.evaluation.copying import Copying, copied
from hf_abc.evaluation.intervals import Estimate
from hf_abc.evaluation.likelihood import TuneLoss, bits_per_character
from hf_abc.evaluation.music import Features, features
from hf_abc.evaluation.validity import judge, shares

SIDES = ("train", "validation", "test")
_MOST_OTHERS = 2000  # human tunes that the floor of the musical distances is drawn from


@dataclass(frozen=True, slots=True)
class Ground:
    """The tunes to measure on (`rows`, mappings with `id`, `family`, `text`), the texts of the train side,
    and what is known of both without any model. `rows` may be empty; then so is what rests on them.
    """

    corpus: Path
    side: str
    rows: Sequence[dict[str, Any]]
    train: Sequence[str]
    copying: Copying
    baseline: Sequence[TuneLoss]
    xz: float | None
    human: dict[str, Estimate]
    heard: Sequence[Features]
    others: Sequence[Features]

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.rows]

    def facts(self) -> dict[str, Any]:
        """What run.json says of it."""
        return {
            "side": self.side,
            "tunes": len(self.rows),
            "families": len({row["family"] for row in self.rows}),
            "characters": sum(map(len, self.texts)),
            "witten_bell_5": bits_per_character(self.baseline),
            "xz": self.xz,
            "human": self.human,
        }


def lay(corpus: Path, side: str = "test", *, say: Callable[[str], None] = lambda text: None) -> Ground:
    """Read a side of a corpus folder and measure what needs no model.

    Raises InputError for a side that does not exist and for a corpus without a train side.
    """
    from hf_abc.corpora import read_split

    if side not in SIDES:
        raise InputError(f"there is no side {side!r} in a corpus: take validation or test")
    train = read_split(corpus, "train")
    if not train:
        raise InputError(f"{corpus} has no tune on its train side: there is nothing to compare with")
    rows = read_split(corpus, side)
    texts, known = [row["text"] for row in rows], [row["text"] for row in train]
    say(f"reading {len(known):,} train tunes: what can be copied, what the baselines learn")
    copying = Copying.of(train)
    drawn = random.Random(0).sample(known, min(_MOST_OTHERS, len(known)))
    return Ground(
        corpus=Path(corpus),
        side=side,
        rows=rows,
        train=known,
        copying=copying,
        baseline=witten_bell(known, rows) if rows else [],
        xz=round(conditional_xz(known, texts), 4) if rows else None,
        human={**shares(judge(texts)), **copied(texts, copying)},
        heard=[features(text) for text in texts],
        others=[features(text) for text in drawn],
    )
