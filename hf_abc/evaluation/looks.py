"""What a training run shows in between: a few samples, and how many of them copy from a training tune.

Training is an earlier room and knows neither sampling nor copying; the entry points hand these in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.evaluation.copying import Copying
    from hf_abc.recipe import Recipe

NOTES = 24
"""Notes in a row that make a copy; hardly any held-out tune of the embedded corpus shares so many."""


def sampler(recipe: Recipe) -> Callable[[PreTrainedModel, PreTrainedTokenizerFast, int], list[str]]:
    """Writes `training.samples` tunes without prompt or guard, at each step with the same random numbers, so
    that one look compares with the next.
    """

    def sample(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, step: int) -> list[str]:
        from hf_abc.sampling.generator import generate_tunes

        if not recipe.training.samples:
            return []
        wanted = recipe.sampling
        tunes = generate_tunes(
            model,
            tokenizer,
            [""] * recipe.training.samples,
            seed=recipe.seed,
            temperature=wanted.temperature,
            min_p=wanted.min_p,
            max_new_tokens=wanted.max_new_tokens,
        )
        # in a book of tunes each has a number, also what an untrained model writes
        return [re.sub(r"\A(X:.*\n)?", f"X:{number}\n", tune.text) for number, tune in enumerate(tunes, 1)]

    return sample


def copy_counter(corpus: Path) -> Callable[[Sequence[str]], float]:
    """The share of tunes with 24 notes in a row of a tune on the corpus's train side. The index is made, or
    found in the corpus folder, when it is first needed.
    """
    index: list[Copying] = []

    def copied(texts: Sequence[str]) -> float:
        from hf_abc.evaluation.copying import Copying

        if not index:
            index.append(Copying.of_corpus(corpus))
        return sum(index[0].borrowed(text).longest >= NOTES for text in texts) / len(texts)

    return copied
