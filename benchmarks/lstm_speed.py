"""Tokens per second of training the LSTM, against a bare `nn.LSTM` loop.

`python benchmarks/lstm_speed.py CORPUS [--json FILE] [--size 1M] [--steps 20] [--rounds 7] [--threads 2]`

The bare loop is what a tutorial has: embedding, one multi-layer `nn.LSTM`, the embedding as output matrix,
the state carried and detached, mean cross entropy, AdamW, clipping, in bf16 where the processor computes with
it. Ours is the package's own step on the package's own lanes (`lanes`, `objective`, `loop.gradients`), once
with every end token replaced by another token, so that nothing is cleared, once as it is. The fourth arm is
the bare loop that clears in the usual way: it cuts the batch wherever a tune begins in one of the lanes.

All arms see the same batches, take turns within a round, and the median over rounds counts; a ratio is the
median of the ratios of a round.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from hf_abc.corpora import read_split
from hf_abc.models.sizes import LSTM_SIZES
from hf_abc.recipe import ModelRecipe, Recipe, TrainingRecipe
from hf_abc.training.loop import gradients, make_accelerator
from hf_abc.training.objective import tensors
from hf_abc.training.optimizer import make_optimizer
from hf_abc.training.packing import Blocks
from hf_abc.training.setup import make_start

END = 0
ROWS, LENGTH = 16, 256
Step = Callable[[Blocks], None]


class Bare(nn.Module):
    """The tutorial's model."""

    def __init__(self, vocabulary: int, width: int, layers: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        read, state = self.lstm(self.embed(ids), state)
        return self.head(read), state


def bare_step(vocabulary: int, width: int, layers: int, *, bf16: bool, clear: bool) -> Step:
    model = Bare(vocabulary, width, layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    state = (torch.zeros(layers, ROWS, width), torch.zeros(layers, ROWS, width))

    def step(batch: Blocks) -> None:
        nonlocal state
        ids, _, labels, _ = tensors(batch, torch.device("cpu"))
        state = (state[0].detach().float(), state[1].detach().float())
        begins = ids == END
        cuts = begins.any(0).nonzero().flatten().tolist() if clear else []
        edges = sorted({0, *cuts, LENGTH})
        logits = []
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            for start, stop in zip(edges, edges[1:], strict=False):
                if start in cuts:
                    kept = (~begins[:, start]).to(state[0].dtype)[None, :, None]
                    state = (state[0] * kept, state[1] * kept)
                part, state = model(ids[:, start:stop], state)
                logits.append(part)
            loss = functional.cross_entropy(torch.cat(logits, 1).flatten(0, 1).float(), labels.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step


def our_step(recipe: Recipe, texts: list[str]) -> tuple[Step, Callable[[], Blocks], int]:
    accelerator = make_accelerator(recipe)
    start = make_start(recipe, texts, texts[:10])
    made = make_optimizer(start.objective, recipe.training)
    objective, optimizer = accelerator.prepare(start.objective, made)

    def step(batch: Blocks) -> None:
        gradients(objective, batch, recipe.training, accelerator)
        optimizer.step()
        optimizer.zero_grad()

    return step, start.stream.next, len(start.tokenizer)


def without_ends(batch: Blocks) -> Blocks:
    ids = batch.input_ids.copy()
    ids[ids == END] = 1
    return Blocks(ids, batch.position_ids, batch.labels, batch.clock)


def main() -> None:
    parser = argparse.ArgumentParser(description="Training speed of the LSTM.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--size", default="1M", choices=LSTM_SIZES)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "fp32"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    texts = [row["text"] for row in read_split(arguments.corpus, "train")]
    recipe = Recipe(
        model=ModelRecipe(family="lstm", size=arguments.size),
        training=TrainingRecipe(
            batch_tokens=ROWS * LENGTH,
            block_size=LENGTH,
            transpose=False,
            learning_rate=1e-3,
            precision=arguments.precision,
        ),
    )
    ours, next_batch, vocabulary = our_step(recipe, texts)
    shape = LSTM_SIZES[arguments.size]
    bf16 = make_accelerator(recipe).mixed_precision == "bf16"
    bare, cutting = (
        bare_step(vocabulary, shape.hidden_size, shape.num_hidden_layers, bf16=bf16, clear=clear)
        for clear in (False, True)
    )
    batches = [next_batch() for _ in range(arguments.steps)]
    plain = [without_ends(batch) for batch in batches]
    arms: dict[str, tuple[Step, list[Blocks]]] = {
        "bare nn.LSTM loop": (bare, plain),
        "hf_abc, nothing cleared": (ours, plain),
        "hf_abc, cleared at each tune": (ours, batches),
        "bare loop cut at each tune": (cutting, batches),
    }
    wall: dict[str, list[float]] = {name: [] for name in arms}
    work: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(arguments.rounds + 1):
        for name, (step, given) in arms.items():
            began, used = time.perf_counter(), time.process_time()
            for batch in given:
                step(batch)
            if number:  # the first round warms up
                wall[name].append(time.perf_counter() - began)
                work[name].append(time.process_time() - used)
    tokens = arguments.steps * ROWS * LENGTH
    ends = sum(int((batch.input_ids == END).sum()) for batch in batches)
    rows = []
    for name in arms:
        ratios = [a / b for a, b in zip(wall["bare nn.LSTM loop"], wall[name], strict=True)]
        worked = [a / b for a, b in zip(work["bare nn.LSTM loop"], work[name], strict=True)]
        rows.append(
            {
                "arm": name,
                "tokens_per_second": round(tokens / statistics.median(wall[name])),
                "tokens_per_cpu_second": round(tokens / statistics.median(work[name])),
                "ratio": round(statistics.median(ratios), 3),
                "ratio_of_cpu_time": round(statistics.median(worked), 3),
            }
        )
    print(
        f"{arguments.size}: {shape.num_hidden_layers} x {shape.hidden_size}, {vocabulary} tokens, "
        f"{ROWS} x {LENGTH} tokens a step, {'bf16' if bf16 else 'fp32'}, {arguments.threads} threads, "
        f"{ends / arguments.steps:.1f} tunes begin in a batch"
    )
    print(f"{'':30}{'tokens/s':>10}{'ratio':>8}{'tokens/cpu-s':>14}{'ratio':>8}")
    for row in rows:
        print(
            f"{row['arm']:30}{row['tokens_per_second']:>10,}{row['ratio']:>8.3f}"
            f"{row['tokens_per_cpu_second']:>14,}{row['ratio_of_cpu_time']:>8.3f}"
        )
    if arguments.json:
        said = {
            "size": arguments.size,
            "threads": arguments.threads,
            "precision": "bf16" if bf16 else "fp32",
            "steps": arguments.steps,
            "rounds": arguments.rounds,
            "tunes_begun_per_batch": ends / arguments.steps,
            "torch": torch.__version__,
            "arms": rows,
        }
        arguments.json.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
