"""`hf-abc check`."""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hf_abc.notation.levels import Problem

TEXT = "say of each tune how sound it is (levels 0 to 7) and what is wrong with it"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.abc", help="tunebooks")
    p.add_argument("--json", action="store_true", help="print one JSON object for each tune")


def run(arguments: argparse.Namespace) -> None:
    import json
    import sys

    from hf_abc.corpora import check_files
    from hf_abc.record import plain

    levels: Counter[int] = Counter()
    heard = True
    for tune in check_files(arguments.files):
        level = tune.level
        levels[level.number] += 1
        heard = heard and tune.heard
        if arguments.json:
            line = {"file": tune.file, "line": tune.line, "number": tune.number, "title": tune.title}
            more = {"level": level.number, "abc2midi": tune.heard, "problems": level.problems}
            print(json.dumps(plain({**line, **more}), ensure_ascii=False))
            continue
        print(f"{tune.file}:{tune.line}: level {level.number}  {tune.title or '(no title)'}")
        for sentence, places in _grouped(level.problems).items():
            print(f"    {', '.join(places[:5])}{' ...' * (len(places) > 5)}: {sentence}")
    if not arguments.json and levels.total() > 1:
        counts = ", ".join(f"{levels[number]} at level {number}" for number in sorted(levels, reverse=True))
        print(f"{levels.total()} tunes: {counts}")
    if not heard:
        print("hf-abc: abc2midi is not there, so levels 2 to 4 count as reached", file=sys.stderr)


def _grouped(problems: "Iterable[Problem]") -> dict[str, list[str]]:
    """The places of each sentence, in the order of the file."""
    found: dict[str, list[str]] = {}
    for problem in sorted(problems, key=lambda p: (p.line, p.column)):
        column = f" column {problem.column}" if problem.column else ""
        found.setdefault(problem.text, []).append(f"line {problem.line}{column}")
    return found
