"""A dozen tunes as a corpus folder, and a study of two micro sizes of each family, for all tests of this
folder.
"""

from pathlib import Path

import pytest

from hf_abc.corpora.parquet import COLUMNS, SideWriter

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
