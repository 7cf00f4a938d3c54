"""The ladder of GPT-2 sizes, and the GPT-2 of a size.

The model is `GPT2LMHeadModel` itself with a configuration, so that every tool that knows GPT-2 takes it;
nothing here subclasses it. The names from 1M to 100M are the labels of the published ladder whose shapes they
keep; the labels are round, the shapes are not: 100M holds 126M parameters in its blocks alone.
`parameter_counts` says the true numbers. The rungs below 1M, and 1.7M and 3M, are for work on a CPU; their
labels hold for 1,024 tokens and 512 positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import GPT2Config, GPT2LMHeadModel


@dataclass(frozen=True, slots=True)
class Size:
    """The shape of a decoder: width, depth and number of attention heads. The feed-forward width is 4 times
    `n_embd`.
    """

    n_embd: int
    n_layer: int
    n_head: int


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
}


@dataclass(frozen=True, slots=True)
class ParameterCounts:
    """Three ways to count, since a scaling exponent depends on which (all are numbers of scalars).

    total: every parameter, the tied output matrix once; non_embedding: total less token and position
    embeddings; matmul: what does the arithmetic of a token, the block matrices (12 * n_layer * n_embd^2) and
    the output matrix.
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

    shape = size_named(size) if isinstance(size, str) else size
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


def size_named(name: str) -> Size:
    """The size of that name; ValueError with the names there are."""
    if name not in SIZES:
        raise ValueError(f"unknown model size {name!r}: it is one of {', '.join(SIZES)}")
    return SIZES[name]


def sinusoidal_positions(model: GPT2LMHeadModel) -> None:
    """Overwrite the position embeddings of an untrained GPT-2 by sinusoids with the spread of its
    initialisation.

    Wavelengths run geometrically from 2π to the number of positions, sine and cosine side by side (Vaswani et
    al. 2017). A shift by any number of tokens is then a linear map from the first step on, where random
    embeddings must first learn that places have an order; the embeddings stay trainable. Deterministic, in
    place.
    """
    import torch

    weight = model.transformer.wpe.weight
    positions, width = weight.shape
    half = (width + 1) // 2
    longest = max(positions / (2 * torch.pi), 2.0)
    rates = longest ** -(torch.arange(half) / max(half - 1, 1))
    angles = torch.arange(positions)[:, None] * rates[None, :]
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(positions, -1)[:, :width]
    with torch.no_grad():
        weight.copy_(waves * (model.config.initializer_range / waves.std()))


def parameter_counts(model: GPT2LMHeadModel) -> ParameterCounts:
    """The three counts of a GPT-2, from the live parameters."""
    config = model.config
    total = sum(parameter.numel() for parameter in model.parameters())
    embeddings = model.transformer.wte.weight.numel() + model.transformer.wpe.weight.numel()
    matrices = 12 * config.n_layer * config.n_embd**2 + config.vocab_size * config.n_embd
    return ParameterCounts(total=total, non_embedding=total - embeddings, matmul=matrices)
