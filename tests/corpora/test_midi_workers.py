"""Children that die, and what that costs."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hf_abc.corpora import midi_workers
from hf_abc.corpora.midi_conversion import Conversion
from hf_abc.corpora.midi_workers import convert_files
from hf_abc.errors import ToolError

Midi = Callable[..., bytes]
# A child in which symusic does to the process what a hostile file would make it do.
ODD_CHILD = """
import os, time
from hf_abc.corpora import midi_to_abc
from hf_abc.corpora.midi_worker import serve
real = midi_to_abc.read_piece
def odd(data, **options):
    if data == b"crash":
        os.abort()
    if data == b"hang":
        while True:
            pass
    if data == b"swell":
        return bytearray(2**33)
    if data == b"bug":
        raise AttributeError("ours")
    return real(data, **options)
midi_to_abc.read_piece = odd
midi_to_abc.READING = 1.0
serve()
"""


def tune(midi_bytes: Midi, number: int = 0) -> bytes:
    return midi_bytes([(i * 0.5, 0.5, 60 + number + i % 7) for i in range(160)])


def test_in_order_with_what_was_refused_before(midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_workers, "BATCH", 3)
    files: list[tuple[str, bytes] | Conversion] = [
        (str(n), tune(midi_bytes, n)) if n % 4 else Conversion(str(n), "", "a link") for n in range(20)
    ]
    found = list(convert_files(files, workers=2))
    assert [c.name for c in found] == [str(n) for n in range(20)]
    assert [c.reason for c in found] == ["" if n % 4 else "a link" for n in range(20)]
    assert found == list(convert_files(files, workers=1))


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"crash", "crashed"),
        (b"hang", "more than"),
        (b"swell", "MemoryError"),
        (b"bug", "AttributeError"),
    ],
)
def test_a_file_that_brings_the_child_down_costs_itself(
    data: bytes, reason: str, midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data == b"swell" and os.name != "posix":
        pytest.skip("memory is limited on POSIX systems only")
    monkeypatch.setattr(midi_workers, "_CHILD", ODD_CHILD)
    files = [("a", tune(midi_bytes)), ("odd", data), ("b", tune(midi_bytes, 1))]
    found = list(convert_files(files, workers=1, with_recall=False))
    assert [bool(c.text) for c in found] == [True, False, True]
    assert reason in found[1].reason


def test_nothing_is_refused_where_no_child_can_start(
    midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midi_workers, "_CHILD", "raise ImportError('symusic')")
    with pytest.raises(ToolError, match="pip install"):
        list(convert_files([("a", tune(midi_bytes))], workers=1))


def test_files_are_taken_as_they_are_needed(midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_workers, "BATCH", 2)
    taken = 0

    def files() -> Iterator[tuple[str, bytes]]:
        nonlocal taken
        while True:
            taken += 1
            yield str(taken), tune(midi_bytes)

    found = convert_files(files(), workers=1, with_recall=False)
    for _ in range(6):
        next(found)
    assert taken <= 6 + 4 * 2
    found.close()


@pytest.mark.skipif(os.name != "posix" or not Path("/proc").is_dir(), reason="looks into /proc")
def test_closing_leaves_no_process(midi_bytes: Midi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_workers, "BATCH", 1)
    others = _children()  # of earlier tests, such as the keeper of multiprocessing's resources
    found = convert_files(((str(n), tune(midi_bytes)) for n in range(1000)), workers=2, with_recall=False)
    next(found)
    children = [pid for pid in _children() if pid not in others]
    assert len(children) >= 2
    started = time.monotonic()
    found.close()
    assert time.monotonic() - started < 5
    while any(map(_is_alive, children)) and time.monotonic() - started < 10:
        time.sleep(0.05)  # what was killed may still be going
    assert not [pid for pid in children if _is_alive(pid)]


def _children() -> list[int]:
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found += map(int, (task / "children").read_text().split())
    return found


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
