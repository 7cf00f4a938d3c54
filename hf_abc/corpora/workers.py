"""Making parts in several processes; with one, in this one.

Processes are started afresh (a fork of a process with threads may hang), so a script that asks for more than
one must guard its own start with `if __name__ == "__main__":`, as for all of Python's `multiprocessing`. The
reading stays in the calling process; what waits to be made is bounded, so memory is too.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path

from hf_abc.corpora.parts import Record, file_of, make_part
from hf_abc.errors import ToolError
from hf_abc.recipe import CorpusRecipe

_EVERY = 10.0  # seconds between two lines of progress
_WAITING = 2  # parts that wait for each process


def make_parts(
    folder: Path,
    parts: Iterable[tuple[int, list[Record]]],
    recipe: CorpusRecipe,
    workers: int,
    progress: Callable[[str], None],
) -> None:
    """Make all the parts that are not there yet."""
    told, done = time.monotonic(), 0

    def tell(records: int) -> None:
        nonlocal told, done
        done += records
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            progress(f"read and cleaned {done:,} tunes so far")

    missing = ((number, records) for number, records in parts if not file_of(folder, number).is_file())
    if workers == 1:
        for number, records in missing:
            make_part(folder, number, records, recipe)
            tell(len(records))
        return
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(theirs,)) as pool:
        running: dict[Future[None], int] = {}
        try:
            for number, records in missing:
                running[pool.submit(make_part, folder, number, records, recipe)] = len(records)
                while len(running) >= workers * (1 + _WAITING):
                    _collect(running, tell)
            while running:
                _collect(running, tell)
        except BrokenProcessPool as error:
            raise ToolError(
                "a process that cleaned tunes was ended from outside (perhaps memory ran out): free some, or "
                "ask for fewer workers, and start again; what is ready is kept"
            ) from error
        except BaseException:
            theirs.close()
            ours.close()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _collect(running: dict[Future[None], int], tell: Callable[[int], None]) -> None:
    """Wait for a part or more, and raise what went wrong in one."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        tell(running.pop(future))
        future.result()


def _start(parent: Connection) -> None:
    """An interrupt is the parent's business; when it closes its end, or has gone, there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def leave() -> None:
        parent.poll(None)
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
