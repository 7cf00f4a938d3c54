"""The optimizer and the learning rate's course: AdamW, warm-up, a plateau, and a fall by one minus the root.

The plateau has no length built in, so that a run can be continued or branched from any step of it; the fall
at the end does what a cosine does (Hägele et al. 2024, arXiv 2405.18392). Weight decay is for matrices;
biases and gains of layer norms are left alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

if TYPE_CHECKING:
    from hf_abc.recipe import TrainingRecipe


def make_optimizer(module: nn.Module, recipe: TrainingRecipe) -> AdamW:
    """AdamW with decay on the parameters of two dimensions and more (embeddings among them)."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=recipe.learning_rate, betas=(0.9, recipe.adam_beta2))


def rate(step: int, *, steps: int, warmup: float, decay: float) -> float:
    """The share of the peak learning rate that step number `step` (from 0) takes; `warmup` and `decay` are
    shares of `steps`.

    Never 0 within the run: the first step already moves, the last one still does.
    """
    rising = math.ceil(warmup * steps)
    falling = round(decay * steps)
    if step < rising:
        return (step + 1) / rising
    into = step - (steps - falling)
    return 1.0 - math.sqrt(into / falling) if into > 0 else 1.0


def make_schedule(optimizer: Optimizer, recipe: TrainingRecipe) -> LambdaLR:
    """The schedule of this very optimizer: `step()` it after each of the optimizer's."""
    return LambdaLR(
        optimizer, lambda step: rate(step, steps=recipe.steps, warmup=recipe.warmup, decay=recipe.decay)
    )
