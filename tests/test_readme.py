"""The README and the pages: every file has its line, every line its file, and the numbers are those of the
result files.
"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODEL = ROOT / "hf_abc" / "data" / "model"
_ROW = re.compile(r"^\| `([^|]+) \|", re.MULTILINE)


def _named() -> set[str]:
    """Files that the table names, below hf_abc/: a bare name stands in the folder of the name before it."""
    found = set()
    for cell in _ROW.findall(README):
        folder = ""
        for name in re.findall(r"[\w./]+\.py", cell):
            path = name.removeprefix("hf_abc/")
            if "/" in path:
                folder = path.rpartition("/")[0] + "/"
            found.add(path if "/" in path or not folder else folder + path)
    return found


def test_every_file_has_its_line() -> None:
    files = {path.relative_to(ROOT / "hf_abc").as_posix() for path in (ROOT / "hf_abc").rglob("*.py")}
    wanted = {file for file in files if not Path(file).name.startswith("__") and "data/" not in file}
    assert _named() == wanted


def test_links_lead_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", README) if not t.startswith("http")]
    assert targets and not [target for target in targets if not (ROOT / target).exists()]


def test_every_verb_is_named() -> None:
    from hf_abc.cli import _parser

    text = _parser().format_help()
    verbs = re.findall(r"^    (\w+)\b", text, re.MULTILINE)
    assert len(verbs) > 8
    assert [verb for verb in verbs if f"`hf-abc {verb}" not in README] == []


@pytest.mark.skipif(not MODEL.is_dir(), reason="this checkout ships no model")
def test_numbers_are_those_of_the_shipped_model() -> None:
    from hf_abc.evaluation.scorecard_table import table

    run = json.loads((MODEL / "run.json").read_text(encoding="utf-8"))
    shown = README.partition("<!-- numbers of")[2].partition("-->")[2].partition("<!-- end of numbers -->")[0]
    assert shown.strip() == f"```\n{table(run)}\n```"
