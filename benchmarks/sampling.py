"""How fast `generate_tunes` is beside transformers' own `generate`, for one model.

    python benchmarks/sampling.py RUN [--tunes 256] [--repeats 3]

Unconditional tunes at temperature 1 without truncation, on one thread. Counted are useful tokens, those up
to each tune's end, a second of processor time, which a busy machine does not change much. The two
alternate; the median of the repeats is shown. `generate` works in batches in which every row waits for the
longest tune.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch

from hf_abc.sampling.generator import generate_tunes
from hf_abc.sampling.loading import find_model, load_model, load_tokenizer


def theirs(model, end_id: int, tunes: int, batch_size: int, seed: int) -> int:
    """Useful tokens of `generate`."""
    torch.manual_seed(seed)
    useful = 0
    for start in range(0, tunes, batch_size):
        ids = torch.full((min(batch_size, tunes - start), 1), end_id)
        written = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            max_length=model.config.max_position_embeddings,
            eos_token_id=end_id,
            pad_token_id=end_id,
        )
        rows = written[:, 1:].tolist()
        useful += sum(row.index(end_id) + 1 if end_id in row else len(row) for row in rows)
    return useful


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="run folder or Hub id")
    parser.add_argument("--tunes", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder: Path = find_model(arguments.model)
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{parameters:,} parameters, {arguments.tunes} tunes; useful tokens a processor second")
    for batch_size in (1, 8, 32):
        tunes = arguments.tunes if batch_size > 1 else max(8, arguments.tunes // 16)
        speeds: list[tuple[float, float]] = []
        for seed in range(arguments.repeats):
            start = time.process_time()
            one = theirs(model, tokenizer.eos_token_id, tunes, batch_size, seed)
            middle = time.process_time()
            samples = generate_tunes(model, tokenizer, [""] * tunes, seed=seed, batch_size=batch_size)
            end = time.process_time()
            speeds.append((one / (middle - start), sum(s.tokens for s in samples) / (end - middle)))
        generate, ours = (statistics.median(column) for column in zip(*speeds, strict=True))
        print(
            f"batch {batch_size:3}  generate {generate:6.0f}  ours {ours:6.0f}  {ours / generate:.2f} times"
        )


if __name__ == "__main__":
    main()
