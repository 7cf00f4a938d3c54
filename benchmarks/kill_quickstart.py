"""Proof that a quickstart which is killed again and again ends with the same files as one that ran through.

`python benchmarks/kill_quickstart.py [KILLS] [SEED]`: a small recipe runs once undisturbed, then in another
folder while SIGKILL hits it after random times, until it comes to its end. Every file of the two folders is
compared; of run.json all but times, speeds and memory, of the card all lines but those that tell them. Takes
some minutes; POSIX only.
"""

import difflib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SMALL = [
    "--corpus.sources=[airdsAirs]",
    "--model.size=0.15M",
    "--model.n_positions=256",
    "--training.block_size=256",
    "--training.batch_tokens=1024",
    "--training.steps=60",
    "--training.evaluate_every=20",
    "--training.checkpoint_every=5",
    "--evaluation.samples=20",
    "--sampling.count=4",
]
COMMAND = "import sys; from hf_abc.cli import main; sys.exit(main())"
PASSING = ("second", "memory", "timings", "hardware")  # words in the names of what may differ


TOLD = ("tokens/s", "tokens per second", "GiB", "minutes")  # and in the card


def start(out: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", COMMAND, "quickstart", "--out", str(out), *SMALL]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)


def lasting(value: Any) -> Any:
    """A section of run.json without what differs between any two runs."""
    if isinstance(value, dict):
        return {k: lasting(v) for k, v in value.items() if not any(word in k for word in PASSING)}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def content(file: Path) -> str:
    data = file.read_bytes()
    if file.name == "run.json":
        data = json.dumps(lasting(json.loads(data)), indent=1).encode()
    if file.name == "README.md" and file.parent.name == "model":
        data = b"\n".join(line for line in data.splitlines() if not any(w.encode() in line for w in TOLD))
    return hashlib.sha256(data).hexdigest()


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "checkpoints" not in path.parts)
    return {path.relative_to(folder).as_posix(): content(path) for path in files}


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    dice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    with tempfile.TemporaryDirectory() as scratch:
        straight, killed = Path(scratch) / "straight" / "out", Path(scratch) / "killed" / "out"
        begin = time.monotonic()
        if start(straight).wait():
            sys.exit("the undisturbed run failed")
        whole = time.monotonic() - begin
        print(f"undisturbed: {whole:.0f} s", flush=True)
        for number in range(1, kills + 1):
            process = start(killed)
            try:
                process.wait(dice.uniform(0.05, 0.3) * whole)
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                there = sorted(path.name for path in killed.glob("*")) if killed.exists() else []
                print(f"kill {number}: {there}", flush=True)
        if start(killed).wait():
            sys.exit("the killed run did not come to its end")
        first, second = contents(straight), contents(killed)
        differing = sorted(
            name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
        )
        print(f"{len(first)} files; different: {differing or 'none'}")
        for name in differing:
            lines = [
                (folder / name).read_text(errors="replace").splitlines() for folder in (straight, killed)
            ]
            print(*list(difflib.unified_diff(*lines, lineterm="", n=0))[:40], sep="\n")
        sys.exit(bool(differing))


if __name__ == "__main__":
    main()
