"""Watching a run: at each look the held-out tunes, the training tunes beside them, and a few samples.

This is where a run learns that it should stop: no better on held-out families for some looks (patience), or
it learns its tunes by heart (the brake). Learning by heart shows in two ways. The gap says how many bits per
character a training tune is cheaper than a held-out one; the copying says how many samples have 24 notes in
a row of a training tune, which some held-out human tunes have as well, so that a limit belongs above theirs.
Neither is proof alone: the gap grows before anything is copied, and a few samples give a rough share.

What writes samples and what counts copies is handed in by the entry point, as sampling and evaluation are
later rooms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hf_abc.record import atomic_write
from hf_abc.training.checkpoint import drop_worse, save_best
from hf_abc.training.objective import Objective, tensors
from hf_abc.training.packing import Blocks

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.recipe import TrainingRecipe
    from hf_abc.training.progress import Progress
    from hf_abc.training.setup import Start

Sampler = Callable[["PreTrainedModel", "PreTrainedTokenizerFast", int], Sequence[str] | None]
"""Writes tunes with (model, tokenizer, step)."""
Copied = Callable[[Sequence[str]], float]
"""The share of tunes that copy from a training tune."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: bits per character of held-out and of training tunes, how many fewer the latter take,
    and the share of samples that copy (None where nothing was sampled or there is nothing to count with).
    """

    validation: float
    seen: float
    gap: float
    copied: float | None = None


class Watch:
    """Looks at a run, remembers the best look, says when to stop; a `state_dict` keeps it in checkpoints."""

    def __init__(
        self,
        settings: TrainingRecipe,
        start: Start,
        accelerator: Accelerator,
        out: Path,
        *,
        sample: Sampler | None = None,
        copied: Copied | None = None,
    ) -> None:
        self.settings = settings
        self.start = start
        self.accelerator = accelerator
        self.out = out
        self.sample = sample
        self.copied = copied
        self.best = math.inf
        self.best_step = 0
        self.worse = 0  # looks since the best
        self.stopped = ""  # why the run was stopped

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_step": self.best_step, "worse": self.worse}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.best_step, self.worse = state["best"], state["best_step"], state["worse"]

    def look(self, objective: Objective, progress: Progress) -> dict[str, float]:
        """Measure, keep the weights if they are the best and the recipe asks for it, and decide whether to
        stop: `stopped` says why. Every process calls it. The point of the curve.
        """
        start, settings = self.start, self.settings
        validation = bits_per_character(objective, start.held_out, start.characters, self.accelerator)
        seen = bits_per_character(objective, start.seen, start.seen_characters, self.accelerator)
        look = Look(validation, seen, validation - seen, self._sampled(progress))
        self.worse += 1
        if validation < self.best:
            self.best, self.best_step, self.worse = validation, progress.step, 0
            if settings.keep_best:
                weights = model_weights(self.accelerator, objective)
                if self.accelerator.is_main_process:
                    save_best(self.out, progress.step, weights)
        point = progress.looked(asdict(look))
        text = f"validation {validation:.4f} bits/character, training tunes {seen:.4f}"
        if look.copied is not None:
            text += f", {look.copied:.0%} of the samples copied"
        progress.say(f"step {progress.step:,}/{progress.steps:,}  {text}")
        self.stopped = self._reason(look)
        return point

    def drop_worse(self) -> None:
        """After a checkpoint: what it can no longer need goes."""
        if self.settings.keep_best and self.accelerator.is_main_process:
            drop_worse(self.out, self.best_step)

    def _reason(self, look: Look) -> str:
        settings = self.settings
        if settings.stop_gap and look.gap > settings.stop_gap:
            return (
                f"it learns its tunes by heart: they take {look.gap:.3f} bits per character less than "
                f"held-out ones, more than training.stop_gap {settings.stop_gap:g}"
            )
        if settings.stop_copied and look.copied is not None and look.copied > settings.stop_copied:
            return (
                f"it learns its tunes by heart: {look.copied:.0%} of the samples copy 24 notes of a training "
                f"tune, more than training.stop_copied {settings.stop_copied:.0%}"
            )
        if settings.patience and self.worse >= settings.patience:
            return f"no look after step {self.best_step:,} was better (training.patience {settings.patience})"
        return ""

    def _sampled(self, progress: Progress) -> float | None:
        """Let samples be written, by the main process, and count the copies: the share, for all processes."""
        share = math.nan
        if self.sample is not None and self.accelerator.is_main_process:
            with self.start.objective.usual_model() as model, torch.random.fork_rng(), torch.no_grad():
                model.eval()
                texts = self.sample(model, self.start.tokenizer, progress.step) or ()
            if texts:
                book = "\n".join(text.strip("\n") + "\n" for text in texts)
                atomic_write(self.out / "samples" / f"step-{progress.step:06d}.abc", book)
                share = self.copied(texts) if self.copied is not None else math.nan
        told = torch.tensor(
            share if self.accelerator.is_main_process else 0.0, device=self.accelerator.device
        )
        share = float(self.accelerator.reduce(told, "sum"))
        return None if math.isnan(share) else share


def bits_per_character(
    objective: Objective, blocks: Blocks, characters: int, accelerator: Accelerator, *, rows: int = 16
) -> float:
    """Bits per character of packed texts that hold so many characters; the end tokens' nats count, as each
    tune has one.

    An upper bound for texts longer than a row, whose later rows are read without what went before. In the
    precision of the training, so that it costs little.
    """
    objective.eval()
    total = torch.zeros((), device=accelerator.device)
    with torch.no_grad():
        for start in range(accelerator.process_index * rows, len(blocks), accelerator.num_processes * rows):
            total += objective(*tensors(blocks.take(slice(start, start + rows)), accelerator.device)).tokens
    return float(accelerator.reduce(total, "sum")) / math.log(2) / characters


def model_weights(accelerator: Accelerator, objective: Objective) -> dict[str, torch.Tensor]:
    """The model's weights by its own names, whole on the main process however they are shared out."""
    state = accelerator.get_state_dict(objective)
    return {name.removeprefix("model."): value for name, value in state.items() if name.startswith("model.")}
