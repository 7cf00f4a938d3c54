"""Branches: a run that starts from a checkpoint of another, instead of from its own first step.

One long run at a constant rate (the trunk) serves several shorter ones, which only do their fall themselves;
so a study of several lengths costs little more than the longest. A branch is exact or refused: it is the very
run that its recipe describes, bit for bit, as long as both recipes would have done the same up to that step.
That needs equal warm-ups in steps (`warmup_steps`), not in shares of different lengths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hf_abc.errors import InputError
from hf_abc.recipe import Recipe, TrainingRecipe
from hf_abc.record import fingerprint, plain
from hf_abc.training.checkpoint import read_note
from hf_abc.training.schedule import rate

_COURSE = ("steps", "schedule", "warmup", "warmup_steps", "decay")
# what changes nothing of the weights on the way
_FREE = (
    *_COURSE,
    "evaluate_every",
    "samples",
    "keep_best",
    "patience",
    "stop_gap",
    "stop_copied",
    "checkpoint_every",
    "keep_checkpoints",
    "keep_steps",
    "tracker",
)


def note_of(recipe: Recipe, texts: str, step: int, processes: int) -> dict[str, Any]:
    """What a checkpoint of `step` says of its run; `texts` is the fingerprint of its tunes."""
    training = plain(recipe.training)
    return {
        "step": step,
        "processes": processes,
        "course": {name: training[name] for name in _COURSE},
        "origin": fingerprint(
            {
                "seed": recipe.seed,
                "tokenizer": recipe.tokenizer,
                "model": recipe.model,
                "training": {name: value for name, value in training.items() if name not in _FREE},
                "texts": texts,
            }
        ),
    }


def check_branch(checkpoint: Path, recipe: Recipe, texts: str) -> None:
    """Refuse, by InputError, a checkpoint that the recipe's own run would not have come through."""
    note = read_note(checkpoint)
    if note["origin"] != note_of(recipe, texts, 0, 1)["origin"]:
        raise InputError(
            f"{checkpoint} is of another seed, corpus, tokenizer, model or way of training: "
            "a branch may change only how long it runs and how it is watched"
        )
    if note["step"] > recipe.training.steps:
        raise InputError(
            f"{checkpoint} is past the end: the run has {recipe.training.steps} steps, so raise its steps"
        )
    trunk = TrainingRecipe(**note["course"])
    for step in range(note["step"]):
        if rate(step, trunk) != rate(step, recipe.training):
            raise InputError(
                f"{checkpoint} went another way: at step {step + 1} its learning rate was "
                f"{rate(step, trunk):.3f} of the highest, where this recipe has "
                f"{rate(step, recipe.training):.3f}; set training.warmup_steps alike in both, and branch "
                "before either falls"
            )
