"""How far tunes are from human ones, as `hf_abc.evaluation.music` defines it."""

from collections.abc import Sequence

import datasets
import evaluate

from hf_abc.evaluation.music import distances, features

_DESCRIPTION = """Distances of tunes in ABC notation to human tunes: pitches above the tonic, intervals,
note lengths, rhythms of bars, range, length, repeated bars, notes in the key, compression, tonic endings,
AABB forms."""
_INPUTS = """predictions: tunes in ABC, one string a tune; human: human tunes to compare
with; others: further human tunes for the floor, from which as many as there are predictions are drawn
(none: no floor). Returns each distance and its floor (`_floor`, `_floor_high`: mean and largest of 20
draws)."""


class AbcMusic(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": datasets.Value("string")}),
        )

    def _compute(
        self, predictions: list[str], human: Sequence[str], others: Sequence[str] = ()
    ) -> dict[str, float | None]:
        heard = ([features(text) for text in texts] for texts in (predictions, human, others))
        found: dict[str, float | None] = {}
        for name, one in distances(*heard).items():
            found |= {name: one.value, f"{name}_floor": one.floor, f"{name}_floor_high": one.floor_high}
        return found
