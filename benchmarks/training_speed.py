"""Training speed and memory: our loop, transformers.Trainer and a plain loop around nanoGPT's architecture.

    python benchmarks/training_speed.py [--json FILE] [--sizes 1M 5M] [--rounds 5] [--steps 12] [--threads 2]

Rows of 512 tokens, 8 a batch, vocabulary 1,024, bf16, dropout 0, the quickstart's corpus (transposition and
bar clock off). Each arm runs in a process of its own, the arms take turns, and the figure is the median over
rounds of the median step: tokens of the rows a second, by the clock and by processor time. Memory is the
rise of the process's peak above its level after the imports, which all arms share. The arms below the first
three are the levers that explain the difference. On a busy machine believe processor time only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROWS, LENGTH, VOCABULARY = 8, 512, 1024
ARMS = {
    "plain": "plain loop, nanoGPT's architecture",
    "trainer": "transformers.Trainer, our GPT-2",
    "ours": "hf_abc",
    "plain-tanh": "plain loop with the tanh GELU",
    "ours-gelu_new": "hf_abc with gelu_new (GPT-2's own, six kernels)",
    "ours-masked": "hf_abc with attention by a mask over the whole row",
    "ours-whole": "hf_abc with attention over the whole row, no documents",
    "ours-checkpointing": "hf_abc with gradient checkpointing",
    "ours-micro": "hf_abc in parts of 2 rows",
    "ours-muon": "hf_abc with Muon",
    "ours-compile": "hf_abc with torch.compile (not an option)",
}
LEVERS = [arm for arm in ARMS if arm not in ("plain", "trainer", "ours")]


def child(arm: str, size: str, corpus: Path, steps: int, threads: int) -> dict[str, float]:
    """Some steps of one arm: tokens a second and the rise of the peak memory."""
    import accelerate  # noqa: F401
    import psutil
    import torch
    import transformers

    from hf_abc.corpora.parquet import read_split
    from hf_abc.record import peak_memory_gib
    from hf_abc.training import loop, setup  # noqa: F401

    transformers.logging.set_verbosity_error()
    texts = [row["text"] for row in read_split(corpus, "train")]
    torch.set_num_threads(threads)
    before = psutil.Process().memory_info().rss / 2**30
    make = {"plain": plain, "trainer": trainer}.get(arm.split("-")[0], ours)
    walls, cpus = make(arm, size, texts, steps)
    tokens = ROWS * LENGTH
    return {
        "tokens_per_second": tokens / median(walls),
        "tokens_per_cpu_second": tokens / median(cpus),
        "peak_rise_gib": peak_memory_gib() - before,
    }


def recipe_for(size: str, **training: object):
    from hf_abc.recipe import ModelRecipe, Recipe, TokenizerRecipe, TrainingRecipe

    return Recipe(
        tokenizer=TokenizerRecipe(vocab_size=VOCABULARY, boundary="note"),
        model=ModelRecipe(size=size, n_positions=LENGTH),
        training=TrainingRecipe(
            batch_tokens=ROWS * LENGTH, block_size=LENGTH, transpose=False, precision="bf16", **training
        ),
    )


def token_stream(texts: list[str]):
    """All tunes as one stream, as nanoGPT has it."""
    import numpy as np

    from hf_abc.models.tokenizers import encode, train_tokenizer

    tokenizer = train_tokenizer(texts, vocab_size=VOCABULARY, boundary="note")
    return np.concatenate([[0, *ids] for ids in encode(tokenizer, texts)]).astype(np.uint16)


def plain(arm: str, size: str, texts: list[str], steps: int) -> tuple[list[float], list[float]]:
    import torch
    from plain_gpt import PlainConfig, PlainGPT, crops, optimizer, train_step

    from hf_abc.models.sizes import SIZES

    shape = SIZES[size]
    torch.manual_seed(1)
    activation = "tanh" if arm.endswith("tanh") else "exact"
    config = PlainConfig(VOCABULARY, LENGTH, shape.n_layer, shape.n_head, shape.n_embd, activation=activation)
    model = PlainGPT(config)
    adamw, draw, stream = optimizer(model, 1e-3), torch.Generator().manual_seed(1), token_stream(texts)
    return timed(lambda: train_step(model, adamw, *crops(stream, ROWS, LENGTH, draw), bf16=True), steps)


def timed(step, steps: int) -> tuple[list[float], list[float]]:
    """Seconds and processor seconds of each step but the first three."""
    walls, cpus = [], []
    for number in range(steps + 3):
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        if number >= 3:
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    return walls, cpus


def trainer(arm: str, size: str, texts: list[str], steps: int) -> tuple[list[float], list[float]]:
    import torch
    from torch.utils.data import Dataset
    from transformers import GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

    from hf_abc.models.sizes import gpt2_config

    torch.manual_seed(1)
    model = GPT2LMHeadModel(gpt2_config(size, vocab_size=VOCABULARY, n_positions=LENGTH))
    stream = torch.from_numpy(token_stream(texts).astype("int64"))
    blocks = stream[: len(stream) // LENGTH * LENGTH].view(-1, LENGTH)

    class Rows(Dataset):
        def __len__(self) -> int:
            return len(blocks)

        def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
            return {"input_ids": blocks[i], "labels": blocks[i]}

    class Times(TrainerCallback):
        def __init__(self) -> None:
            self.at: list[tuple[float, float]] = []

        def on_step_end(self, *_: object, **__: object) -> None:
            self.at.append((time.perf_counter(), time.process_time()))

    times = Times()
    with tempfile.TemporaryDirectory() as out:
        Trainer(
            model=model,
            args=TrainingArguments(
                out, per_device_train_batch_size=ROWS, max_steps=steps + 3, bf16=True, use_cpu=True,
                report_to="none", save_strategy="no", disable_tqdm=True, learning_rate=1e-3, weight_decay=0.1,
                logging_strategy="no",
            ),
            train_dataset=Rows(),
            callbacks=[times],
        ).train()  # fmt: skip
    differences = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(times.at[2:], times.at[3:], strict=False)]
    return [wall for wall, _ in differences], [cpu for _, cpu in differences]


def ours(arm: str, size: str, texts: list[str], steps: int) -> tuple[list[float], list[float]]:
    """The pieces of `loop.run_steps`, step by step."""
    import torch

    from hf_abc.training import loop
    from hf_abc.training.loss import summed
    from hf_abc.training.objective import Nats, Objective, PackedObjective
    from hf_abc.training.optimizer import make_optimizer
    from hf_abc.training.schedule import make_schedule
    from hf_abc.training.setup import make_start

    class ByTheLibrary(Objective):
        """The model as transformers runs it: by a mask over packed rows, or over whole rows."""

        def forward(self, input_ids, position_ids, labels, clock, part=0):  # noqa: ANN001, ANN202
            positions = position_ids if arm == "ours-masked" else None
            logits = self.model(input_ids=input_ids, position_ids=positions, use_cache=False).logits
            nats = summed(logits, labels)
            return Nats(nats, torch.zeros_like(nats))

    changes = {
        "ours-checkpointing": {"gradient_checkpointing": True},
        "ours-micro": {"micro_batch_tokens": 2 * LENGTH},
        "ours-muon": {"optimizer": "muon"},
    }
    recipe = recipe_for(size, **changes.get(arm, {}))
    accelerator = loop.make_accelerator(recipe)
    start = make_start(recipe, texts, texts[:16])
    objective = start.objective
    if arm in ("ours-masked", "ours-whole"):
        assert isinstance(objective, PackedObjective)
        start.model.set_attn_implementation("sdpa")
        objective = ByTheLibrary(start.model)
    if arm == "ours-gelu_new":
        from transformers.activations import ACT2FN

        for block in start.model.transformer.h:
            block.mlp.act = ACT2FN["gelu_new"]
    optimizer = make_optimizer(objective, recipe.training)
    schedule = make_schedule(optimizer, recipe.training)
    if arm == "ours-compile":
        objective.compile()
    objective, optimizer = accelerator.prepare(objective, optimizer)

    def step() -> None:
        loop.gradients(objective, start.stream.next(), recipe.training, accelerator)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()

    return timed(step, steps)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sizes", nargs="+", default=["1M", "5M"])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--corpus", type=Path, help="the quickstart's corpus, built before")
    parser.add_argument("--child", nargs=2, metavar=("ARM", "SIZE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        arm, size = arguments.child
        print(json.dumps(child(arm, size, arguments.corpus, arguments.steps, arguments.threads)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        corpus = arguments.corpus
        if corpus is None:
            from hf_abc.corpora import build_corpus
            from hf_abc.recipe import load_recipe

            corpus = Path(scratch) / "corpus"
            build_corpus(load_recipe("quickstart").corpus, corpus)
        rounds: dict[tuple[str, str], list[dict[str, float]]] = {}
        for number in range(arguments.rounds):
            for size in arguments.sizes:
                for arm in arguments.arms:
                    words = [sys.executable, __file__, "--child", arm, size, "--corpus", str(corpus)]
                    words += ["--steps", str(arguments.steps), "--threads", str(arguments.threads)]
                    environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
                    done = subprocess.run(
                        words, env=environment, stdout=subprocess.PIPE, text=True, check=True
                    )
                    result = json.loads(done.stdout.strip().splitlines()[-1])
                    rounds.setdefault((size, arm), []).append(result)
                    print(f"round {number + 1} {size} {arm}: {result}", file=sys.stderr, flush=True)
    table = {
        size: {
            arm: {key: median(one[key] for one in rounds[size, arm]) for key in rounds[size, arm][0]}
            for arm in arguments.arms
        }
        for size in arguments.sizes
    }
    for size, arms in table.items():
        print(f"\n{size}: tokens/s, per processor second, peak above imports; as shares of the plain loop")
        base = arms.get("plain") or next(iter(arms.values()))
        for arm, row in arms.items():
            shares = "  ".join(f"{row[key] / base[key]:5.2f}" for key in row)
            print(
                f"  {ARMS[arm]:58}{row['tokens_per_second']:8,.0f}{row['tokens_per_cpu_second']:8,.0f}"
                f"{row['peak_rise_gib']:8.3f} GiB   {shares}"
            )
    if arguments.json:
        facts = {"threads": arguments.threads, "rounds": arguments.rounds, "steps": arguments.steps}
        arguments.json.write_text(json.dumps({**facts, "sizes": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
