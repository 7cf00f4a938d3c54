"""The best model of a study, as recipes that train it on.

Best is the model with the lowest validation loss, the mean over its seeds; the test side has no say. It is
trained anew and longer, from its first seed and at its rate: three epochs, as the published experiment had
them, and six with dropout, since no tune is new any more, kept where the validation side is best. The recipes
are plain ones: `hf-abc quickstart --recipe` does with them what it does with any, measures, samples and card
included. Two trainings cost more than going on with the run of the study would, but that run has cooled down,
and its model is gone. Neither stops early: a run that stops before its rate has fallen is worse than any that
has come to its end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hf_abc.errors import InputError
from hf_abc.recipe import Recipe, Study
from hf_abc.record import atomic_write, fingerprint, plain
from hf_abc.scaling.results import Result, read_ground, read_results
from hf_abc.scaling.runs import ladder

EPOCHS = 3
LONGEST = 6
DROPOUT = 0.2
"""Of the recipe that is kept where it is best."""
_LOOKS = 4  # per epoch


@dataclass(frozen=True, slots=True)
class Best:
    """The best model of a study: a run of it, `loss` on the validation side in nats per character (the mean
    over its seeds) and the recipes by the name of their file.
    """

    run: Result
    loss: float
    recipes: dict[str, Recipe]


def best_model(study: Study, folder: Path) -> Best:
    """Choose among the finished models of full length in a study's folder.

    Raises InputError where there is none, where result files are broken or do not belong together, and for
    runs with other settings than the study's.
    """
    ground = read_ground(folder)
    models: dict[tuple[str, str, str], list[Result]] = {}
    for found in read_results(folder):
        if found.part == "ladder" and not found.diverged:
            models.setdefault((found.family, found.tokenizer, found.size), []).append(found)
    if not models:
        raise InputError(f"{folder} holds no finished run of full length: type `hf-abc scaling run` first")

    def loss(runs: Sequence[Result]) -> float:
        return sum(run.loss(ground, "validation") for run in runs) / len(runs)

    key = min(models, key=lambda one: loss(models[one]))
    first = min(models[key], key=lambda run: run.seed)
    trained = next((run for run in ladder(study, {key: first.rate}) if run.name == first.name), None)
    if trained is None or fingerprint(trained.recipe) != first.recipe:
        raise InputError(
            f"{first.name} in {folder} was run with other settings than this study's: give those"
        )
    epoch = ground.train_characters * first.tokens / first.characters / trained.recipe.training.batch_tokens
    return Best(
        first,
        loss(models[key]),
        {
            "three_epochs": _longer(trained.recipe, study, epoch, EPOCHS),
            "to_its_best": _longer(trained.recipe, study, epoch, LONGEST, dropout=DROPOUT),
        },
    )


def write_recipes(best: Best, folder: Path) -> list[Path]:
    """Write the recipes into `folder`/best; their paths."""
    import yaml

    paths = []
    for name, recipe in best.recipes.items():
        paths.append(folder / "best" / f"{name}.yaml")
        atomic_write(paths[-1], yaml.safe_dump(plain(recipe), sort_keys=False, allow_unicode=True))
    return paths


def _longer(recipe: Recipe, study: Study, epoch: float, epochs: int, dropout: float = 0.0) -> Recipe:
    """The recipe of a run over so many epochs of so many steps; with dropout its best look is kept."""
    training = replace(
        recipe.training,
        steps=max(recipe.training.steps, math.ceil(epochs * epoch)),
        evaluate_every=max(1, round(epoch / _LOOKS)),
        keep_steps=[],
        keep_best=dropout > 0,
    )
    ending = "best" if dropout else f"{epochs}-epochs"
    model = replace(recipe.model, dropout=dropout or recipe.model.dropout)
    return replace(recipe, name=f"{study.name}-{recipe.name}-{ending}", model=model, training=training)
