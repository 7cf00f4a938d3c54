"""`hf-abc doctor`."""

import argparse

from hf_abc.errors import ToolError

TEXT = "say what is installed, what is missing, and what to type"


def add(p: argparse.ArgumentParser) -> None:
    pass


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.rendering.doctor import doctor, table

    rows, works = doctor()
    print(table(rows), end="")
    if not works:
        raise ToolError("a part that the package needs is missing or broken: type what is advised above")
