"""One token out of probabilities, by exponential random numbers (the Gumbel-max trick).

The token with the largest probability / noise is drawn with just its probability, and what is drawn depends
on nothing but the row's own numbers. Each choice also says whether a change in the last bits of the logits
might have changed it; then it is made again from logits in double precision.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from hf_abc.errors import InputError
from hf_abc.sampling.guards import PLAIN, SURE
from hf_abc.sampling.vocabulary import BANNED, LOOSE, SOUND, TEXT

NEAR = 1e-4
"""Two tokens are nearly equal when their logits, with the noise, differ by less (single precision errs by
some 1e-5)."""
_TOP = 40  # so many of the likeliest tokens are looked at before a model counts as lost


def choose(logits: Tensor, noise: Tensor, temperature: float, min_p: float) -> tuple[Tensor, Tensor]:
    """A token (n,) for each row of `logits` (n, vocab), by exponential random numbers `noise` (n, vocab).

    The second result (n,) says of which rows a change in the last bits of the logits might have changed the
    token. Rows of NaN raise InputError.
    """
    scores = logits.double()
    scores = scores - scores.amax(-1, keepdim=True)
    if temperature:
        near = NEAR / temperature
        weights = (scores / temperature).exp()  # relative to the likeliest token, which has 1
    else:
        near, weights, noise = NEAR, scores.exp(), torch.ones_like(noise)
    draws = weights / noise
    if min_p:
        draws[weights < min_p * (1 - near)] = 0.0
    best, chosen = draws.max(-1)
    if bool(best.isnan().any()):
        raise InputError(
            "the model gives NaN instead of probabilities: its weights are broken, train it again"
        )
    close = (draws > best[:, None] * (1 - near)).sum(-1) > 1
    at_the_edge = weights.gather(-1, chosen[:, None])[:, 0] < min_p * (1 + near)
    return chosen, close | at_the_edge


def choose_exactly(logits: Tensor, noise: Tensor, temperature: float, min_p: float) -> int:
    """The token for one row of logits (vocab,) in double precision, which leave no doubt."""
    if min_p:
        scores = logits - logits.max()
        logits = logits.masked_fill((scores / (temperature or 1.0)).exp() < min_p, -torch.inf)
    return int(choose(logits[None], noise[None], temperature, 0.0)[0])


def choose_among(
    logits: np.ndarray,
    noise: np.ndarray,
    temperature: float,
    min_p: float,
    verdict: Callable[[int], int],
    *,
    exactly: bool = False,
    patience: int = 0,
) -> tuple[int, bool]:
    """A token for one row of logits (vocab,), out of those that a guard lets pass; -1 where there is none.

    What is sound is chosen from where the likeliest tokens that make up `SURE` of the probability hold such
    a one, otherwise what is odd; where they hold neither, the model is lost, and what is sound comes from
    the tail. With patience 1 the tail is not touched, with 2 nothing odd either: -1 then, as where nothing
    passes at all. With patience -1 what is sound in the tail goes before what is odd. Text passes among the
    likeliest tokens that make up `PLAIN`. `min_p` counts from the likeliest token that passes. The second
    result says whether the last bits of the logits mattered; never where these are given `exactly`.
    """
    scores = logits.astype(np.float64)
    scores = scores - scores.max()
    near = 0.0 if exactly else NEAR / (temperature or 1.0)
    weights = np.exp(scores / (temperature or 1.0))
    best, passes, doubtful = best_that_passes(weights, verdict, near, patience=patience)
    if best < 0 or not temperature:
        return best, doubtful
    least = min_p * weights[best]
    draws = np.where(weights < least * (1 - near), 0.0, weights / noise)
    chosen = _first(draws, passes)
    if exactly:
        return chosen, False
    drawn, draws[chosen] = draws[chosen], 0.0
    draws[draws <= drawn * (1 - near)] = 0.0
    second = _first(draws, passes) >= 0
    return chosen, bool(doubtful or second or weights[chosen] < least * (1 + near))


def _first(draws: np.ndarray, passes: Callable[[int], bool]) -> int:
    """The token with the largest draw that passes; -1 where none above 0 does. Changes `draws`."""
    while True:
        token = int(draws.argmax())
        if not draws[token]:
            return -1
        if passes(token):
            return token
        draws[token] = 0.0


def _likeliest(weights: np.ndarray) -> list[int]:
    """The likeliest tokens in their order, `_TOP` of them; equal ones in the order of their numbers."""
    top = min(_TOP, len(weights))
    order = np.sort(np.argpartition(-weights, top - 1)[:top])
    return order[np.argsort(-weights[order], kind="stable")].tolist()


def best_that_passes(
    weights: np.ndarray, verdict: Callable[[int], int], near: float = 0.0, *, patience: int = 0
) -> tuple[int, Callable[[int], bool], bool]:
    """The likeliest token that passes (-1: none), a test of what else does, and whether it was a close
    thing.
    """
    order = _likeliest(weights)
    sorted_weights, total = weights[order], weights.sum()
    before = (np.cumsum(sorted_weights) - sorted_weights) / total
    sure = int(np.searchsorted(before, SURE, side="left"))
    least_text = sorted_weights[int(np.searchsorted(before, PLAIN, side="left")) - 1]
    edge = near * (1 - SURE)  # the last bits move what is left behind a token by its own share
    close = bool((abs(before[max(sure - 2, 0) : sure + 2] - SURE) < edge).any())

    def fine(token: int) -> bool:
        now = verdict(token)
        return now == SOUND or (now == TEXT and weights[token] >= least_text)

    def odd(token: int) -> bool:
        return verdict(token) == LOOSE or fine(token)

    for number, token in enumerate(order[:sure]):
        if fine(token):
            return token, fine, close and number >= sure - 2
    for token in order[:sure]:
        if verdict(token) == LOOSE and 0 <= patience < 2:
            return token, odd, close
    if patience > 0:
        return -1, fine, close
    order = np.argsort(-weights, kind="stable").tolist()
    for token in order:
        if verdict(token) == SOUND:
            return token, fine, close
    for token in order:
        if verdict(token) != BANNED:
            return token, lambda other: verdict(other) != BANNED, close
    return -1, fine, False
