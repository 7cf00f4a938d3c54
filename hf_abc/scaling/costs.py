"""What a run costs before it runs: parameters, floating-point operations, time, memory.

Parameters and operations are counted from the model itself, made without numbers. The vocabulary that is
assumed is the tokenizer's smallest (characters beyond ASCII add some tens of tokens). Time on a CPU follows
from rates measured on one thread of an AVX512-BF16 processor, with GPT-2 in rows of 256 tokens and LSTMs of
two layers; between and beyond the measured sizes it is drawn along in logarithms, good to 30 %. Time on an
H100 rests on assumed rates, no measured ones. Memory is an estimate, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from hf_abc.models.sizes import SIZES, ParameterCounts, flops_per_token, parameter_counts

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from hf_abc.recipe import Recipe, TokenizerRecipe

# (parameters in matrices, GFLOP a second of one thread), measured up to 1M, 5M and folk-RNN's width
_CPU = {
    "gpt2": ((88e3, 31.6), (154e3, 34.3), (453e3, 48.8), (800e3, 68.3), (1.55e6, 78.4), (4.75e6, 95.6)),
    "lstm": ((72e3, 60.1), (158e3, 71.5), (427e3, 84.5), (2.8e6, 89.5)),
}
_H100 = ((0.8e6, 10e3), (4.7e6, 40e3), (18.9e6, 100e3), (125e6, 120e3))  # GFLOP a second, assumed
_PROGRAM_GIB = 0.6


@dataclass(frozen=True, slots=True)
class Cost:
    """The three counts, operations for a token, and the memory in GiB while training."""

    counts: ParameterCounts
    flops: int
    memory_gib: float


def nominal_vocabulary(tokenizer: TokenizerRecipe) -> int:
    """How many tokens a tokenizer has, as far as its recipe says."""
    return {"bpe": tokenizer.vocab_size, "char": 257, "folk-rnn": 400, "pretrained": 50257}[tokenizer.kind]


def cost_of(recipe: Recipe, vocabulary: int | None = None) -> Cost:
    """The cost of a recipe's model with that many tokens."""
    tokens = nominal_vocabulary(recipe.tokenizer) if vocabulary is None else vocabulary
    return _cost(recipe.model.family, recipe.model.size, tokens, recipe.training.block_size,
                 recipe.training.micro_batch_tokens or recipe.training.batch_tokens)  # fmt: skip


def flops_of(recipe: Recipe, vocabulary: int | None = None) -> int:
    """Operations of training on one token."""
    return cost_of(recipe, vocabulary).flops


def cpu_seconds(family: str, matmul: int, flops: float) -> float:
    """Seconds of one CPU thread for so many operations of a model of that many parameters in matrices."""
    return flops / (1e9 * _along(_CPU[family], matmul))


def h100_seconds(matmul: int, flops: float) -> float:
    """Seconds of an H100, by assumption."""
    return flops / (1e9 * _along(_H100, matmul))


def _empty(family: str, size: str, vocabulary: int, context: int) -> PreTrainedModel:
    import torch

    from hf_abc.models.sizes import gpt2_config, lstm_config

    with torch.device("meta"):
        if family == "lstm":
            from hf_abc.models import AbcLSTMForCausalLM

            return AbcLSTMForCausalLM(lstm_config(size, vocab_size=vocabulary))
        from transformers import GPT2LMHeadModel

        return GPT2LMHeadModel(gpt2_config(size, vocab_size=vocabulary, n_positions=context))


@lru_cache(maxsize=256)
def _cost(family: str, size: str, vocabulary: int, context: int, batch_tokens: int) -> Cost:
    model = _empty(family, size, vocabulary, context)
    counts = parameter_counts(model)
    layers = SIZES[size].n_layer if family == "gpt2" else model.config.num_hidden_layers
    numbers = 16 * counts.total + batch_tokens * layers * model.config.hidden_size * 60
    return Cost(counts, flops_per_token(model, context), _PROGRAM_GIB + numbers / 2**30)


def _along(measured: tuple[tuple[float, float], ...], matmul: int) -> float:
    sizes, rates = np.log(np.array(measured)).T
    return float(np.exp(np.interp(np.log(matmul), sizes, rates)))
