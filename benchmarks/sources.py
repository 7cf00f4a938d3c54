"""Is anything lost on reading? Tunes read from a folder of data, against an independent count.

`python benchmarks/sources.py DATA … [--json FILE]` walks the folders, takes each file for what it holds (a
tunebook, a dump of The Session, tokens of folk-RNN, JSON records) and prints, for each folder, how many
tunes an independent count finds (`^X:` lines, records, token lines: plain patterns over the bytes, nothing of
hf_abc), how many were read, and what was refused and why. It ends with status 1 where a difference is left
unexplained. `--few N` takes the first N files of each folder. MIDI files are only named; with `--midi` they
are converted as well, file by file counted.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hf_abc.corpora.sources import Refused, Source, open_source, open_sources
from hf_abc.corpora.sources.music21_collections import COLLECTIONS, corpus_folder

_NESTED = ("thesession", "music21", "tools")  # folders whose folders are sources of their own
_NO_TUNE_COUNTED = ("another kind of file", "music below a blank line", "no tune:", "no text: a binary")


@dataclass
class Group:
    """One row of the table."""

    name: str
    kind: str
    files: int = 0
    bytes: int = 0
    counted: int = 0
    read: int = 0
    seconds: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def unexplained(self) -> int:
        """Tunes of the independent count that were neither read nor refused."""
        ours = sum(n for reason, n in self.refused.items() if not self._outside(reason))
        return self.counted - self.read - ours

    def _outside(self, reason: str) -> bool:
        """Whether a refusal is of something that the independent count does not count."""
        return self.kind in ("tunebooks", "midi") and reason.startswith(_NO_TUNE_COUNTED)


def kind_of(data: bytes, suffix: str) -> str:
    """What a file holds, by its suffix and its first lines."""
    if suffix == ".mid":
        return "midi"
    if suffix == ".csv" or (suffix == ".json" and b'"setting_id"' in data):
        return "thesession"
    if suffix in (".json", ".jsonl") and re.search(rb"\"abc[ _\"]", data):
        return "irishman"
    if not re.search(rb"^X:", data, re.MULTILINE) and re.search(rb"^\[?[MK]:", data, re.MULTILINE):
        return "tunebooks" if suffix == ".abc" else "folk_rnn"
    return "tunebooks"


def count_independently(data: bytes, kind: str) -> int:
    """Tunes of a file by plain patterns."""
    lines = re.split(rb"\r\n|\r|\n", data)
    if kind == "tunebooks":
        numbered = sum(line.startswith(b"X:") for line in lines)
        return numbered or int(any(line.startswith(b"K:") for line in lines))
    if kind == "folk_rnn":
        titles = sum(line.startswith(b"F:") for line in lines)
        return titles or sum(line.startswith(b"M:") for line in lines)
    if kind == "irishman":
        return len(json.loads(data))
    if kind == "thesession":
        return len(re.findall(rb'"setting_id"', data)) or len(re.findall(rb"^\d+,\d+,", data, re.M))
    return 0


def groups_of(folder: Path, few: int, midi: bool) -> list[Group]:
    """The rows of a data folder."""
    groups: dict[tuple[str, str], Group] = {}
    taken: Counter[str] = Counter()
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        parts = path.relative_to(folder).parts
        name = "/".join(parts[: 2 if parts[0] in _NESTED else 1]) if len(parts) > 1 else folder.name
        taken[name] += 1
        if few and taken[name] > few:
            continue
        data = path.read_bytes()
        kind = kind_of(data, path.suffix.lower())
        group = groups.setdefault((name, kind), Group(name, kind))
        group.files += 1
        group.bytes += len(data)
        group.counted += count_independently(data, kind)
        if kind != "midi":
            _read(open_source(f"{kind}:{path}"), group)
        elif midi:
            group.counted += 1
    for (name, kind), group in groups.items():
        if kind == "midi" and midi:
            _read(open_source(f"midi:{folder / name}"), group)
    return list(groups.values())


def embedded() -> list[Group]:
    """The collections of the music21 wheel."""
    rows = []
    for source in open_sources(list(COLLECTIONS)):
        group = Group(source.name, "embedded")
        for path in (corpus_folder() / source.name).glob("*.abc"):
            group.files += 1
            group.bytes += path.stat().st_size
            group.counted += count_independently(path.read_bytes(), "tunebooks")
        _read(source, group)
        rows.append(group)
    return rows


def _read(source: Source, group: Group) -> None:
    start = time.process_time()
    for found in source.read():
        if isinstance(found, Refused):
            group.refused[found.reason] += 1
        else:
            group.read += 1
    group.seconds += time.process_time() - start


def _row(group: Group) -> str:
    if group.kind == "midi" and not group.counted:
        why = "MIDI: not read here"
    else:
        why = "; ".join(f"{n:,} × {reason}" for reason, n in group.refused.most_common())
    speed = f"{group.bytes / 1e6 / group.seconds:.1f}" if group.seconds > 0.02 else ""
    cells = (group.name, group.kind, group.files, group.counted, group.read, group.unexplained, speed, why)
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--few", type=int, default=0)
    parser.add_argument("--midi", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    groups = embedded()
    for folder in arguments.folders:
        groups += groups_of(folder, arguments.few, arguments.midi)
    print("| folder | read as | files | counted | read | unexplained | MB/s | refused |")
    print("|---|---|---|---|---|---|---|---|")
    for group in groups:
        print(_row(group))
    read = [group for group in groups if group.kind != "midi" or group.counted]
    books = [group for group in read if group.kind != "midi"]
    total, seconds = sum(group.bytes for group in books), sum(group.seconds for group in books)
    print(
        f"\n{sum(group.counted for group in read):,} counted, {sum(group.read for group in read):,} read, "
        f"{total / 1e6:.1f} MB of text at {total / 1e6 / seconds:.1f} MB/s of processor time"
    )
    if arguments.json:
        rows = [
            {
                "folder": group.name,
                "kind": group.kind,
                "files": group.files,
                "counted": group.counted,
                "read": group.read,
                "unexplained": group.unexplained,
                "refused": dict(group.refused.most_common()),
            }
            for group in groups
        ]
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    sys.exit(any(group.unexplained for group in read))


if __name__ == "__main__":
    main()
