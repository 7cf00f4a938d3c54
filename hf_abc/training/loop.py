"""The training loop: texts in, a run folder out. To be read from top to bottom.

One process, or many under `accelerate launch`: each takes its share of the rows of every batch, and the sum
over them is divided by the number of labels of the whole batch, so the number of processes changes no result
beyond rounding. On a CPU a run that was killed and started again ends with the same weights, bit for bit, as
one that ran through (with the same number of threads).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import set_seed

from hf_abc.errors import HfAbcError, RecipeError
from hf_abc.training import run_folder
from hf_abc.training.checkpoint import last_checkpoint, save_checkpoint
from hf_abc.training.objective import Objective, tensors, usual_attention
from hf_abc.training.packing import IGNORE, Blocks, pack
from hf_abc.training.progress import Progress, quiet_libraries
from hf_abc.training.schedule import make_optimizer, make_schedule
from hf_abc.training.setup import check, make_model, make_tokenizer, precision
from hf_abc.training.stream import Stream, documents

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.recipe import Recipe

Sampler = Callable[["PreTrainedModel", "PreTrainedTokenizerFast", int], None]


def train(recipe: Recipe, corpus: Path, out: Path, *, sample: Sampler | None = None) -> Path:
    """Train by a recipe on a corpus folder; `fit` says the rest."""
    from hf_abc.corpora import read_split

    train_side, validation_side = (
        [row["text"] for row in read_split(corpus, side)] for side in ("train", "validation")
    )
    return fit(recipe, train_side, validation_side, out, sample=sample)


def fit(
    recipe: Recipe,
    train: Sequence[str],
    validation: Sequence[str],
    out: Path,
    *,
    sample: Sampler | None = None,
) -> Path:
    """Train a tokenizer and a GPT-2 on the texts `train` and leave a run folder in `out`.

    A run of the same recipe and texts that `out` holds already is found and kept; an interrupted one goes on.
    `sample`, if given, is called after each evaluation with the model, the tokenizer and the step; what it
    draws at random does not change the run. Raises OutputError when `out` holds another run or cannot be
    written, RecipeError and InputError for values and texts that cannot be trained on, HfAbcError when the
    loss is no longer a number.
    """
    check(recipe, train, validation)
    mark = run_folder.mark(recipe, train, validation)
    if run_folder.is_finished(out, mark):
        print(f"{out} holds this very run, finished: nothing to do", flush=True)
        return out

    settings = recipe.training
    AcceleratorState._reset_state()  # global: a run before in this process may have had another precision
    accelerator = Accelerator(mixed_precision=precision(settings.precision))
    progress = Progress(settings.steps, show=accelerator.is_main_process)
    if accelerator.is_main_process:
        run_folder.claim(out, mark)
    with quiet_libraries():
        progress.say(f"training a tokenizer on {len(train):,} tunes")
        tokenizer = make_tokenizer(recipe, train)
        set_seed(recipe.seed)
        model = make_model(recipe, tokenizer)
        stream = Stream(
            train,
            tokenizer,
            rows=settings.batch_tokens // settings.block_size,
            block_size=settings.block_size,
            seed=recipe.seed,
            transpose=settings.transpose,
            clock=settings.bar_clock > 0,
        )
        held_out = pack(
            documents(tokenizer, validation, clock=False),
            block_size=settings.block_size,
            end_id=tokenizer.eos_token_id,
        )
        characters = sum(len(text) for text in validation)

        def evaluate(objective: Objective) -> None:
            progress.measured(bits_per_character(objective, held_out, characters, accelerator))
            if sample is not None:
                with usual_attention(model), torch.random.fork_rng(), torch.no_grad():
                    sample(model, tokenizer, progress.step)

        progress.say(
            f"a GPT-2 of {model.num_parameters():,} parameters, {len(tokenizer):,} tokens, "
            f"{characters / held_out.targets:.2f} characters a token; preparing the first epoch"
        )
        run_steps(recipe, accelerator, model, stream, progress, out, evaluate)
        if accelerator.is_main_process:
            with usual_attention(model):
                run_folder.save(out, mark, recipe, model, tokenizer, progress)
        accelerator.wait_for_everyone()
        accelerator.free_memory()
    progress.say(f"the model is in {out}")
    return out


def run_steps(
    recipe: Recipe,
    accelerator: Accelerator,
    model: PreTrainedModel,
    stream: Stream,
    progress: Progress,
    out: Path,
    evaluate: Callable[[Objective], None],
) -> None:
    """The steps of a run, from its last checkpoint or from the start. The model ends trained, in place."""
    settings = recipe.training
    rank, world = accelerator.process_index, accelerator.num_processes
    if stream.rows % world:
        raise RecipeError(
            f"training.batch_tokens gives {stream.rows} rows, which {world} processes cannot share: "
            "choose a multiple of training.block_size times the number of processes"
        )
    objective = Objective(model, clock=settings.bar_clock > 0)
    optimizer = make_optimizer(objective, settings)
    schedule = make_schedule(optimizer, settings)
    objective, optimizer = accelerator.prepare(objective, optimizer)
    set_seed(
        recipe.seed, device_specific=True
    )  # the same weights everywhere, but each process its own dropout
    accelerator.register_for_checkpointing(schedule, stream, progress)
    checkpoint = last_checkpoint(out)
    if checkpoint is not None:
        accelerator.load_state(str(checkpoint))
        progress.say(f"going on from step {progress.step:,}")

    while progress.step < settings.steps:
        objective.train()
        batch = stream.next()
        targets, clocked = batch.targets, int((batch.clock[..., 0] != IGNORE).sum())
        nats = objective(*tensors(batch.take(slice(rank, None, world)), accelerator.device))
        loss = nats.tokens / targets + settings.bar_clock * nats.clock / max(clocked, 1)
        accelerator.backward(loss * world)  # gradients are averaged over processes, the loss is a sum
        norm = float(accelerator.clip_grad_norm_(objective.parameters(), settings.clip))
        total = float(accelerator.reduce(nats.tokens.detach(), "sum"))
        if not (math.isfinite(total) and math.isfinite(norm)):
            raise HfAbcError(
                f"the loss is no longer a number at step {progress.step + 1}: try a learning rate below "
                f"{settings.learning_rate:g} in a new folder ({out} keeps its last good checkpoint)"
            )
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        progress.stepped(nats=total, targets=targets, tokens=batch.input_ids.size, epoch=stream.epoch)

        if progress.step == settings.steps or progress.step % settings.evaluate_every == 0:
            evaluate(objective)
        if progress.step % settings.checkpoint_every == 0:
            save_checkpoint(accelerator, out, progress.step, keep=settings.keep_checkpoints)


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
