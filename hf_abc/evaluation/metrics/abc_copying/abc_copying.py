"""How much of tunes stands in others, as `hf_abc.evaluation.copying` defines it."""

from collections.abc import Sequence

import datasets
import evaluate

from hf_abc.evaluation.copying import copied

_DESCRIPTION = """Which share of tunes in ABC notation has 12, 16 or 24 notes in a row, in any key, of a
tune of a training corpus, which share of all notes lies in such runs, and which titles are known. Folk
tunes share phrases: compare with the same shares of held-out human tunes."""
_INPUTS = """predictions:
tunes in ABC, one string a tune; train: those that may have been copied, a list of strings (any number of
them). Returns shares with the ends of their 95 % intervals."""


class AbcCopying(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": datasets.Value("string")}),
        )

    def _compute(self, predictions: list[str], train: Sequence[str]) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        for name, share in copied(predictions, train).items():
            found |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
        return found
