"""MIDI conversion in child processes that may die: a file that brings one down costs only itself.

symusic reads bytes of strangers in C++ and can crash, hang or swell on them. So batches go to children, each
with a cap on its memory and a watchdog; where a child dies, its batch is tried again one file at a time, and
the file that kills a child alone is refused. A new child takes a quarter of a second.

Messages on both pipes are a length of four bytes (big endian) and that much JSON; nothing that a child sends
is ever run.
"""

import base64
import json
import os
import queue
import struct
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from hf_abc.corpora.midi_conversion import READING, Conversion
from hf_abc.errors import ToolError

BATCH = 160
_BATCH_BYTES = 4 * 2**20
_SHARED = Path("/dev/shm")  # a file in memory costs a third of one on disk, and each conversion makes two
_CHILD = "from hf_abc.corpora.midi_worker import serve\nserve()"
_LEAVING = 5.0  # seconds for a child to end what it has started, before it is killed
_ROOM = 2**30  # bytes that must be free there
_File = tuple[str, bytes]


class _Died(Exception):
    """The child is gone."""


def convert_files(
    files: Iterable[_File | Conversion], *, workers: int = 0, with_recall: bool = True
) -> Iterator[Conversion]:
    """Convert (name, bytes) in as many children as there are cores, or as `workers` says; results in order.
    What is a `Conversion` already (a file that was refused before) keeps its place.

    Files are taken from the iterator as they are needed: some batches for each child are held at a time.
    Closing the generator ends the children. Raises ToolError where no child can be started.
    """
    workers = workers or _cores()
    children: queue.SimpleQueue[_Child] = queue.SimpleQueue()
    made = [_Child(with_recall) for _ in range(workers)]
    for child in made:
        children.put(child)

    def work(batch: Sequence[_File | Conversion]) -> list[Conversion]:
        child = children.get()
        try:
            found = iter(_whatever_comes(child, [file for file in batch if isinstance(file, tuple)]))
            return [next(found) if isinstance(file, tuple) else file for file in batch]
        finally:
            children.put(child)

    waiting: deque[Future[list[Conversion]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for batch in _batches(files):
            waiting.append(pool.submit(work, batch))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        for child in made:
            child.close()
        pool.shutdown()


def _batches(files: Iterable[_File | Conversion]) -> Iterator[list[_File | Conversion]]:
    batch: list[_File | Conversion] = []
    size = 0
    for file in files:
        batch.append(file)
        size += len(file[1]) if isinstance(file, tuple) else 0
        if len(batch) == BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _whatever_comes(child: "_Child", batch: Sequence[_File]) -> list[Conversion]:
    """The batch converted, with a file that kills the child refused."""
    try:
        return child.convert(batch) if batch else []
    except _Died:
        if len(batch) > 1:
            return [conversion for file in batch for conversion in _whatever_comes(child, [file])]
        reason = f"symusic crashed on it, or took more than {READING:.0f} seconds"
        return [Conversion(batch[0][0], "", reason)]


class _Child:
    """A process that converts; started when it is needed, and again when it died."""

    def __init__(self, with_recall: bool) -> None:
        self._with_recall = with_recall
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def convert(self, batch: Sequence[_File]) -> list[Conversion]:
        """Raises _Died when the child dies over it, ToolError when it cannot even start."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        try:
            files = [(name, base64.b64encode(data).decode()) for name, data in batch]
            send(process.stdin, {"files": files, "recall": self._with_recall})
            reply = receive(process.stdout)
        except (OSError, ValueError):
            reply = None
        if reply is None:
            self._end()
            raise _Died
        return [Conversion(**conversion) for conversion in reply]

    def close(self) -> None:
        """End the child, also in the middle of its work; it is not started again."""
        self._closed = True
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LEAVING)
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise ToolError("the conversion of MIDI was stopped: start it again")
        if self._process is None:
            start = f"import sys; sys.path[:] = {sys.path!r}\n{_CHILD}"
            self._process = subprocess.Popen(
                [sys.executable, "-c", start],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "TMPDIR": _scratch()},
                start_new_session=True,  # Ctrl-C is for the parent to handle
            )
            assert self._process.stdout is not None
            if receive(self._process.stdout) != "ready":
                self._end()
                raise ToolError("symusic does not start: type `pip install --force-reinstall symusic`")
        return self._process

    def _end(self) -> None:
        if (process := self._process) is not None:
            self._process = None
            process.kill()
            process.wait()


def _scratch() -> str:
    with suppress(OSError, AttributeError):
        room = os.statvfs(_SHARED)
        if os.access(_SHARED, os.W_OK) and room.f_bavail * room.f_frsize > _ROOM:
            return str(_SHARED)
    return tempfile.gettempdir()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def send(sink: IO[bytes], message: object) -> None:
    """Write a message."""
    data = json.dumps(message).encode()
    sink.write(struct.pack(">I", len(data)) + data)
    sink.flush()


def receive(source: IO[bytes]) -> Any:
    """Read a message; None at the end of the pipe."""
    head = source.read(4)
    if len(head) < 4:
        return None
    data = source.read(size := struct.unpack(">I", head)[0])
    return json.loads(data) if len(data) == size else None
