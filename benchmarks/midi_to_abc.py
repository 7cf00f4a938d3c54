"""MIDI into ABC: how fast beside bare midi2abc, and how many notes survive.

    python benchmarks/midi_to_abc.py MIDI [--rounds 5] [--sample 600] [--json FILE]

Speed: `hf-abc midi2abc MIDI --no-recall --workers 2` as a user starts it (Python's start, tunebook and report
included) against the same files through `xargs -P 2 midi2abc -bpl 999999 -nogr`, once with an output file
each, as one would run it, and once into /dev/null. The three take turns; medians count.

Notes: MIDI -> ABC -> MIDI on a sample, judged for all in the same way (abc2midi with its slips at ties worked
round): the output of bare midi2abc, midi2abc behind symusic's load and dump at 480 ticks, and ours. A small
try: `--rounds 1 --sample 20`.
"""

import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import symusic

from hf_abc.abcmidi import convert, harmless, program
from hf_abc.corpora.midi_recall import recall
from hf_abc.corpora.midi_rewrite import onsets_of
from hf_abc.corpora.midi_to_abc import convert as convert_batch
from hf_abc.notation.ties import mend_ties
from hf_abc.process import run
from hf_abc.record import hardware, versions

FLAGS = ("-bpl", "999999", "-nogr")


def timed(command: Sequence[str], stdin: Path | None = None) -> tuple[float, float]:
    """Seconds on the clock and of processor time, children included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with open(stdin or os.devnull, "rb") as source:
        subprocess.run(command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def speed(midi: Path, files: Sequence[Path], rounds: int) -> dict[str, Any]:
    """Files a second and milliseconds of processor time a file for each of the three ways."""
    times: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            lists = {"midi2abc, a file each": folder / "each", "midi2abc, /dev/null": folder / "nowhere"}
            lists["midi2abc, a file each"].write_text(
                "".join(f"{shlex.quote(str(file))} -o {folder}/{n}.abc\n" for n, file in enumerate(files))
            )
            lists["midi2abc, /dev/null"].write_text("".join(f"{shlex.quote(str(file))}\n" for file in files))
            for name, lines in lists.items():
                command = ["xargs", "-P", "2", "-L", "1", str(program("midi2abc")), *FLAGS]
                times.setdefault(name, []).append(timed(command, lines))
            ours = [sys.executable, "-m", "hf_abc.cli", "midi2abc", str(midi), "--out", str(folder / "out")]
            times.setdefault("hf-abc midi2abc", []).append(timed([*ours, "--no-recall", "--workers", "2"]))
    return {
        name: {
            "files_per_second": round(len(files) / median(clock for clock, _ in found), 1),
            "cpu_ms_per_file": round(1000 * median(cpu for _, cpu in found) / len(files), 3),
        }
        for name, found in times.items()
    }


def judged(data: bytes, text: str, shift: float = 0) -> float:
    """Recall of the notes of a MIDI file in an ABC text."""
    wanted = onsets_of(symusic.Score.from_midi(data))
    played = convert(harmless(mend_ties(text)[0])) if text else None
    return recall(wanted, onsets_of(symusic.Score.from_midi(played)) if played else {}, shift)


def bare(data: bytes) -> str:
    done = run([str(program("midi2abc")), "0.mid", *FLAGS], inputs={"0.mid": data}, timeout=30)
    text = done.stdout.decode("latin-1").replace("calling midi2abc\n", "", 1)
    kept = [line for line in text.split("\n") if line.startswith("%%") or not line.startswith("%")]
    return "\n".join(line if line.startswith("%%") else line.replace(" ", "") for line in kept)


def rewritten(data: bytes) -> str:
    return bare(symusic.Score.from_midi(data).resample(480, min_dur=1).dumps_midi())


def survival(files: Sequence[Path], sample: int) -> dict[str, Any]:
    """Recall on files that we convert: as many from each folder, as far as it has them."""
    folders: dict[Path, list[Path]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file)
    share = max(1, sample // len(folders))
    chosen = [file for inside in folders.values() for file in inside[:: max(1, len(inside) // share)][:share]]
    found: dict[str, list[float]] = {}
    ways: dict[str, Callable[[bytes], str]] = {"midi2abc": bare, "midi2abc behind symusic": rewritten}
    for file in chosen:
        data = file.read_bytes()
        try:
            if not symusic.Score.from_midi(data).note_num():
                continue
        except Exception:
            continue
        ours = convert_batch([(file.name, data)])[0]
        if not ours.text:
            continue
        found.setdefault("hf-abc midi2abc", []).append(ours.recall or 0)
        for name, way in ways.items():
            try:
                found.setdefault(name, []).append(judged(data, way(data)))
            except Exception:  # what the bare converter writes may be anything
                found[name].append(0.0)
    return {
        name: {
            "files": len(shares),
            "mean": round(fmean(shares), 4),
            "median": round(median(shares), 4),
            "below_0.9": sum(share < 0.9 for share in shares),
            "below_0.5": sum(share < 0.5 for share in shares),
        }
        for name, shares in found.items()
    }


def whole(midi: Path) -> dict[str, Any]:
    """The report over all files, recall included, and the clock's seconds for it."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        clock, _ = timed([sys.executable, "-m", "hf_abc.cli", "midi2abc", str(midi), "--out", str(out)])
        report = dict(json.loads((out / "report.json").read_text(encoding="utf-8")))
        return {**report, "seconds": round(clock, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("midi", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    files = sorted(file.resolve() for file in arguments.midi.rglob("*.mid"))
    rates = speed(arguments.midi, files, arguments.rounds)
    ours = rates["hf-abc midi2abc"]["files_per_second"]
    print(f"{len(files):,} files, {arguments.rounds} rounds in turn\n")
    print("| way | files/s | CPU ms/file | ours is |\n|---|---|---|---|")
    for name, rate in rates.items():
        ratio = ours / rate["files_per_second"]
        print(f"| {name} | {rate['files_per_second']:,} | {rate['cpu_ms_per_file']} | {ratio:.2f} x |")
    shares = survival(files, arguments.sample)
    print("\n| way | files | mean recall | median | < 0.9 | < 0.5 |\n|---|---|---|---|---|---|")
    for name, share in shares.items():
        print("| " + " | ".join([name, *(str(value) for value in share.values())]) + " |")
    report = whole(arguments.midi)
    print(
        f"\nall files with recall: {report['seconds']} s; {report['converted']:,} converted, "
        f"{report['refused']} refused; recall {report['recall']}\n\n| refused because | files |\n|---|---|"
    )
    for reason, count in report["reasons"].items():
        print(f"| {reason} | {count} |")
    if arguments.json:
        result = {"files": len(files), "rounds": arguments.rounds, "speed": rates, "recall": shares}
        result |= {"whole": report, "hardware": hardware(), "versions": versions()}
        arguments.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
