"""Programs that hang, flood, swell or write where they should, run under limits."""

import os
import sys
import time
from pathlib import Path

import pytest

from hf_abc.errors import ToolError
from hf_abc.process import run

posix = pytest.mark.skipif(os.name != "posix", reason="limits on memory and output need a POSIX shell")


def python(code: str, **options: object):
    return run([sys.executable, "-c", code], **options)  # type: ignore[arg-type]


def test_output_status_and_stdin_come_back() -> None:
    done = python(
        "import sys; print(sys.stdin.read()[::-1]); print('no', file=sys.stderr); sys.exit(3)", stdin=b"abc"
    )
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (3, b"cba", b"no")
    assert not done.timed_out


def test_inputs_and_outputs_go_through_the_scratch_folder() -> None:
    code = "import os; print(os.getcwd()); open('out', 'wb').write(open('in', 'rb').read() * 2)"
    done = python(code, inputs={"in": b"\0x"}, outputs=["out", "missing"])
    assert done.files == {"out": b"\0x\0x"}
    assert not Path(done.stdout.decode().strip()).exists()


def test_a_link_is_not_read_back(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    assert python(f"import os; os.symlink({str(secret)!r}, 'out')", outputs=["out"]).files == {}


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x"])
def test_names_stay_inside_the_folder(name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        python("", inputs={name: b""})


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert b"secret" not in python("import os; print(dict(os.environ))").stdout


@posix
def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '60']); "
        f"open({str(pid)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    start = time.monotonic()
    done = python(code, timeout=1.5)
    assert done.timed_out
    assert time.monotonic() - start < 10
    child = int(pid.read_text())
    for _ in range(50):
        if not _alive(child):
            break
        time.sleep(0.1)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


@posix
def test_a_flood_is_stopped() -> None:
    done = python("while True: print('x' * 100000)", output_mb=1)
    assert done.returncode != 0
    assert len(done.stdout) <= 2**20


@posix
def test_memory_is_limited() -> None:
    assert python("x = bytearray(2**30)", memory_mb=512).returncode != 0


@pytest.mark.parametrize("program", ["/no/such/program", "no-such-program-of-hf-abc"])
def test_a_missing_program_is_named(program: str) -> None:
    with pytest.raises(ToolError, match=program):
        run([program])
