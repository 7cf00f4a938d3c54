"""The training loop: texts in, a run folder out. To be read from top to bottom.

One process, or many (`processes`, `accelerate launch`): each takes its share of the rows of every batch, and
the sum over them is divided by the number of labels of the whole batch, so neither the number of processes
nor that of the parts into which each cuts its share changes a result beyond rounding. On a CPU a run that was
killed and started again ends with the same weights, bit for bit, as one that ran through (with the same
number of processes and threads).

The loop knows no family of models. `setup.make_start` makes a *stream*, which yields batches of rows
(`setup.Batches`, `packing.Blocks`), and an *objective* (`objective.Objective`), which turns rows into nats
and may carry a state from step to step. A new family is a pair of these, chosen in `make_start`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType, set_seed

from hf_abc.errors import HfAbcError, RecipeError
from hf_abc.models.sizes import parameter_counts
from hf_abc.training import run_folder
from hf_abc.training.branch import check_branch, note_of
from hf_abc.training.checkpoint import last_checkpoint, load_best, load_checkpoint, read_note, save_checkpoint
from hf_abc.training.objective import Objective, tensors
from hf_abc.training.optimizer import make_optimizer
from hf_abc.training.packing import IGNORE, Blocks
from hf_abc.training.processes import check_launch
from hf_abc.training.progress import Progress, quiet_libraries
from hf_abc.training.schedule import apply_rate, make_schedule
from hf_abc.training.setup import Start, check, make_start, precision
from hf_abc.training.spikes import Spikes
from hf_abc.training.tracking import Tracker
from hf_abc.training.watch import Copied, Sampler, Watch, model_weights

if TYPE_CHECKING:
    from hf_abc.recipe import Recipe, TrainingRecipe

_SKIPS = 50  # steps in a row without a finite gradient before fp16 gives up


def train(
    recipe: Recipe,
    corpus: Path,
    out: Path,
    *,
    sample: Sampler | None = None,
    copied: Copied | None = None,
    branch: Path | None = None,
    force: bool = False,
) -> Path:
    """Train by a recipe on a corpus folder; `fit` says the rest."""
    from hf_abc.corpora import read_split

    train_side, validation_side = (
        [row["text"] for row in read_split(corpus, side)] for side in ("train", "validation")
    )
    return fit(
        recipe, train_side, validation_side, out, sample=sample, copied=copied, branch=branch, force=force
    )


def fit(
    recipe: Recipe,
    train: Sequence[str],
    validation: Sequence[str],
    out: Path,
    *,
    sample: Sampler | None = None,
    copied: Copied | None = None,
    branch: Path | None = None,
    force: bool = False,
) -> Path:
    """Train the recipe's model on the texts `train` and leave a run folder in `out`.

    A run of the same recipe and texts that `out` holds already is found and kept, or removed and done again
    with `force`; an interrupted one goes on. `branch` is a checkpoint of another run to start from, in place
    of this run's own first steps (`branch`). `sample`, if given, is called at each look with the model, the
    tokenizer and the step; what it draws at random does not change the run, and what it returns is written
    to samples/. `copied` says which share of such samples was copied.

    Raises OutputError when `out` holds another run or cannot be written, RecipeError and InputError for
    values, texts and branches that cannot be trained on, HfAbcError when the loss is no longer a number or
    jumps up and stays there.
    """
    check(recipe, train, validation)
    if (recipe.training.samples and sample is None) or (recipe.training.stop_copied and copied is None):
        raise RecipeError(
            "training.samples and training.stop_copied need the command `hf-abc train`, which brings the "
            "sampler; on several devices: accelerate launch -m hf_abc.cli train …"
        )
    texts = run_folder.texts_mark(train, validation)
    mark = run_folder.mark(recipe, texts)
    if branch is not None:
        check_branch(branch, recipe, texts)
    accelerator = make_accelerator(recipe)
    if accelerator.is_main_process and force:
        with run_folder.alone(out):
            run_folder.clear(out)
    accelerator.wait_for_everyone()
    if run_folder.is_finished(out, mark):
        if accelerator.is_main_process:
            print(f"{out} holds this very run, finished: nothing to do", flush=True)
        return out

    progress = Progress(recipe.training.steps, show=accelerator.is_main_process)
    if accelerator.is_main_process:
        run_folder.claim(out, mark)
    alone = run_folder.alone(out) if accelerator.is_main_process else nullcontext()
    with alone, quiet_libraries():
        progress.say(f"preparing tokenizer, model and first epoch from {len(train):,} tunes")
        start = make_start(recipe, train, validation)
        counts = parameter_counts(start.model)
        progress.say(
            f"{type(start.model).__name__} of {counts.total:,} parameters, {len(start.tokenizer):,} tokens, "
            f"{start.characters / start.held_out.targets:.2f} characters a token"
        )
        watch = Watch(recipe.training, start, accelerator, out, sample=sample, copied=copied)
        with Tracker(recipe, out, main=accelerator.is_main_process) as tracker:
            objective = run_steps(recipe, accelerator, start, progress, watch, tracker, out, texts, branch)
        weights = model_weights(accelerator, objective)
        if accelerator.is_main_process:
            if recipe.training.keep_best:
                weights = load_best(out, watch.best_step)
            facts = run_folder.facts(counts, progress, watch, accelerator, best=recipe.training.keep_best)
            with start.objective.usual_model() as model:
                run_folder.save(out, mark, recipe, model, weights, start.tokenizer, facts)
        accelerator.wait_for_everyone()
        accelerator.free_memory()
    progress.say(f"the model is in {out}")
    return out


def make_accelerator(recipe: Recipe) -> Accelerator:
    """The devices and processes of this run, in the recipe's precision."""
    check_launch()
    AcceleratorState._reset_state()  # global: a run before in this process may have had another precision
    return Accelerator(
        mixed_precision=precision(recipe.training.precision),
        cpu=not torch.accelerator.is_available(),  # or a launcher for GPUs would start nothing but errors
    )


