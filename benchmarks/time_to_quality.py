"""Time to quality: how long until our recipe is as good as a nanoGPT-style character model at its end?

    python benchmarks/time_to_quality.py [--json FILE] [--recipe quickstart] [--threads 2] [--steps 4000]

The peer (`plain_gpt.py`): characters, d 192, 6 layers, context 256, batch 16, AdamW, warm-up and cosine,
4,000 steps, the best of the learning rates 1e-3, 2e-3, 4e-3 by what it ends with; its time is that of its
steps alone. Ours: the recipe as it stands, looks and checkpoints counted. Both see the embedded corpus of
the recipe, both are measured on its held-out tunes, each tune from its start (`evaluation.likelihood`). About
two hours on two quiet cores; finished parts are kept in --out and found again. Any other option changes a
key of our recipe (--training.steps 10: a smoke test).
"""

from __future__ import annotations

import argparse
import json
import time
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

RATES = (1e-3, 2e-3, 4e-3)


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


def ours(recipe_name: str, overrides: list[str], corpus: Path, out: Path) -> dict[str, object]:
    """Train by the recipe, looking often, and measure the model."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    recipe = load_recipe(recipe_name, overrides)
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
        "recipe": recipe_name,
        "parameters": training["parameters"]["total"],
        "seconds": training["seconds"],
        "process": cpu,
        **bits,
        "curve": training["curve"],
    }


def kept(place: Path, make: object) -> dict[str, object]:
    """The finished part of before, or a new one."""
    if not place.is_file():
        atomic_write(place, json.dumps(make(), indent=1))  # type: ignore[operator]
    return json.loads(place.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--out", type=Path, default=Path("time_to_quality"))
    parser.add_argument("--recipe", default="quickstart")
    parser.add_argument("--corpus", type=Path, help="the recipe's corpus, built before")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=4000, help="of the peer; fewer are a smoke test")
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES))
    parser.add_argument("--every", type=int, default=200, help="steps between our looks")
    parser.add_argument("--peer-only", action="store_true")
    arguments, overrides = parser.parse_known_args()
    overrides = [f"--training.evaluate_every={arguments.every}", *overrides]
    torch.set_num_threads(arguments.threads)
    out = arguments.out
    corpus = arguments.corpus or out / "corpus"
    if arguments.corpus is None:
        build_corpus(load_recipe(arguments.recipe).corpus, corpus)

    peers = [
        kept(
            out / f"peer-{rate:g}-{arguments.steps}.json",
            lambda rate=rate: peer(corpus, rate, arguments.steps),
        )
        for rate in arguments.rates
    ]
    if arguments.peer_only:
        return
    name = arguments.recipe.replace("/", "-")
    mine = kept(out / f"ours-{name}.json", lambda: ours(arguments.recipe, overrides, corpus, out / name))
    best = min(peers, key=lambda one: one["validation"])
    reached = next((p for p in mine["curve"] if p["validation"] <= best["validation"]), None)
    for one in peers:
        print(f"characters, rate {one['rate']:g}: {one['validation']:.4f} bits, {one['seconds']:.0f} s")
    print(f"{arguments.recipe}: ends at {mine['validation']:.4f} after {mine['seconds']:.0f} s")
    print(f"on the test side: {best['test']:.4f} and {mine['test']:.4f}")
    if reached:
        share = reached["seconds"] / best["seconds"]
        print(f"the peer's figure is reached after {reached['seconds']:.0f} s: {share:.2f} of its time")
    else:
        print("the peer's figure is not reached")
    if arguments.json:
        result = {"threads": arguments.threads, "peers": peers, "ours": mine, "reached": reached}
        atomic_write(arguments.json, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
