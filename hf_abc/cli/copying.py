"""`hf-abc copying`."""

import argparse
import sys
from pathlib import Path

from .books import read_book

TEXT = "say what tunes share with those of a corpus, from where, and how much human tunes share"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.abc", help="tunebooks")
    p.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    p.add_argument("--json", action="store_true", help="print one JSON object for each tune, then the shares")


def run(arguments: argparse.Namespace) -> None:
    import json

    from hf_abc.corpora import read_split
    from hf_abc.evaluation.copying import Copying, shares
    from hf_abc.evaluation.copying_report import sentence, table
    from hf_abc.record import plain

    texts = [tune for file in arguments.files for tune in read_book(file)]
    print(f"comparing with the train side of {arguments.corpus}", file=sys.stderr, flush=True)
    known = Copying.of_corpus(arguments.corpus)
    found = [known.borrowed(text) for text in texts]
    human = [known.borrowed(row["text"]) for row in read_split(arguments.corpus, "test")]
    if arguments.json:
        for one in found:
            print(json.dumps(plain(one), ensure_ascii=False))
        print(json.dumps(plain({"tunes": shares(found), "human": shares(human)})))
        return
    for one in found:
        print(sentence(one))
    print(f"\n{table(found, human)}")