def run_steps(
    recipe: Recipe,
    accelerator: Accelerator,
    start: Start,
    progress: Progress,
    watch: Watch,
    tracker: Tracker,
    out: Path,
    texts: str,
    branch: Path | None,
) -> Objective:
    """The steps of a run, from its last checkpoint, from a branch or from nothing. The objective as it was
    prepared, its model trained.
    """
    settings, stream = recipe.training, start.stream
    check_devices(recipe, accelerator, stream.rows)
    optimizer = make_optimizer(start.objective, settings)
    schedule = make_schedule(optimizer, settings)
    objective, optimizer = accelerator.prepare(start.objective, optimizer)
    # the same weights everywhere, but each process its own dropout
    set_seed(recipe.seed, device_specific=True)
    spikes = Spikes()
    accelerator.register_for_checkpointing(schedule, stream, progress, watch, spikes)
    checkpoint = last_checkpoint(out) or branch
    if checkpoint is not None:
        load_checkpoint(accelerator, start.objective, checkpoint)
        apply_rate(schedule, progress.step, settings)
        progress.say(f"going on from step {progress.step:,}")
        before = read_note(checkpoint)["processes"]
        if before != accelerator.num_processes:
            progress.say(f"note: by {accelerator.num_processes} processes, where it was {before} before")

    skipped = 0
    while progress.step < settings.steps and not watch.stopped:
        began = time.monotonic()
        batch = stream.next()
        nats, norm = gradients(objective, batch, settings, accelerator)
        optimizer.step()
        optimizer.zero_grad()
        if not math.isfinite(nats) or not (math.isfinite(norm) or accelerator.optimizer_step_was_skipped):
            raise broken(f"the loss is no longer a number at step {progress.step + 1}", settings, out)
        if accelerator.optimizer_step_was_skipped:  # fp16 was scaled too high: not a step, and no rate moves
            skipped += 1
            if skipped == _SKIPS:
                raise broken(f"fp16 holds no gradient at step {progress.step + 1}", settings, out)
            continue
        skipped = 0
        rate = float(schedule.get_last_lr()[0])
        tracker.log(progress.step + 1, {"loss": nats / batch.targets, "norm": norm, "rate": rate})
        schedule.step()
        progress.stepped(
            nats=nats,
            targets=batch.targets,
            tokens=batch.input_ids.size,
            epoch=stream.epoch,
            seconds=time.monotonic() - began,
        )
        if spikes.spike(nats / batch.targets):
            raise broken(f"the loss jumped up and stayed there until step {progress.step}", settings, out)

        if progress.step == settings.steps or progress.step % settings.evaluate_every == 0:
            tracker.log(progress.step, watch.look(objective, progress))
        wanted = progress.step % settings.checkpoint_every == 0 or progress.step in settings.keep_steps
        if wanted and not spikes.high:
            save_checkpoint(
                accelerator,
                start.objective,
                out,
                progress.step,
                note=note_of(recipe, texts, progress.step, accelerator.num_processes),
                keep=settings.keep_checkpoints,
                keep_steps=settings.keep_steps,
            )
            watch.drop_worse()
    if watch.stopped:
        progress.say(f"stopped at step {progress.step:,}: {watch.stopped}")
    return objective


