"""Time to quality: how long until our recipe is as good as a nanoGPT-style character model at its end?

    python benchmarks/time_to_quality.py [--json FILE] [--threads 2] [--steps 4000] [--only PART ...]

The peer (`plain_gpt.py`): characters, d 192, 6 layers, context 256, batch 16, AdamW, warm-up and cosine,
4,000 steps, the best of the learning rates 1e-3, 2e-3, 4e-3 by what it ends with; its time is that of its
steps alone. Ours: the quickstart's recipe as it stands, looks and checkpoints counted, and beside it the same
with AdamW, to say where the difference comes from. All see the quickstart's corpus and are
measured on its held-out tunes, each tune from its start (`evaluation.likelihood`). Three hours of one core;
finished parts are kept in --out and found again, and --only takes some (peer-2e-3, quickstart). Any other
option changes a key of our recipes (--training.steps 10: a smoke test).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from plain_gpt import PlainConfig, PlainGPT, cosine, crops, optimizer, train_step
from torch import nn

from hf_abc.corpora import build_corpus, read_split
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.recipe import load_recipe
from hf_abc.record import Record, atomic_write
from hf_abc.training.loop import train
from hf_abc.training.setup import precision

RATES = {"peer-1e-3": 1e-3, "peer-2e-3": 2e-3, "peer-4e-3": 4e-3}
OURS = {
    "quickstart": [],
    "quickstart-adamw": ["--training.optimizer=adamw", "--training.learning_rate=2e-3"],
}


class AsTransformers(nn.Module):
    """The peer behind the call that `tune_losses` makes."""

    def __init__(self, model: PlainGPT) -> None:
        super().__init__()
        self.model, self.config, self.device = model, model.config, torch.device("cpu")

    def forward(self, input_ids: torch.Tensor, use_cache: bool = False) -> SimpleNamespace:
        return SimpleNamespace(logits=self.model(input_ids)[0])


def peer(corpus: Path, rate: float, steps: int) -> dict[str, object]:
    """Train the character model and measure it every quarter (the measuring is not timed)."""
    texts = [row["text"] for row in read_split(corpus, "train")]
    tokenizer = train_tokenizer(texts, kind="char")
    stream = np.concatenate([[0, *ids] for ids in encode(tokenizer, texts)]).astype(np.uint16)
    torch.manual_seed(1)
    config = PlainConfig(len(tokenizer), 256, n_layer=6, n_head=6, n_embd=192, bias=False)
    model = PlainGPT(config)
    adamw, draw = optimizer(model, rate), torch.Generator().manual_seed(1)
    bf16 = precision("auto") == "bf16"
    seconds, process, curve = 0.0, 0.0, []
    held_out = read_split(corpus, "validation")
    for step in range(steps):
        start, cpu = time.perf_counter(), time.process_time()
        for group in adamw.param_groups:
            group["lr"] = rate * cosine(step, steps)
        loss = train_step(model, adamw, *crops(stream, 16, 256, draw), bf16=bf16)
        seconds += time.perf_counter() - start
        process += time.process_time() - cpu
        if (step + 1) % max(1, steps // 4) == 0 or step + 1 == steps:
            bits = bits_per_character(tune_losses(AsTransformers(model), tokenizer, held_out)).value
            curve.append({"step": step + 1, "seconds": seconds, "process": process, "validation": bits})
            print(f"characters, rate {rate:g}: {curve[-1]} train {loss:.3f}", flush=True)
    test = bits_per_character(tune_losses(AsTransformers(model), tokenizer, read_split(corpus, "test"))).value
    return {
        "rate": rate,
        "parameters": sum(p.numel() for p in model.parameters()),
        "characters": len(stream),
        "seconds": seconds,
        "process": process,
        "validation": curve[-1]["validation"],
        "test": test,
        "curve": curve,
    }


def ours(overrides: list[str], corpus: Path, out: Path) -> dict[str, object]:
    """Train by the quickstart's recipe, looking often, and measure the model."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    recipe = load_recipe("quickstart", overrides)
    cpu = time.process_time()
    train(recipe, corpus, out)
    cpu = time.process_time() - cpu
    model = AutoModelForCausalLM.from_pretrained(out).eval()
    tokenizer = AutoTokenizer.from_pretrained(out)
    bits = {
        side: bits_per_character(tune_losses(model, tokenizer, read_split(corpus, side))).value
        for side in ("validation", "test")
    }
    training = Record(out).get("training")
    return {
        "changes": overrides,
        "parameters": training["parameters"]["total"],
        "seconds": training["seconds"],
        "process": cpu,
        **bits,
        "curve": training["curve"],
    }


def kept(place: Path, make: Callable[[], dict[str, object]]) -> dict[str, object]:
    """The finished part of before, or a new one."""
    if not place.is_file():
        atomic_write(place, json.dumps(make(), indent=1))
    return json.loads(place.read_text())


def summary(parts: dict[str, dict]) -> str:
    """The parts as a Markdown table: times are processor seconds of the training alone."""
    peers = [parts[name] for name in RATES if name in parts]
    best = min(peers, key=lambda one: one["validation"]) if peers else None
    lines = [
        "| | parameters | seconds | validation | lowest look | test | there after | share |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, part in parts.items():
        lowest = min(point["validation"] for point in part["curve"])
        reached = share = ""
        if best and name in OURS:
            pace = part["process"] / part["curve"][-1]["seconds"]
            times = [p["seconds"] * pace for p in part["curve"] if p["validation"] <= best["validation"]]
            reached = f"{times[0]:,.0f} s" if times else "never"
            share = f"{times[0] / best['process']:.2f}" if times else ""
        lines.append(
            f"| {name} | {part['parameters']:,} | {part['process']:,.0f} | {part['validation']:.4f} "
            f"| {lowest:.4f} | {part['test']:.4f} | {reached} | {share} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*RATES, *OURS]
    parser.add_argument("--json", type=Path)
    parser.add_argument("--out", type=Path, default=Path("time_to_quality"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=4000, help="of the peer; fewer are a smoke test")
    parser.add_argument("--every", type=int, default=100, help="steps between our looks")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="PART")
    arguments, overrides = parser.parse_known_args()
    overrides = [f"--training.evaluate_every={arguments.every}", *overrides]
    torch.set_num_threads(arguments.threads)
    out = arguments.out
    corpus = out / "corpus"
    build_corpus(load_recipe("quickstart").corpus, corpus)

    parts = {}
    for name in arguments.only:
        if name in RATES:
            place = out / f"{name}-{arguments.steps}.json"
            parts[name] = kept(place, partial(peer, corpus, RATES[name], arguments.steps))
        else:
            make = partial(ours, [*OURS[name], *overrides], corpus, out / name)
            parts[name] = kept(out / f"{name}.json", make)
    print(summary(parts))
    if arguments.json:
        result = {"threads": arguments.threads, **parts}
        atomic_write(arguments.json, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
