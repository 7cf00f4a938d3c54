"""Several processes on this machine, without a launcher: what `hf-abc train --processes 2` starts.

`accelerate launch` starts a single process where it is asked for several on CPUs, and says nothing
(accelerate 1.15). Here each process is spawned with the variables by which torch and accelerate find each
other. One that fails ends all; when the parent dies, killed even, the children end themselves, so that no
second run ever meets them in the folder.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from hf_abc.errors import HfAbcError

_PATIENCE = 2.0  # seconds


def run_processes(count: int, function: Callable[..., None], *arguments: Any) -> None:
    """Call `function(*arguments)` in `count` processes and wait for all of them. What is given must be
    picklable.

    The processor's cores are shared out. Raises the HfAbcError that one of them raised, or one that says
    which process failed; its traceback then stands on stderr.
    """
    context = multiprocessing.get_context("spawn")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) // count))
    processes, messages = [], []
    for rank in range(count):
        receiving, sending = context.Pipe(duplex=False)
        variables = {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(count),
            "LOCAL_WORLD_SIZE": str(count),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "OMP_NUM_THREADS": threads,
        }
        child = context.Process(target=_child, args=(variables, sending, function, arguments))
        child.start()
        sending.close()
        processes.append(child)
        messages.append(receiving)
    try:
        left = {child.sentinel: child for child in processes}
        while left and not any(child.exitcode for child in processes):
            ended = wait(list(left))
            for child in [child for sentinel, child in left.items() if sentinel in ended]:
                child.join()
                del left[child.sentinel]
        failed = [(rank, child.exitcode) for rank, child in enumerate(processes) if child.exitcode]
    finally:
        for child in processes:
            if child.is_alive():
                child.terminate()
            child.join()
    errors = [error for message in messages for error in _received(message)]
    if errors:
        raise errors[0]
    if failed:
        rank, code = failed[0]
        raise HfAbcError(
            f"process {rank + 1} of {count} failed with exit code {code} and all were ended: read its error "
            "above; the run goes on from its last checkpoint when it is started again"
        )


def is_main() -> bool:
    """Whether this is the process that writes; for code that runs before or after training."""
    return os.environ.get("RANK", "0") == "0"


def check_launch() -> None:
    """Refuse to go on alone where `accelerate launch` was asked for several processes on CPUs and has
    started one: it leaves the address of the others, but no number of them.
    """
    launched = "ACCELERATE_MIXED_PRECISION" in os.environ and "MASTER_ADDR" in os.environ
    if launched and "WORLD_SIZE" not in os.environ:
        raise HfAbcError(
            "accelerate launch was asked for several processes but started only this one, as it does on "
            "CPUs: use recipes/accelerate/cpu2.yaml, or type `hf-abc train --processes 2 …`"
        )


def _child(
    variables: dict[str, str], message: Connection, function: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    os.environ.update(variables)
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        function(*arguments)
    except HfAbcError as error:
        message.send(error.args[0])
        message.send(type(error).__name__)
        _end(1)
    except KeyboardInterrupt:
        _end(130)
    except Exception:
        time.sleep(_PATIENCE)  # when it is only that another has gone, this one is ended before it says so
        raise


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _end(code: int) -> None:
    """Leave at once: the other processes may never answer what a regular exit would wait for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _received(message: Connection) -> list[HfAbcError]:
    """The error that a process has sent, as one of our classes."""
    from hf_abc import errors

    try:
        text, name = message.recv(), message.recv()
    except EOFError:
        return []
    kind = getattr(errors, name)
    return [kind(text) if kind is not errors.MissingPackageError else HfAbcError(text)]
