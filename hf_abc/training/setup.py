"""What a run starts from: a recipe that can be trained, its tokenizer, its model, its batches and arithmetic.

`make_start` is where a family of models is chosen; the loop knows none.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from accelerate.utils import set_seed

from hf_abc.errors import InputError, RecipeError
from hf_abc.models.positions import sinusoidal_positions
from hf_abc.models.pretrained import fit_vocabulary, load_pretrained, load_tokenizer
from hf_abc.models.sizes import LSTM_SIZES, SIZES, gpt2_config, lstm_config
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.training.lanes import Lanes
from hf_abc.training.objective import Objective, PackedObjective, RecurrentObjective
from hf_abc.training.packing import Blocks, pack
from hf_abc.training.stream import Epochs, Stream, documents

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.recipe import Recipe

_WHOLE = 4  # an LSTM is measured on rows of so many blocks, which hold nearly every tune whole
_SEEN = 128  # training tunes that are measured beside the held-out ones, at most


class Batches(Protocol):
    """An endless stream of batches of `rows` rows. Each process takes the rows rank, rank + processes …, and
    cuts them into parts in the same manner, so that row i of a batch always meets the same objective and
    part. Its state is the same in all processes.
    """

    rows: int
    epoch: int

    def next(self) -> Blocks: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


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
    clock = settings.bar_clock > 0
    epochs = Epochs(train, tokenizer, seed=recipe.seed, transpose=settings.transpose, clock=clock)
    rows = settings.batch_tokens // settings.block_size
    stream: Batches
    objective: Objective
    measured = settings.block_size
    if model.config.model_type == "abc_lstm":
        stream = Lanes(epochs, rows=rows, block_size=settings.block_size)
        objective = RecurrentObjective(model, clock=clock)
        measured *= _WHOLE
    else:
        stream = Stream(epochs, rows=rows, block_size=settings.block_size)
        objective = PackedObjective(model, clock=clock)
    tunes = [text for text in train if text]
    seen = random.Random(recipe.seed).sample(tunes, min(len(tunes), len(validation), _SEEN))
    if settings.gradient_checkpointing:
        model.activation_checkpointing_enable()
    return Start(
        tokenizer=tokenizer,
        model=model,
        objective=objective,
        stream=stream,
        held_out=_packed(tokenizer, validation, measured),
        characters=sum(map(len, validation)),
        seen=_packed(tokenizer, seen, measured),
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
    lstm = recipe.model.family == "lstm" and not recipe.model.pretrained
    sizes = LSTM_SIZES if lstm else SIZES
    if recipe.model.size not in sizes:
        raise RecipeError(f"model.size {recipe.model.size!r} is unknown: it is one of {', '.join(sizes)}")
    if not lstm and recipe.model.n_positions != recipe.training.block_size:
        # Measured: models trained on 256 positions scored 2.2 instead of 1.4 to 1.6 bits per character when
        # they were read with 512, and nothing warned.
        raise RecipeError(
            f"model.n_positions ({recipe.model.n_positions}) and training.block_size "
            f"({recipe.training.block_size}) differ: positions never trained are noise, so set both alike"
        )


def make_tokenizer(recipe: Recipe, texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """The recipe's tokenizer: trained on the texts, or the one of its pretrained model."""
    chosen = recipe.tokenizer
    if chosen.kind == "pretrained":
        name = recipe.model.pretrained
        try:
            tokenizer = load_tokenizer(name)
        except (OSError, ValueError) as error:
            raise _not_loaded(name, error) from error
        probe = list(texts[:_SEEN])
        if [tokenizer.decode(ids) for ids in encode(tokenizer, probe)] != probe:
            raise InputError(
                f"the tokenizer of {name} does not give ABC back as it was: set tokenizer.kind to bpe"
            )
    else:
        tokenizer = train_tokenizer(
            texts, kind=chosen.kind, vocab_size=chosen.vocab_size, boundary=chosen.boundary
        )
    if recipe.model.family == "gpt2":
        tokenizer.model_max_length = recipe.model.n_positions
    return tokenizer


def make_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """The recipe's model for this tokenizer; what is fresh in it comes from torch's generator."""
    wanted = recipe.model
    model: PreTrainedModel
    if wanted.pretrained:
        try:
            model = load_pretrained(
                wanted.pretrained,
                positions=wanted.n_positions,
                dropout=wanted.dropout,
                random_weights=wanted.random_weights,
            )
        except (OSError, ValueError) as error:
            raise _not_loaded(wanted.pretrained, error) from error
        fit_vocabulary(model, tokenizer, new=recipe.tokenizer.kind != "pretrained")
        return model
    shape = {"vocab_size": len(tokenizer), "dropout": wanted.dropout, "end_id": tokenizer.eos_token_id}
    if wanted.family == "lstm":
        from hf_abc.models import AbcLSTMForCausalLM

        return AbcLSTMForCausalLM(lstm_config(wanted.size, **shape))
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel(gpt2_config(wanted.size, n_positions=wanted.n_positions, **shape))
    if wanted.sinusoidal_positions:
        sinusoidal_positions(model)
    return model


def _not_loaded(name: str, error: Exception) -> InputError:
    reason = str(error).strip().split("\n")[0]
    return InputError(f"model.pretrained: {name} cannot be used ({reason}): name a Hub id or a folder")


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
