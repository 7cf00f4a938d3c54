"""Every command of docs/*.md runs, in its order, in a folder of its own; so does the notebook.

A fenced `sh` block is run as it stands. A comment before it changes that: `<!-- run instead: … -->` holds a
quick variant of the next block, `<!-- run: … -->` what must be there first (a reader has it already), and
`<!-- not run: … -->` the reason why nothing can. The Hub is a small one on this machine.

These take minutes: HF_ABC_DOCS=1 runs them, as .ci/run does.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "docs" / "scaling" / "README.md"])
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"
_PART = re.compile(
    r"^<!-- (?P<word>run instead|run|not run):(?P<hidden>.*?)-->$|^```sh\n(?P<shown>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
minutes = pytest.mark.skipif(
    os.environ.get("HF_ABC_DOCS") != "1", reason="takes minutes: HF_ABC_DOCS=1 runs the commands of the docs"
)


def _name(page: Path) -> str:
    return page.parent.name if page.stem == "README" else page.stem


def commands(page: str) -> Iterator[str]:
    """What is run of a page, block by block."""
    instead: str | None = None
    for part in _PART.finditer(page):
        if part["word"] == "run":
            yield part["hidden"]
        elif part["word"]:
            instead = part["hidden"] if part["word"] == "run instead" else ""
        else:
            yield part["shown"] if instead is None else instead
            instead = None


def test_which_commands_are_run() -> None:
    page = (
        "```sh\na\n```\n<!-- run: b -->\n\n<!-- run instead:\nc\n-->\n```sh\nd\n```\n"
        "<!-- not run: no network -->\n```sh\ne\n```\n```yaml\nf: 1\n```\n```sh\ng\n```\n"
    )
    assert [block.strip() for block in commands(page)] == ["a", "b", "c", "", "g"]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    for reason in re.findall(r"<!-- not run:(.*?)-->", page.read_text(encoding="utf-8"), re.DOTALL):
        assert len(reason.split()) > 2


@minutes
@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "recipes").symlink_to(ROOT / "recipes")
    with _hub().Hub() as hub:
        environment = {
            "OMP_NUM_THREADS": "1",  # a thread each: other tests may run beside
            **os.environ,
            **hub.environment(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "OMP_WAIT_POLICY": "passive",
            "BROWSER": "true",
        }
        for block in commands(page.read_text(encoding="utf-8")):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block], cwd=work, env=environment, timeout=900,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}"


def test_the_notebook_is_stored_without_what_it_wrote() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 5
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@minutes
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert not [out for out in shown if out["output_type"] == "error"]
    assert any("<svg" in out.get("data", {}).get("text/html", "") for out in shown)


def _hub() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hub_server", ROOT / "tests" / "hub" / "hub_server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hub_server"] = module
    spec.loader.exec_module(module)
    return module
