"""The learning rate's course: a warm-up, then a plateau and a fall by one minus the root, or a cosine.

The plateau has no length built in, so that a run can be continued or branched from any step of it
(`branch`); the fall at its end does what a cosine does (Hägele et al. 2024, arXiv 2405.18392).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

if TYPE_CHECKING:
    from hf_abc.recipe import TrainingRecipe


def rate(step: int, recipe: TrainingRecipe) -> float:
    """The share of the peak learning rate that step number `step` (from 0) takes.

    Never 0 within the run: the first step already moves, the last one still does.
    """
    rising = recipe.warmup_steps or math.ceil(recipe.warmup * recipe.steps)
    if step < rising:
        return (step + 1) / rising
    if recipe.schedule == "cosine":
        return (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising))) / 2
    falling = round(recipe.decay * recipe.steps)
    into = step - (recipe.steps - falling)
    return 1.0 - math.sqrt(into / falling) if into > 0 else 1.0


def make_schedule(optimizer: Optimizer, recipe: TrainingRecipe) -> LambdaLR:
    """The schedule of this very optimizer: `step()` it after each of the optimizer's."""
    return LambdaLR(optimizer, lambda step: rate(step, recipe))


def apply_rate(schedule: LambdaLR, step: int, recipe: TrainingRecipe) -> None:
    """Give the live optimizer the rate of the step that comes next, whatever a loaded state says: a branch
    goes on with a course of its own.
    """
    for group, peak in zip(schedule.optimizer.param_groups, schedule.base_lrs, strict=True):
        group["lr"] = peak * rate(step, recipe)
