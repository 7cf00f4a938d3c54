"""Shares of sound tunes, as `hf_abc.evaluation.validity` defines them."""

import datasets
import evaluate

from hf_abc.evaluation.validity import judge, shares

_DESCRIPTION = """Which share of tunes in ABC notation abc2midi reads without an error (`compiles`), and
without a bar of a wrong length (`bars_right`), both together, single bars right, loops, silent tunes.
"Valid" means nothing without level and tool; compare with the same shares of human tunes."""
_INPUTS = (
    """predictions: tunes in ABC, one string a tune. Returns shares with the ends of their 95 % intervals."""
)


class AbcValidity(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": datasets.Value("string")}),
        )

    def _compute(self, predictions: list[str]) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        for name, share in shares(judge(predictions)).items():
            found |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
        return found
