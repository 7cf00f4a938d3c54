"""The ladder of sizes, for GPT-2 and for the LSTM, and how a model's size is counted.

GPT-2 is `GPT2LMHeadModel` itself with a configuration, so that every tool that knows GPT-2 takes it; nothing
here subclasses it. The names from 1M to 100M are the labels of the published ladder whose shapes they keep;
the labels are round, the shapes are not: the blocks alone hold 0.79, 4.7, 18.9, 56.6 and 125.8 million
parameters, and `parameter_counts` says the true numbers of a model. The rungs below 1M, and 1.7M and 3M, are
for work on a CPU; their labels hold for 1,024 tokens and 512 positions. `-deep` is the same number of
parameters in more and narrower layers with fewer heads.

The LSTM of a name has about as many parameters in its matrices as the GPT-2 of that name in its blocks
(8 * layers * hidden^2 against 12 * layers * width^2), so that families are compared at equal size. `folk-rnn`
is that project's shape: three layers of 512. Its input was one-hot; token vectors of 128 numbers are as many
as its 137 tokens need and keep its 5.6 million parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from transformers import GPT2Config, PreTrainedModel

    from hf_abc.models.configuration_abc_lstm import AbcLSTMConfig


@dataclass(frozen=True, slots=True)
class Size:
    """The shape of a decoder: width, depth and number of attention heads. The feed-forward width is 4 times
    `n_embd`.
    """

    n_embd: int
    n_layer: int
    n_head: int


@dataclass(frozen=True, slots=True)
class LSTMSize:
    """The shape of an LSTM: width and number of its layers, and the width of the token vectors if it is
    another.
    """

    hidden_size: int
    num_hidden_layers: int
    embedding_size: int | None = None


_Shape = TypeVar("_Shape", Size, LSTMSize)

SIZES: dict[str, Size] = {
    "0.15M": Size(48, 3, 3),
    "0.25M": Size(64, 3, 4),
    "0.6M": Size(96, 4, 4),
    "1M": Size(128, 4, 4),
    "1.7M": Size(160, 5, 5),
    "3M": Size(192, 6, 6),
    "5M": Size(256, 6, 4),
    "20M": Size(512, 6, 8),
    "50M": Size(768, 8, 12),
    "100M": Size(1024, 10, 16),
    "1M-deep": Size(80, 10, 2),
    "5M-deep": Size(160, 15, 2),
    "20M-deep": Size(320, 15, 5),
    "50M-deep": Size(512, 18, 8),
    "100M-deep": Size(720, 20, 10),
}
LSTM_SIZES: dict[str, LSTMSize] = {
    "0.15M": LSTMSize(64, 2),
    "0.25M": LSTMSize(96, 2),
    "0.6M": LSTMSize(160, 2),
    "1M": LSTMSize(224, 2),
    "1.7M": LSTMSize(320, 2),
    "3M": LSTMSize(416, 2),
    "5M": LSTMSize(512, 2),
    "20M": LSTMSize(1088, 2),
    "50M": LSTMSize(1880, 2),
    "100M": LSTMSize(2800, 2),
    "folk-rnn": LSTMSize(512, 3, 128),
}


@dataclass(frozen=True, slots=True)
class ParameterCounts:
    """Three ways to count, since a scaling exponent depends on which (all are numbers of scalars).

    total: every parameter, a tied output matrix once; non_embedding: total less token and position
    embeddings; matmul: what does the arithmetic of a token, every matrix but the embeddings, and the output
    matrix.
    """

    total: int
    non_embedding: int
    matmul: int


def gpt2_config(
    size: Size | str, *, vocab_size: int, n_positions: int, dropout: float = 0.0, end_id: int = 0
) -> GPT2Config:
    """The configuration of a GPT-2 of `size` (a name of `SIZES` or a shape) for contexts of `n_positions`
    tokens.

    `end_id` begins, ends and pads. One `dropout` for embeddings, attention and residuals; 0 by default, as
    the library's own default of 0.1 halves the training speed on a CPU (measured: 5,085 against 11,056 tokens
    a second).
    """
    from transformers import GPT2Config

    shape = _named(size, SIZES) if isinstance(size, str) else size
    return GPT2Config(
        vocab_size=vocab_size,
        n_positions=n_positions,
        n_embd=shape.n_embd,
        n_layer=shape.n_layer,
        n_head=shape.n_head,
        activation_function="gelu_pytorch_tanh",  # GPT-2's gelu_new in one kernel: 6 % more tokens a second
        embd_pdrop=dropout,
        attn_pdrop=dropout,
        resid_pdrop=dropout,
        bos_token_id=end_id,
        eos_token_id=end_id,
        pad_token_id=end_id,
    )


def lstm_config(
    size: LSTMSize | str, *, vocab_size: int, dropout: float = 0.0, end_id: int = 0
) -> AbcLSTMConfig:
    """The configuration of an LSTM of `size` (a name of `LSTM_SIZES` or a shape). `end_id` begins, ends and
    pads, and clears the state.
    """
    from hf_abc.models.configuration_abc_lstm import AbcLSTMConfig

    shape = _named(size, LSTM_SIZES) if isinstance(size, str) else size
    return AbcLSTMConfig(
        vocab_size=vocab_size,
        hidden_size=shape.hidden_size,
        num_hidden_layers=shape.num_hidden_layers,
        embedding_size=shape.embedding_size,
        dropout=dropout,
        bos_token_id=end_id,
        eos_token_id=end_id,
        pad_token_id=end_id,
    )


def size_named(name: str) -> Size:
    """The GPT-2 size of that name; ValueError with the names there are."""
    return _named(name, SIZES)


def _named(name: str, sizes: Mapping[str, _Shape]) -> _Shape:
    if name not in sizes:
        raise ValueError(f"unknown model size {name!r}: it is one of {', '.join(sizes)}")
    return sizes[name]


def parameter_counts(model: PreTrainedModel) -> ParameterCounts:
    """The three counts of a causal language model of any family, from its parameters (which may be on the
    device "meta": no numbers are looked at).
    """
    from torch import nn

    vectors = {
        id(module.weight): module.weight for module in model.modules() if isinstance(module, nn.Embedding)
    }
    parameters = list(model.parameters())
    inside = [p for p in parameters if id(p) not in vectors]
    output = model.get_output_embeddings().weight
    matrices = sum(p.numel() for p in inside if p.dim() >= 2 and p is not output)
    embedded = sum(p.numel() for p in vectors.values())
    total = sum(p.numel() for p in parameters)
    return ParameterCounts(total=total, non_embedding=total - embedded, matmul=matrices + output.numel())


def flops_per_token(model: PreTrainedModel, context: int) -> int:
    """Floating-point operations of training on one token, forward and backward, in rows of `context` tokens.

    6 for each parameter that multiplies, and for attention 6 * layers * width * context, the half of the
    square that a causal mask leaves; what no matrix does (gates, norms, softmax) is not counted.
    """
    config = model.config
    attended = 0
    if getattr(config, "num_attention_heads", None):
        attended = 6 * config.num_hidden_layers * config.hidden_size * context
    return 6 * parameter_counts(model).matmul + attended
