"""What a run starts from: a recipe that can be trained, its tokenizer, its model, its batches and arithmetic.

`make_start` is where a family of models is chosen; the loop knows none.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from accelerate.utils import set_seed

from hf_abc.errors import InputError, RecipeError
from hf_abc.models.sizes import SIZES, gpt2_config, sinusoidal_positions
from hf_abc.models.tokenizers import train_tokenizer
from hf_abc.training.objective import Objective, PackedObjective
from hf_abc.training.packing import Blocks, pack
from hf_abc.training.stream import Stream, documents

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.recipe import Recipe

_SEEN = 256  # training tunes that are measured beside the held-out ones, at most


class Batches(Protocol):
    """An endless stream of batches of `rows` rows. Each process takes the rows rank, rank + processes …, and
    cuts them into parts in the same manner, so that row i of a batch always meets the same objective and
    part. Its state is the same in all processes.
    """

    rows: int
    epoch: int

    def next(self) -> Blocks: ...

    def state_dict(self) -> dict[str, int]: ...

    def load_state_dict(self, state: dict[str, int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Start:
    """What a run starts from.

    stream: the batches; objective: what turns them into nats, and holds the model; held_out, seen: packed
    tunes of the validation and of the train side to be measured, with the number of their characters.
    """

    tokenizer: PreTrainedTokenizerFast
    model: PreTrainedModel
    objective: Objective
    stream: Batches
    held_out: Blocks
    characters: int
    seen: Blocks
    seen_characters: int


def make_start(recipe: Recipe, train: Sequence[str], validation: Sequence[str]) -> Start:
    """Tokenizer, model, objective and batches of a recipe, the same in all processes. Sets the seed.

    Raises InputError when tokenizer and model do not belong together.
    """
    settings = recipe.training
    tokenizer = make_tokenizer(recipe, train)
    set_seed(recipe.seed)
    model = make_model(recipe, tokenizer)
    if len(tokenizer) > model.config.vocab_size:
        raise InputError(
            f"a tokenizer of {len(tokenizer)} tokens does not belong to a model of "
            f"{model.config.vocab_size}: choose those that were made for each other"
        )
    objective = PackedObjective(model, clock=settings.bar_clock > 0)
    stream = Stream(
        train,
        tokenizer,
        rows=settings.batch_tokens // settings.block_size,
        block_size=settings.block_size,
        seed=recipe.seed,
        transpose=settings.transpose,
        clock=settings.bar_clock > 0,
    )
    tunes = [text for text in train if text]
    seen = random.Random(recipe.seed).sample(tunes, min(len(tunes), len(validation), _SEEN))
    if settings.gradient_checkpointing:
        model.activation_checkpointing_enable()
    return Start(
        tokenizer=tokenizer,
        model=model,
        objective=objective,
        stream=stream,
        held_out=_packed(tokenizer, validation, settings.block_size),
        characters=sum(map(len, validation)),
        seen=_packed(tokenizer, seen, settings.block_size),
        seen_characters=sum(map(len, seen)),
    )


def _packed(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], block_size: int) -> Blocks:
    made = documents(tokenizer, texts, clock=False)
    return pack(made, block_size=block_size, end_id=tokenizer.eos_token_id)


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
    RecipeError for what this machine cannot do.

    Measured on a CPU with AVX512-BF16: 34 to 40 % more tokens a second.
    """
    import torch

    if wanted == "fp16" and not torch.cuda.is_available():
        raise RecipeError("training.precision 'fp16' needs a GPU, and there is none: set auto, bf16 or fp32")
    if wanted != "auto":
        return "no" if wanted == "fp32" else wanted
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"
    able: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # absent in torch 2.6
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "no"
