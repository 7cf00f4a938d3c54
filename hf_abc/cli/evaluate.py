"""`hf-abc evaluate`."""

import argparse
import sys
from pathlib import Path

TEXT = "measure a model on the test side of a corpus"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("model", help="run folder or Hub id")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--samples", type=int, default=200, help="tunes to sample and judge (default: 200)")
    p.add_argument("--seed", type=int, default=1, help="seed of the samples (default: 1)")
    p.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> None:
    import json

    from hf_abc.evaluation.scorecard import evaluate, table
    from hf_abc.record import Record
    from hf_abc.sampling.loading import find_model

    folder = find_model(arguments.model)
    measured = evaluate(
        folder,
        arguments.corpus,
        samples=arguments.samples,
        seed=arguments.seed,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    if (folder / "run.json").is_file():
        for section, values in measured.items():
            Record(folder).set(section, values)
    print(json.dumps(measured, ensure_ascii=False) if arguments.json else table(measured))
