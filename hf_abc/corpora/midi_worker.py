"""The child process in which symusic and midi2abc work: batches of MIDI in, conversions out.

Run by midi_workers.py, never imported by it: symusic may bring down the process that it lives in.
"""

import base64
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from types import FrameType

from hf_abc.corpora.midi_conversion import Conversion
from hf_abc.corpora.midi_to_abc import convert
from hf_abc.corpora.midi_workers import receive, send

_MEMORY = 3 * 2**30  # bytes of address space; a sound batch takes 400 MB, most of them code


def serve() -> None:
    """Answer batches until the pipe closes or SIGTERM comes, which also ends the programs at work."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand between the answers
    signal.signal(signal.SIGTERM, _leave)
    _limit_memory()
    import symusic  # noqa: F401

    send(sink, "ready")
    while (request := receive(sys.stdin.buffer)) is not None:
        files = [(name, base64.b64decode(data)) for name, data in request["files"]]
        send(sink, [asdict(found) for found in _convert(files, request["recall"])])


def _convert(files: list[tuple[str, bytes]], with_recall: bool) -> list[Conversion]:
    """Convert a batch; an error of ours ends the process, as a crash does; of a file alone it is told."""
    try:
        return convert(files, with_recall=with_recall)
    except Exception as error:
        if len(files) > 1:
            raise
        return [Conversion(files[0][0], "", f"it cannot be converted: {type(error).__name__}")]


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
