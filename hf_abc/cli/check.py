"""`hf-abc check`."""

import argparse
from pathlib import Path

TEXT = "say of each tune how sound it is (levels 0 to 7) and what is wrong with it"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.abc", help="tunebooks")
    p.add_argument("--json", action="store_true", help="print one JSON object for each tune")


def run(arguments: argparse.Namespace) -> None:
    import json

    from hf_abc.corpora import check_files
    from hf_abc.record import plain

    for tune in check_files(arguments.files):
        level = tune.level
        if arguments.json:
            line = {"file": tune.file, "number": tune.number, "title": tune.title, "level": level.number}
            print(json.dumps(plain({**line, "problems": level.problems}), ensure_ascii=False))
        else:
            first = level.problems[0] if level.problems else None
            why = f"  line {first.line}: {first.text}" if first else ""
            print(f"{tune.file}  level {level.number}  {tune.title or '(no title)'}{why}")
