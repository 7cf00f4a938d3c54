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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from hf_abc.errors import OutputError
from hf_abc.record import (
    Record,
    atomic_write,
    fingerprint,
    finished,
    mark_finished,
    peak_memory_gib,
    plain,
)
from hf_abc.training.checkpoint import BEST, FOLDER

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch import Tensor
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.models.sizes import ParameterCounts
    from hf_abc.recipe import Recipe
    from hf_abc.training.progress import Progress
    from hf_abc.training.watch import Watch

_CLAIM = ".training"
_WRITTEN = (
    FOLDER,
    BEST,
    "samples",
    "tracking",
    "evaluation",
    "README.md",
    "run.json",
    "recipe.yaml",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "configuration_abc_lstm.py",
    "modeling_abc_lstm.py",
)


def texts_mark(train: Sequence[str], validation: Sequence[str]) -> str:
    """The fingerprint of every text, in order."""
    texts = hashlib.sha256()
    for side in (train, validation):
        for text in side:
            texts.update(text.encode("utf-8", "surrogatepass") + b"\0")
        texts.update(b"\1")
    return texts.hexdigest()


def mark(recipe: Recipe, texts: str) -> str:
    """The fingerprint of a run: seed, tokenizer, model and training settings, and that of its texts."""
    return fingerprint(
        {
            "seed": recipe.seed,
            "tokenizer": recipe.tokenizer,
            "model": recipe.model,
            "training": recipe.training,
            "texts": texts,
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
                    f"{out} holds a run of another recipe, seed or corpus, or of another version of hf_abc: "
                    "choose another folder, remove it, or train again with --force"
                )
        elif (out / "config.json").exists() or (out / "checkpoints").exists():
            raise OutputError(f"{out} holds a model of other origin: choose another folder or remove it")
        else:
            atomic_write(claimed, run + "\n")
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror}): choose another folder") from error


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold a claimed folder while a run is trained in it. OutputError when another process does. Where the
    file system knows no locks, nothing is held: a lock that outlives its process would be worse.
    """
    claimed = out / _CLAIM
    if fcntl is None or not claimed.is_file():
        yield
        return
    with claimed.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"{out} is being trained by another process: wait for it, or choose another folder"
            ) from None
        except OSError:
            pass
        yield


def clear(out: Path) -> None:
    """Remove what a run has written, finished or not, so that it is done again; other files stay.

    OutputError when the folder holds a model that no run of this package has written.
    """
    if not (out / _CLAIM).is_file():
        if (out / "config.json").exists():
            raise OutputError(f"{out} holds a model of other origin: choose another folder or remove it")
        return
    for name in (".finished", *_WRITTEN, _CLAIM):  # the claim last: until then the folder is known as ours
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


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
    model: PreTrainedModel,
    weights: dict[str, Tensor],
    tokenizer: PreTrainedTokenizerFast,
    facts: dict[str, Any],
) -> None:
    """Write the trained model (its weights are `weights`) and its record, each file aside and renamed, and
    mark the run as finished. `facts` becomes the section "training" of run.json.
    """
    import yaml

    aside = out / ".model.partial"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        model.generation_config = generation_config(recipe, tokenizer)
        model.save_pretrained(aside, state_dict=weights)
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
        record.update("timings", {"training": facts["seconds"]})
        record.set("training", facts)
        mark_finished(out, run)
        shutil.rmtree(out / BEST, ignore_errors=True)
    except Exception as error:
        if type(error) is not Exception and not isinstance(error, (OSError, SafetensorError)):
            raise  # tokenizers reports a full disk as a bare Exception, nothing else here does
        shutil.rmtree(aside, ignore_errors=True)
        raise OutputError(
            f"the model could not be written into {out} ({error}): free space and start again"
        ) from error


def facts(
    counts: ParameterCounts, progress: Progress, watch: Watch, accelerator: Accelerator, *, best: bool
) -> dict[str, Any]:
    """What run.json says of a run: sizes, steps, times, memory, curve, and why it ended where it did.

    seconds and tokens_per_second are of all work, seconds_per_step of the steps alone, without looks and
    checkpoints. chosen_step is the one whose weights are the model's: the best one's, where `best`.
    """
    import torch

    found: dict[str, Any] = {
        "parameters": asdict(counts),
        "steps": progress.step,
        "chosen_step": watch.best_step if best else progress.step,
        "best_step": watch.best_step,
        "tokens": progress.tokens,
        "seconds": round(progress.seconds, 1),
        "seconds_per_step": round(progress.stepping / max(progress.step, 1), 4),
        "tokens_per_second": round(progress.tokens / progress.seconds),
        "peak_memory_gib": peak_memory_gib(),
        "processes": accelerator.num_processes,
        "threads": torch.get_num_threads(),
        "device": str(accelerator.device),
        "precision": str(accelerator.mixed_precision),
        "curve": progress.curve,
    }
    if accelerator.device.type == "cuda":
        found["peak_device_memory_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    if watch.stopped:
        found["stopped"] = watch.stopped
    return found
