"""How fast tunes are written, beside transformers' own `generate` and CTranslate2.

    python benchmarks/sampling.py RUN [--lstm RUN] [--json FILE] [--tunes 256] [--repeats 3] [--threads 2]

RUN is a GPT-2 that ends its tunes (5M parameters in the published table). Counted are useful tokens, those up
to each tune's end, a second of wall time; the ways alternate, the median of the repeats is shown. `--cpu`
counts seconds of processor time instead, which a busy machine changes less. A part can be left out by naming
the others: --only useful fixed prefix lstm window.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from hf_abc.record import atomic_write
from hf_abc.sampling.generator import decoder_of, generate_tunes
from hf_abc.sampling.guards import ALL_GUARDS, NO_GUARDS
from hf_abc.sampling.loading import find_model, load_model, load_tokenizer

PARTS = ("useful", "fixed", "prefix", "lstm", "window")
MIN_P = 0.05


class Clock:
    """Seconds of the wall or of the processor."""

    now: Callable[[], float] = time.perf_counter


def useful(rows: list[list[int]], end_id: int) -> int:
    return sum(row.index(end_id) + 1 if end_id in row else len(row) for row in rows)


def theirs(
    model, end_id: int, tunes: int, batch_size: int, seed: int, length: int, fixed: bool = False
) -> int:
    """Useful tokens of `generate`."""
    torch.manual_seed(seed)
    found = 0
    for start in range(0, tunes, batch_size):
        ids = torch.full((min(batch_size, tunes - start), 1), end_id)
        written = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            min_p=MIN_P,
            max_length=None,
            max_new_tokens=length,
            min_new_tokens=length if fixed else None,
            eos_token_id=end_id,
            pad_token_id=end_id,
        )
        rows = written[:, 1:].tolist()
        found += sum(map(len, rows)) if fixed else useful(rows, end_id)
    return found


def ours(
    model, tokenizer, tunes: int, batch_size: int, seed: int, length: int, guards, least: int = 0
) -> int:
    samples = generate_tunes(
        model, tokenizer, [""] * tunes, seed=seed, min_p=MIN_P, batch_size=batch_size,
        max_new_tokens=length, min_new_tokens=least, guards=guards,
    )  # fmt: skip
    return sum(sample.tokens for sample in samples)


def race(ways: dict[str, Callable[[int], int]], repeats: int) -> dict[str, float]:
    """Tokens a second of each way, the median of the repeats; the first call of each is not counted."""
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for seed in range(repeats):
        for name, way in ways.items():
            start = Clock.now()
            tokens = way(seed)
            speeds[name].append(tokens / (Clock.now() - start))
    return {name: round(statistics.median(found), 1) for name, found in speeds.items()}


def ctranslate(folder: Path, quantization: str, threads: int):
    """A way through CTranslate2, batches of equal start; None where it is not installed."""
    try:
        import ctranslate2
    except ImportError:
        return None
    place = Path(tempfile.mkdtemp()) / "model"
    converter = ctranslate2.converters.TransformersConverter(str(folder))
    converter.convert(str(place), quantization=None if quantization == "float32" else quantization)
    said = json.loads((place / "config.json").read_text())  # it wants a word for the unknown, which we lack
    (place / "config.json").write_text(
        json.dumps(
            {
                name: "<|endoftext|>" if name == "unk_token" and value is None else value
                for name, value in said.items()
            }
        )
    )
    generator = ctranslate2.Generator(str(place), intra_threads=threads)

    def way(tunes: int, batch_size: int, length: int, end: str, fixed: bool) -> int:
        found = 0
        for start in range(0, tunes, batch_size):
            results = generator.generate_batch(
                [[end]] * min(batch_size, tunes - start),
                max_length=length,
                min_length=length if fixed else 0,
                sampling_topk=0,
                sampling_temperature=1.0,
                include_prompt_in_result=False,
            )
            found += sum(len(result.sequences_ids[0]) for result in results)
        return found

    return way


def contestants(
    model, decoder, tokenizer, engines: dict, tunes: int, batch: int, size: int, fixed: bool
) -> dict[str, Callable[[int], int]]:
    """The ways to write so many tunes of at most (`fixed`: of just) so many tokens."""
    end_id, least = tokenizer.eos_token_id, size if fixed else 0
    ways: dict[str, Callable[[int], int]] = {
        "generate": lambda seed: theirs(model, end_id, tunes, batch, seed, size, fixed),
        "ours": lambda seed: ours(decoder, tokenizer, tunes, batch, seed, size, NO_GUARDS, least),
    }
    if not fixed:
        ways["ours, guards"] = lambda seed: ours(decoder, tokenizer, tunes, batch, seed, size, ALL_GUARDS)
    for kind, engine in engines.items():
        if engine is not None:
            ways[f"ctranslate2 {kind}"] = lambda seed, engine=engine: engine(
                tunes, batch, size, tokenizer.eos_token, fixed
            )
    return ways


def tables(arguments: argparse.Namespace) -> dict:
    folder = find_model(arguments.model)
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    decoder = decoder_of(model)
    length = model.config.max_position_embeddings - 1
    out: dict = {"parameters": sum(p.numel() for p in model.parameters())}
    if "useful" in arguments.only or "fixed" in arguments.only:
        engines = {kind: ctranslate(folder, kind, arguments.threads) for kind in ("float32", "int8")}
    for part, fixed in (("useful", False), ("fixed", True)):
        for batch in arguments.batches if part in arguments.only else ():
            tunes = arguments.tunes if batch == 32 else max(4, arguments.tunes * batch // 64)
            size = 128 if fixed else length
            ways = contestants(model, decoder, tokenizer, engines, tunes, batch, size, fixed)
            out[f"{part}, batch {batch}"] = found = race(ways, arguments.repeats)
            print(f"{part}, batch {batch}", found, flush=True)
    if "prefix" in arguments.only:
        out["50 variations"] = prefix(model, decoder, tokenizer, arguments.repeats)
    if "lstm" in arguments.only and arguments.lstm:
        from hf_abc import models as _  # noqa: F401  registers the LSTM

        own = load_model(find_model(arguments.lstm))
        words = load_tokenizer(find_model(arguments.lstm))
        lstm = decoder_of(own)
        out["lstm, batch 32"] = race(
            {
                "generate": lambda seed: theirs(own, words.eos_token_id, arguments.tunes, 32, seed, 500),
                "ours": lambda seed: ours(lstm, words, arguments.tunes, 32, seed, 500, NO_GUARDS),
                "ours, guards": lambda seed: ours(lstm, words, arguments.tunes, 32, seed, 500, ALL_GUARDS),
            },
            arguments.repeats,
        )
        print("lstm", out["lstm, batch 32"])
    if "window" in arguments.only:
        positions = model.config.max_position_embeddings
        pieces = [window(decoder, tokenizer, positions, arguments.window) for _ in range(arguments.repeats)]
        out["window"] = sorted(pieces, key=lambda piece: piece["ratio"])[len(pieces) // 2]
    return out


def prefix(model, decoder, tokenizer, repeats: int) -> dict:
    """Seconds for 50 continuations by 64 tokens of a prompt of 256."""
    end_id = tokenizer.eos_token_id
    (sample,) = generate_tunes(decoder, tokenizer, [""], seed=5, max_new_tokens=255, min_new_tokens=255)
    ids = torch.tensor([[end_id, *tokenizer(sample.text, add_special_tokens=False)["input_ids"]][:256]])
    text = tokenizer.decode(ids[0, 1:])

    def many(seed: int) -> int:
        torch.manual_seed(seed)
        written = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0, min_p=MIN_P, max_length=None,
            max_new_tokens=64, min_new_tokens=64, num_return_sequences=50, eos_token_id=end_id,
            pad_token_id=end_id,
        )  # fmt: skip
        return written.shape[0] * 64

    def shared(seed: int) -> int:
        samples = generate_tunes(
            decoder, tokenizer, [text] * 50, seed=seed, min_p=MIN_P, batch_size=50, max_new_tokens=64,
            min_new_tokens=64,
        )  # fmt: skip
        return sum(sample.tokens for sample in samples)

    found = race({"num_return_sequences": many, "ours": shared}, repeats)
    print("50 variations of a prompt of 256 tokens", found, flush=True)
    return found


def window(decoder, tokenizer, positions: int, tokens: int) -> dict:
    """Milliseconds a token in the first stretch of `positions` tokens after the window has filled, and in the
    last one, of one long piece.
    """
    times: list[float] = []
    step = decoder.step

    def timed(*args):
        times.append(Clock.now())
        return step(*args)

    decoder.step = timed
    try:
        generate_tunes(decoder, tokenizer, [""], seed=1, max_new_tokens=tokens, min_new_tokens=tokens)
    finally:
        del decoder.step
    first = times[2 * positions] - times[positions]
    last = times[-1] - times[-1 - positions]
    found = {
        "tokens": tokens,
        "first, ms a token": round(1000 * first / positions, 3),
        "last, ms a token": round(1000 * last / positions, 3),
        "ratio": round(last / first, 3),
    }
    print("window", found, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="run folder or Hub id")
    parser.add_argument("--lstm", help="run folder of an LSTM")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tunes", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=(1, 8, 32))
    parser.add_argument("--window", type=int, default=10_000, help="tokens of the long piece")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.cpu:
        Clock.now = time.process_time
    with torch.inference_mode():
        found = tables(arguments)
    for name, speeds in found.items():
        base = (
            speeds.get("generate") or speeds.get("num_return_sequences") if isinstance(speeds, dict) else None
        )
        if base:
            print(f"{name:22}", "  ".join(f"{way} {v:.0f} ({v / base:.2f}x)" for way, v in speeds.items()))
    if arguments.json:
        atomic_write(arguments.json, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
