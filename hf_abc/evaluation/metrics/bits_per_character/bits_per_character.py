"""Bits per character of texts whose loss is known, with an interval over families."""

from collections.abc import Sequence

import datasets
import evaluate

from hf_abc.evaluation.likelihood import TuneLoss, bits_per_character

_DESCRIPTION = """Bits per character: all nats, those of the end tokens too, over ln 2 times all characters.
Compares models with different tokenizers, which a loss per token does not."""
_INPUTS = """predictions: the
nats of each text, its end token's among them; references: the texts; families: for each text the name of
its family (default: each text its own), over which the 95 % interval is a bootstrap."""


class BitsPerCharacter(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features(
                {"predictions": datasets.Value("float64"), "references": datasets.Value("string")}
            ),
        )

    def _compute(
        self, predictions: list[float], references: list[str], families: Sequence[str] | None = None
    ) -> dict[str, float | None]:
        names = families or [str(number) for number in range(len(references))]
        found = bits_per_character(
            [
                TuneLoss(str(number), family, nats, len(text), 0)
                for number, (nats, text, family) in enumerate(
                    zip(predictions, references, names, strict=True)
                )
            ]
        )
        return {"bits_per_character": found.value, "low": found.low, "high": found.high}
