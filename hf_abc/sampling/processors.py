"""The guards as parts of transformers: they work inside of a plain `model.generate()`.

    guard = TuneGuard(tokenizer)
    model.generate(ids, logits_processor=[guard], stopping_criteria=[LoopStop(tokenizer)], max_new_tokens=500)

Nothing can be taken back there, so that the loop guard forbids the last notes of a third copy instead. A row
may begin with end tokens, as padding on the left. Import costs what transformers costs; the package's own
loop does without this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor, StoppingCriteria

from hf_abc.sampling.drawing import best_that_passes
from hf_abc.sampling.guards import ALL_GUARDS, Guards, Watch
from hf_abc.sampling.loops import BarBook
from hf_abc.sampling.vocabulary import SOUND, Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class TuneGuard(LogitsProcessor):
    """Sets the logits of all tokens that the guards do not let pass to minus infinity.

    guards: which ones; length: the longest a row may become in tokens, where a tune that comes near it is to
    be brought to an end.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        guards: Guards = ALL_GUARDS,
        *,
        length: int | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.guards = guards
        self.length = length
        self.vocabulary = vocabulary or Vocabulary(tokenizer, voices=guards.voices)
        self.tokenizer = tokenizer
        self.rows: list[tuple[list[int], Watch]] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        rows = [self._watch(number, ids) for number, ids in enumerate(input_ids.tolist())]
        self.rows = rows
        allowed = np.stack([self._allowed(watch, scores[n]) for n, (_, watch) in enumerate(rows)])
        mask = torch.from_numpy(allowed[:, : scores.shape[-1]]).to(scores.device)
        return scores.masked_fill(~mask, -torch.inf)

    def _watch(self, number: int, ids: list[int]) -> tuple[list[int], Watch]:
        """The guards of a row, one token further than at the last call where it is the same tune."""
        if number < len(self.rows):
            before, watch = self.rows[number]
            if ids[:-1] == before:
                if ids[-1] != self.vocabulary.end_id:
                    watch.accept(ids[-1])
                return ids, watch
        end = self.vocabulary.end_id
        first = next((n for n, token in enumerate(ids) if token != end), len(ids))
        own = [end, *ids[first:]]
        limit = self.length - len(ids) + len(own) if self.length else 1 << 30
        text = str(self.tokenizer.decode(own))
        return ids, Watch.over_prompt(self.guards, self.vocabulary, own, limit, text=text, bans=True)

    def _allowed(self, watch: Watch, scores: Tensor) -> np.ndarray:
        """Which tokens may follow, (vocabulary,) of bool."""
        size = len(self.vocabulary.texts)
        if watch.place is None:
            verdicts = np.full(size, SOUND, np.int8)
        else:
            verdicts = self.vocabulary.verdicts(watch.place)
        if watch.bans and watch.loop_is_near:
            tokens = np.flatnonzero(verdicts)
            now = np.array([watch.verdict(int(token)) for token in tokens], np.int8)
            if now.any():
                verdicts = np.zeros_like(verdicts)
                verdicts[tokens] = now
        if not verdicts.any():
            watch.step_aside("")
            return np.ones(size, bool)
        weights = scores.double().softmax(-1).cpu().numpy()[:size]
        _, passes, _ = best_that_passes(weights, lambda token: int(verdicts[token]))
        allowed = np.zeros(size, bool)
        allowed[[token for token in np.flatnonzero(verdicts).tolist() if passes(token)]] = True
        return allowed


class LoopStop(StoppingCriteria):
    """Ends a row when the same one to eight bars stand in it three times in a row."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.tokenizer = tokenizer

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        return torch.tensor([self._loops(ids) for ids in input_ids], device=input_ids.device)

    def _loops(self, ids: Tensor) -> bool:
        newest = str(self.tokenizer.decode(ids[-1:]))
        if "|" not in newest:
            return False
        book = BarBook()
        text = str(self.tokenizer.decode(ids, skip_special_tokens=True))
        last = text.rfind("|")
        book.write(text[:last])
        return book.write(text[last:]) and book.loop() > 0
