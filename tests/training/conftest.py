"""A dozen short tunes and a recipe that trains on them in a second or two, for all tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest

from hf_abc.recipe import ModelRecipe, Recipe, SamplingRecipe, TokenizerRecipe, TrainingRecipe

_PHRASES = ["DFA dAF", "GBd gdB", "ABA AFD", "efe edB", "d2e f2g", "a2f gfe", "BAG FED", "c3 e3"]


def _tune(number: int) -> str:
    bars = [_PHRASES[(number * 3 + i * i) % len(_PHRASES)] for i in range(8)]
    key = ("D", "G", "Ador", "Edor", "C")[number % 5]
    body = " | ".join(bars[:4]) + " :|\n" + " | ".join(bars[4:]) + " |]\n"
    return f"X:{number}\nT:Tune Nº {number}\nM:6/8\nL:1/8\nK:{key}\n{body}"


TUNES = [_tune(number) for number in range(14)]


def tiny_recipe(*, family: str = "gpt2", dropout: float = 0.0, seed: int = 1, **training: Any) -> Recipe:
    """The smallest model on blocks of 96 tokens, in fp32; `training` changes keys of that section."""
    settings = {
        "steps": 6,
        "batch_tokens": 192,
        "block_size": 96,
        "learning_rate": 3e-3,
        "warmup": 0.1,
        "decay": 0.3,
        "precision": "fp32",
        "transpose": False,
        "evaluate_every": 5,
        "checkpoint_every": 3,
    }
    return Recipe(
        name="tiny",
        seed=seed,
        tokenizer=TokenizerRecipe(vocab_size=300),
        model=ModelRecipe(family=family, size="0.15M", n_positions=96, dropout=dropout),
        training=TrainingRecipe(**(settings | training)),
        sampling=SamplingRecipe(min_p=0.02, max_new_tokens=40),
    )


@pytest.fixture(scope="session")
def tunes() -> list[str]:
    return TUNES


@pytest.fixture(scope="session")
def recipe_with() -> Callable[..., Recipe]:
    return tiny_recipe
