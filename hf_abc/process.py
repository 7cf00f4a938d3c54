"""Outside programs are run here and nowhere else.

A program gets a scratch folder as its working folder, an empty environment, and limits on time, memory and
output. Its input and output go through files, so nothing can block on a full pipe, and a program that floods
its output is stopped by the operating system. This is a guard against programs that crash, hang or swell on
odd music, not a sandbox: a hostile program could still read the disk.

The limits are set by a line of /bin/sh in front of the program (about 1 ms): unlike `preexec_fn` that is safe
in a process with threads. Where there is no /bin/sh (Windows) only the time limit and the cut on what is read
back hold.
"""

import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .errors import ToolError

_SHELL = "/bin/sh"
# ulimit -f counts blocks of 512 bytes, -v kibibytes, -t seconds; a limit that the system lacks is left out.
_LIMITS = """
ulimit -c 0 2>/dev/null
ulimit -f "$1" 2>/dev/null
ulimit -v "$2" 2>/dev/null
ulimit -t "$3" 2>/dev/null
shift 3
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program left behind: `files` holds those of the wanted outputs that it wrote."""

    returncode: int
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    timed_out: bool = False


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    inputs: Mapping[str, bytes] | None = None,
    outputs: Sequence[str] = (),
    timeout: float = 20,
    memory_mb: int = 1024,
    output_mb: int = 64,
) -> Completed:
    """Run a program to its end and return what it wrote; a status other than zero is not an error here.

    `inputs` are written into the scratch folder first, `outputs` are read back from it (a missing one is
    absent from the result), both by plain file name. After `timeout` seconds the program and its children are
    killed.
    Raises ToolError only when the program cannot be started.
    """
    program = shutil.which(argv[0])
    if program is None:
        raise ToolError(
            f"the program {argv[0]} is missing or not executable: install the package it belongs to"
        )
    limit = output_mb * 2**20
    with (
        tempfile.TemporaryDirectory(prefix="hf-abc-") as scratch,
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        folder = Path(scratch)
        for name, data in (inputs or {}).items():
            _inside(folder, name).write_bytes(data)
        source.write(stdin)
        source.seek(0)
        returncode, timed_out = _wait(
            _limited([program, *argv[1:]], memory_mb, limit, timeout), folder, (source, out, err), timeout
        )
        files = {}
        for name in outputs:
            path = _inside(folder, name)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= limit:
                files[name] = path.read_bytes()
        return Completed(returncode, _read(out, limit), _read(err, limit), files, timed_out)


def _inside(folder: Path, name: str) -> Path:
    if Path(name).name != name:
        raise ValueError(f"{name!r} is not a plain file name")
    return folder / name


def _limited(argv: Sequence[str], memory_mb: int, limit: int, timeout: float) -> list[str]:
    if not os.access(_SHELL, os.X_OK):
        return list(argv)
    seconds = int(timeout) + 2  # of processor time: a second net under the clock below
    return [_SHELL, "-c", _LIMITS, "sh", str(limit // 512), str(memory_mb * 1024), str(seconds), *argv]


def _wait(argv: list[str], folder: Path, streams: tuple[IO, IO, IO], timeout: float) -> tuple[int, bool]:
    environment = {
        name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ
    }  # Windows needs it
    source, out, err = streams
    try:
        process = subprocess.Popen(
            argv, stdin=source, stdout=out, stderr=err, cwd=folder, env=environment, start_new_session=True
        )
    except OSError as error:
        raise ToolError(
            f"the program {argv[0]} cannot be started ({error.strerror}): reinstall it"
        ) from error
    try:
        if _ends(process, timeout):
            return process.wait(), False
        return _kill(process), True
    finally:  # an interrupt of ours must not leave the program running
        if process.poll() is None:
            _kill(process)


def _ends(process: subprocess.Popen, timeout: float) -> bool:
    """Whether the program ends in time; on Linux seen at once, elsewhere within 50 ms."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # another system, an old kernel
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout)
        return process.poll() is not None
    try:
        ends = select.poll()
        ends.register(descriptor, select.POLLIN)
        return bool(ends.poll(timeout * 1000))
    finally:
        os.close(descriptor)


def _kill(process: subprocess.Popen) -> int:
    """Kill the program with everything that it started (it leads a session of its own)."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    return process.wait()


def _read(stream: IO, limit: int) -> bytes:
    stream.seek(0)
    return stream.read(limit)
