"""The run folder: whose it is, whether it is finished, and what is saved into it.

A finished folder holds a model that `from_pretrained` and `pipeline` load without this package (config.json,
model.safetensors, generation_config.json, tokenizer.json, tokenizer_config.json), recipe.yaml, run.json and
the last checkpoints. A run is known by the fingerprint of its seed, texts and settings; another run's folder
is refused, never overwritten.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from hf_abc.errors import OutputError
from hf_abc.models.sizes import parameter_counts
from hf_abc.record import Record, atomic_write, fingerprint, finished, mark_finished, peak_memory_gib, plain

if TYPE_CHECKING:
    from transformers import GenerationConfig, GPT2LMHeadModel, PreTrainedTokenizerFast

    from hf_abc.recipe import Recipe
    from hf_abc.training.progress import Progress

_CLAIM = ".training"


def mark(recipe: Recipe, train: Sequence[str], validation: Sequence[str]) -> str:
    """The fingerprint of a run: seed, tokenizer, model and training settings, and every text."""
    texts = hashlib.sha256()
    for side in (train, validation):
        for text in side:
            texts.update(text.encode("utf-8", "surrogatepass") + b"\0")
        texts.update(b"\1")
    return fingerprint(
        {
            "seed": recipe.seed,
            "tokenizer": recipe.tokenizer,
            "model": recipe.model,
            "training": recipe.training,
            "texts": texts.hexdigest(),
        }
    )


def is_finished(out: Path, run: str) -> bool:
    """Whether `out` holds the finished run of this mark."""
    return finished(out, run)


def claim(out: Path, run: str) -> None:
    """Make the folder this run's. OutputError when it is another's, or cannot be written."""
    claimed = out / _CLAIM
    try:
        if claimed.is_file():
            if claimed.read_text(encoding="utf-8").strip() != run:
                raise OutputError(
                    f"{out} holds a run of another recipe, seed or corpus: choose another folder or remove it"
                )
        elif (out / "config.json").exists() or (out / "checkpoints").exists():
            raise OutputError(f"{out} holds a model of other origin: choose another folder or remove it")
        else:
            atomic_write(claimed, run + "\n")
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror}): choose another folder") from error


def generation_config(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> GenerationConfig:
    """What `generate` does when it is not told: sample at the recipe's temperature and min-p, with no other
    truncation.
    """
    from transformers import GenerationConfig

    return GenerationConfig(
        do_sample=True,
        temperature=recipe.sampling.temperature,
        top_k=0,
        min_p=recipe.sampling.min_p or None,
        max_length=recipe.model.n_positions,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def save(
    out: Path,
    run: str,
    recipe: Recipe,
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    progress: Progress,
) -> None:
    """Write the trained model and its record, each file aside and renamed, and mark the run as finished."""
    import yaml

    aside = out / ".model.partial"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        model.generation_config = generation_config(recipe, tokenizer)
        model.save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        (aside / "recipe.yaml").write_text(
            yaml.safe_dump(plain(recipe), sort_keys=False, allow_unicode=True), encoding="utf-8"
        )
        for file in sorted(aside.iterdir()):
            file.chmod(0o644)  # transformers makes the weights private
            os.replace(file, out / file.name)
        aside.rmdir()
        record = Record(out)
        record.begin(recipe, recipe.seed)
        record.update("timings", {"training": round(progress.seconds, 1)})
        record.set("training", _training_section(model, progress))
        mark_finished(out, run)
    except Exception as error:
        if type(error) is not Exception and not isinstance(error, (OSError, SafetensorError)):
            raise  # tokenizers reports a full disk as a bare Exception, nothing else here does
        shutil.rmtree(aside, ignore_errors=True)
        raise OutputError(
            f"the model could not be written into {out} ({error}): free space and start again"
        ) from error


def _training_section(model: GPT2LMHeadModel, progress: Progress) -> dict[str, object]:
    import torch

    return {
        "parameters": asdict(parameter_counts(model)),
        "steps": progress.step,
        "tokens": progress.tokens,
        "seconds": round(progress.seconds, 1),
        "tokens_per_second": round(progress.tokens / progress.seconds),  # with evaluation and checkpoints
        "peak_memory_gib": peak_memory_gib(),
        "threads": torch.get_num_threads(),
        "device": str(model.device),
        "curve": progress.curve,
    }
