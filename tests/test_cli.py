"""The command line: verbs do their work, and bad input gives one line, status 1 and nothing half-written."""

import errno
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hf_abc.cli import main
from hf_abc.errors import MissingPackageError

GOOD = "X:1\nT:Good\nM:2/4\nL:1/8\nK:G\nGABc|d2B2|c2A2|G4|]\n"
BAD = "X:2\nT:Bad\nM:2/4\nL:1/8\nK:G\nGABc|d2B|c2A2|G2 ^ G2|]\n"


def complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a failing command prints on stderr."""
    assert main(words) == 1
    written = capsys.readouterr()
    (line,) = written.err.splitlines()
    assert line.startswith("hf-abc: ")
    assert written.out == ""
    return line


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.abc"
    path.write_text(f"free text\n\n{GOOD}\n{BAD}\n")
    return path


def test_check_says_what_is_wrong_with_which_tune(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(book)]) == 0
    good, bad, *problems, total = capsys.readouterr().out.splitlines()
    assert good.endswith("level 7  Good")
    assert re.search(":10: level [012]  Bad$", bad)
    assert problems and all(problem.startswith("    line 15 column ") for problem in problems)  # of the file
    assert total.startswith("2 tunes: 1 at level 7, 1 at level ")


def test_check_as_json(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(book)]) == 0
    good, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert (good["level"], good["problems"]) == (7, [])
    assert bad["level"] < 3
    assert {problem["line"] for problem in bad["problems"]} == {15}


@pytest.mark.parametrize("verb", ["corpus", "tokenizer", "train"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("training:\n  stepz: 3", "unknown key training.stepz: did you mean training.steps?"),
        ("training:\n  steps: three", "training.steps: expected int, got three"),
        ("training:\n  steps: -3", "training.steps: -3 is not possible"),
    ],
)
def test_a_wrong_recipe(
    verb: str, text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "my.yaml"
    recipe.write_text(text)
    words = [verb, str(recipe), "--out", str(tmp_path / "out")]
    words += [] if verb == "corpus" else ["--corpus", str(tmp_path)]
    line = complaint(words, capsys)
    assert sentence in line
    assert str(recipe) in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["train", "quickstart", "--corpus", "c"], ["quickstart"]])
def test_a_wrong_override(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    line = complaint([*words, "--out", str(out), "--training.step", "3"], capsys)
    assert "unknown key training.step: did you mean training.steps?" in line
    assert not out.exists()


def test_missing_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = tmp_path / "gone"
    for words in (
        ["check", f"{gone}.abc"],
        ["render", f"{gone}.abc", "--out", str(tmp_path / "out")],
        ["train", f"{gone}.yaml", "--corpus", str(tmp_path), "--out", str(tmp_path / "out")],
        ["train", "quickstart", "--corpus", str(gone), "--out", str(tmp_path / "out")],
        ["tokenizer", "quickstart", "--corpus", str(gone), "--out", str(tmp_path / "out")],
        ["evaluate", str(gone), "--corpus", str(tmp_path)],
        ["sample", str(gone)],
    ):
        assert str(gone) in complaint(words, capsys)
        assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_tune(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "words.abc"
    path.write_text("no tune\n")
    assert "holds no tune" in complaint(["render", str(path), "--out", str(tmp_path / "out")], capsys)
    assert main(["check", str(path)]) == 0
    assert "level 0" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["quickstart", "corpus", "render"])
def test_a_place_that_cannot_be_written(
    verb: str, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = book / "below"  # a file is in the way; a folder without permission would not stop root
    words = {
        "quickstart": ["quickstart"],
        "corpus": ["corpus", "quickstart"],
        "render": ["render", str(book)],
    }
    assert str(book) in complaint([*words[verb], "--out", str(out)], capsys)
    assert list(tmp_path.iterdir()) == [book]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "diary").write_text("mine")
    assert "holds other files" in complaint(["quickstart", "--out", str(tmp_path)], capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["diary"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "/x/y: there is no space left"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "/x: permission denied"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "/x: this disk is read-only"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), "/x: there is no such file"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "there is no space left"),
        (ModuleNotFoundError("No module named 'verovio'", name="verovio.toolkit"), "pip install verovio"),
        (MissingPackageError("gradio", "demo"), "pip install 'hf-abc[demo]'"),
    ],
)
def test_errors_of_the_system_become_a_line(
    error: Exception,
    words: str,
    book: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(paths: list[Path]) -> None:
        raise error

    monkeypatch.setattr("hf_abc.corpora.check.check_files", fail)
    assert words in complaint(["check", str(book)], capsys)


def test_a_bug_keeps_its_traceback(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hf_abc.corpora.check.check_files", lambda paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["check", str(book)])


@pytest.mark.parametrize(
    "words", [[], ["chekc"], ["check"], ["check", "--jsn", "x"], ["train", "quickstart"]]
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage: hf-abc" in capsys.readouterr().err


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for verb in (
        "quickstart",
        "corpus",
        "tokenizer",
        "train",
        "sample",
        "evaluate",
        "render",
        "check",
        "doctor",
    ):
        assert f"\n    {verb}" in text


def test_an_interrupt_ends_with_a_line_and_130(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; from hf_abc import cli; from hf_abc.corpora import check\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's shell ignores it\n"
        "def wait(files): print('ready', flush=True); time.sleep(60)\n"
        "check.check_files = wait; sys.exit(cli.main(['check', 'x']))"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True)
    assert process.stdout
    process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip().splitlines() == ["hf-abc: interrupted; the same command goes on where it stopped"]


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "many.abc"
    path.write_text((GOOD + "\n") * 2000)
    command = f"{sys.executable} -c 'import sys; from hf_abc.cli import main; sys.exit(main())' check {path}"
    done = subprocess.run(["sh", "-c", f"{command} | head -1"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
