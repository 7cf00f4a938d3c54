"""What a run starts from: a recipe that can be trained, its tokenizer, its fresh model and its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hf_abc.errors import InputError, RecipeError
from hf_abc.models.sizes import SIZES, gpt2_config, sinusoidal_positions
from hf_abc.models.tokenizers import train_tokenizer

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

    from hf_abc.recipe import Recipe


def check(recipe: Recipe, train: Sequence[str], validation: Sequence[str]) -> None:
    """Refuse what would fail later, or worse, would not, by InputError (texts) or RecipeError."""
    if not any(train):
        raise InputError("there is no tune to train on: the train side of the corpus is empty")
    if not any(validation):
        raise InputError("there is no tune to measure on: the validation side of the corpus is empty")
    if recipe.model.size not in SIZES:
        raise RecipeError(f"model.size {recipe.model.size!r} is unknown: it is one of {', '.join(SIZES)}")
    if recipe.model.n_positions != recipe.training.block_size:
        # Measured: models trained on 256 positions scored 2.2 instead of 1.4 to 1.6 bits per character when
        # they were read with 512, and nothing warned.
        raise RecipeError(
            f"model.n_positions ({recipe.model.n_positions}) and training.block_size "
            f"({recipe.training.block_size}) differ: positions never trained are noise, so set both alike"
        )


def make_tokenizer(recipe: Recipe, texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """The recipe's tokenizer, trained on the texts."""
    chosen = recipe.tokenizer
    tokenizer = train_tokenizer(
        texts, kind=chosen.kind, vocab_size=chosen.vocab_size, boundary=chosen.boundary
    )
    tokenizer.model_max_length = recipe.model.n_positions
    return tokenizer


def make_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    """The recipe's model for this tokenizer, with fresh weights from torch's generator."""
    from transformers import GPT2LMHeadModel

    config = gpt2_config(
        recipe.model.size,
        vocab_size=len(tokenizer),
        n_positions=recipe.model.n_positions,
        dropout=recipe.model.dropout,
        end_id=tokenizer.eos_token_id,
    )
    model = GPT2LMHeadModel(config)
    if recipe.model.sinusoidal_positions:
        sinusoidal_positions(model)
    return model


def precision(wanted: str) -> str:
    """Accelerate's name for a recipe's precision; "auto" is bf16 where the processor computes with it.

    Measured on a CPU with AVX512-BF16: 34 to 40 % more tokens a second.
    """
    import torch

    if wanted != "auto":
        return "no" if wanted == "fp32" else wanted
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"
    able: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # absent in torch 2.6
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "no"
