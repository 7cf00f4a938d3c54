"""How long the scorecard takes, and what the likelihood costs beyond the forward passes that it needs.

    python benchmarks/evaluation.py MODEL --corpus DIR [--samples 200] [--json FILE]

The bare loop reads the same held-out tunes, sorted by length in batches of equal size, with nothing around
the forward pass but the loss. Medians of five, both in one process, in turn. Bits per character are
compared between batch sizes and, for tunes that fit the context, between lengths of the window.
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from hf_abc.corpora import read_split
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.evaluation.scorecard import Wanted, evaluate
from hf_abc.models.tokenizers import encode
from hf_abc.sampling.loading import find_model, load_model, load_tokenizer

MOST_SECONDS, LEAST_RATIO, MOST_DIFFERENCE = 300, 0.8, 1e-4


def bare(model, encoded: list[list[int]], end: int, batch: int = 16) -> float:
    """Nats of all tunes by a plain loop."""
    total = 0.0
    encoded = sorted(encoded, key=len, reverse=True)
    with torch.inference_mode():
        for start in range(0, len(encoded), batch):
            part = encoded[start : start + batch]
            longest = len(part[0]) + 1
            inputs = torch.tensor([[end, *ids] + [end] * (longest - 1 - len(ids)) for ids in part])
            labels = torch.tensor([[*ids, end] + [-100] * (longest - 1 - len(ids)) for ids in part])
            logits = model(input_ids=inputs, use_cache=False).logits
            total += float(F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum"))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = find_model(arguments.model)
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    context = model.config.max_position_embeddings
    rows = read_split(arguments.corpus, "test")
    rows = [
        row
        for row, ids in zip(rows, encode(tokenizer, [row["text"] for row in rows]), strict=True)
        if len(ids) < context
    ]
    encoded = encode(tokenizer, [row["text"] for row in rows])
    tokens = sum(map(len, encoded)) + len(encoded)
    ours, plain = [], []
    for _ in range(5):
        start = time.perf_counter()
        losses = tune_losses(model, tokenizer, rows)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        nats = bare(model, encoded, tokenizer.eos_token_id)
        plain.append(time.perf_counter() - start)
    assert math.isclose(sum(loss.nats for loss in losses), nats, rel_tol=1e-4)
    values = [
        bits_per_character(tune_losses(model, tokenizer, rows, batch_tokens=size)).value
        for size in (1, 2048, 8192, 65536)
    ]
    start = time.perf_counter()
    measured = evaluate(folder, arguments.corpus, wanted=Wanted(arguments.samples))
    seconds = time.perf_counter() - start
    result = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "scorecard_seconds": round(seconds, 1),
        "samples": arguments.samples,
        "likelihood_tokens_per_second": round(tokens / statistics.median(ours)),
        "bare_tokens_per_second": round(tokens / statistics.median(plain)),
        "ratio": round(statistics.median(plain) / statistics.median(ours), 3),
        "bits_per_character": round(values[0], 6),
        "largest_difference_between_batch_sizes": max(values) - min(values),
        "peak_memory_gib": measured.sections["samples"]["peak_memory_gib"],
    }
    result["reached"] = (
        seconds <= MOST_SECONDS
        and result["ratio"] >= LEAST_RATIO
        and result["largest_difference_between_batch_sizes"] <= MOST_DIFFERENCE
    )
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