def gradients(
    objective: Objective, batch: Blocks, settings: TrainingRecipe, accelerator: Accelerator
) -> tuple[float, float]:
    """Fill the gradients of one step: (nats of the whole batch, norm of the gradient before it was clipped).

    Each process goes through its rows in parts. What a part gives is divided by the labels of the whole
    batch, so that a part with fewer of them counts less, as it would in one piece.
    """
    world = accelerator.num_processes
    objective.train()
    mine = batch.take(slice(accelerator.process_index, None, world))
    targets, clocked = batch.targets, int((batch.clock[..., 0] != IGNORE).sum())
    parts = math.ceil(mine.input_ids.size / settings.micro_batch_tokens) if settings.micro_batch_tokens else 1
    total = torch.zeros((), device=accelerator.device)
    for part in range(parts):
        with accelerator.no_sync(objective) if part < parts - 1 else nullcontext():
            inputs = tensors(mine.take(slice(part, None, parts)), accelerator.device)
            nats = objective(*inputs, part=part)
            loss = nats.tokens / targets + settings.bar_clock * nats.clock / max(clocked, 1)
            accelerator.backward(loss * world)  # gradients are averaged over processes, the loss is a sum
        total += nats.tokens.detach()
    norm = accelerator.clip_grad_norm_(objective.parameters(), settings.clip or math.inf)
    # one wait for the device, not two
    nats_and_norm = torch.stack([accelerator.reduce(total, "sum").float(), torch.as_tensor(norm).float()])
    first, second = nats_and_norm.tolist()
    return first, second


def check_devices(recipe: Recipe, accelerator: Accelerator, rows: int) -> None:
    """Refuse, by RecipeError, what cannot be shared out over the processes there are."""
    if rows % accelerator.num_processes:
        raise RecipeError(
            f"training.batch_tokens gives {rows} rows, which {accelerator.num_processes} processes cannot "
            "share: choose a multiple of training.block_size times the number of processes"
        )
    if accelerator.distributed_type == DistributedType.FSDP:
        for name, usable in (("samples", 0), ("optimizer", "adamw")):
            if getattr(recipe.training, name) != usable:
                raise RecipeError(
                    f"training.{name} does not work with sharded weights (FSDP): "
                    f"say --training.{name} {usable}"
                )


def broken(what: str, settings: TrainingRecipe, out: Path) -> HfAbcError:
    """What a run ends with that learns nothing any more."""
    return HfAbcError(
        f"{what}: try a learning rate below {settings.learning_rate:g} in a new folder "
        f"({out} keeps its last good checkpoint)"
    )
