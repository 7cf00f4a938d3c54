"""A dozen tunes as a corpus folder, and a study of two micro sizes of each family, for all tests of this
folder.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from hf_abc.corpora.parquet import COLUMNS, SideWriter
from hf_abc.recipe import Study
from hf_abc.record import fingerprint
from hf_abc.scaling.costs import cost_of
from hf_abc.scaling.results import Ground, Result, result_file, write
from hf_abc.scaling.runs import planned, width_of

_PHRASES = ["DFA dAF", "GBd gdB", "ABA AFD", "efe edB", "d2e f2g", "a2f gfe", "BAG FED", "c3 e3"]
MICRO = """\
name: micro
tokenizers: [{kind: char}]
gpt2: {sizes: [0.15M, 0.25M], sweep_sizes: [0.15M], rates: [2.0e-3, 6.0e-3, 1.8e-2]}
lstm: {sizes: [0.15M, 0.25M], rates: [6.0e-3]}
training:
  {steps: 12, batch_tokens: 192, block_size: 96, warmup_steps: 2, precision: fp32, transpose: false,
   evaluate_every: 6, checkpoint_every: 50}
seeds: [1, 2]
largest_seeds: [1]
sweep_share: 0.5
branches: [0.5]
samples: 2
least_steps: 12
"""


def _tune(number: int) -> str:
    bars = [_PHRASES[(number * 3 + i * i) % len(_PHRASES)] for i in range(4)]
    key = ("D", "G", "Ador", "Edor", "C")[number % 5]
    return f"X:1\nT:Tune {number}\nM:6/8\nL:1/8\nK:{key}\n{' | '.join(bars)} |]\n"


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for side, numbers in (("train", range(12)), ("validation", range(12, 15)), ("test", range(15, 19))):
        with SideWriter(folder, side) as writer:
            for number in numbers:
                row = dict.fromkeys(COLUMNS, "")
                writer.add(row | {"id": str(number), "family": f"f{number // 2}", "text": _tune(number)})
    return folder


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "micro.yaml"
    path.write_text(MICRO, encoding="utf-8")
    return path


PLANTED = {"gpt2": (0.30, 0.25, 0.50), "lstm": (0.30, 0.25, 0.60)}
"""a, alpha and c of the made-up studies, at N in millions of parameters in matrices."""


@pytest.fixture(scope="session")
def make_up() -> Callable[[Study, Path], None]:
    return made_up


def made_up(study: Study, out: Path, noise: float = 0.003) -> None:
    """The result files that a study would leave if losses followed `PLANTED`, and D^-0.3 of the data."""
    draw = np.random.default_rng(3)
    characters = [400 + 10 * i for i in range(40)]
    families = [f"f{i}" for i in range(40)]
    ground = Ground(
        corpus="c" * 64, train_tunes=9000, train_characters=4_000_000,
        families={"validation": families[:20], "test": families},
        characters={"validation": characters[:20], "test": characters},
        witten_bell=1.6, xz=1.5,
        human={
            name: {"value": 0.99, "low": 0.97, "high": 1.0, "n": 200} for name in ("compiles", "bars_right")
        },
    )  # fmt: skip
    write(out / "corpus.json", ground)
    hard = np.exp(0.2 * draw.standard_normal(40))
    hard /= hard @ np.array(characters) / sum(characters)
    for run in planned(study):
        cost = cost_of(run.recipe)
        a, alpha, c = PLANTED[run.family]
        loss = a * (cost.counts.matmul / 1e6) ** -alpha + c + 0.3 * (run.share**-0.3 - 1)
        if run.part in ("sweep", "spot"):  # best at 6e-3 * sqrt(width / 100)^-1
            best = 6e-3 * (width_of(run.family, run.size) / 100) ** -0.5
            loss += 0.05 * np.log(run.recipe.training.learning_rate / best) ** 2
        loss *= 1 + noise * draw.standard_normal()
        nats = {
            side: [round(float(loss * h * n), 3) for h, n in zip(hard, ground.characters[side], strict=False)]
            for side in ("validation", "test")
        }
        bits = loss / np.log(2)
        tokens = run.recipe.training.steps * run.recipe.training.batch_tokens
        part = {"low": bits - 0.1, "high": bits + 0.1, "n": 40}
        first = run.part == "ladder" and run.seed == 1
        share = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100}
        result = Result(
            name=run.name, part=run.part, family=run.family, size=run.size, tokenizer=run.tokenizer,
            seed=run.seed, share=run.share, recipe=fingerprint(run.recipe), corpus=ground.corpus,
            vocabulary=run.tokenizer, code="d" * 64, revision="abc", **asdict(cost.counts),
            steps=run.recipe.training.steps, tokens=tokens, characters=tokens,
            rate=run.recipe.training.learning_rate, flops=float(cost.flops * tokens), seconds=2.0,
            cpu_seconds=1.5, threads=1, device="cpu", precision="bf16", peak_memory_gib=0.5, nats=nats,
            curve=[
                {"step": s, "validation": float(bits + 1 / s), "seen": float(bits), "gap": 1 / s}
                for s in (1, 2, 4)
            ],
            by_place={"0-16": {"value": bits + 0.5, **part}, "16-32": {"value": bits, **part}},
            by_part={
                "header": {"value": bits * 1.1, **part},
                "repeated bars": {"value": bits - 0.2, **part},
                "end": {"value": 0.1, **part},
            },
            samples={"n": 100, "compiles": share, "bars_right": share} if first else {},
        )  # fmt: skip
        write(result_file(out, run.name), result)
