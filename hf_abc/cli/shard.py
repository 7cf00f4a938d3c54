"""`--shard 1/4`: the share of one machine of several."""

import argparse
import re


def shard(text: str) -> tuple[int, int]:
    """(which, of how many), from 1. argparse.ArgumentTypeError for what is none."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard: write 1/4 for the first of four")
    return int(found[1]), int(found[2])
