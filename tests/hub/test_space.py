"""The folder of a Space: complete, and it runs as it stands, where this package is not installed."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from hf_abc.hub.parcel import model_parcel
from hf_abc.hub.publish import dry_run, publish
from hf_abc.hub.space import space_parcel

pytest.importorskip("gradio", reason="gradio is not installed (pip install 'hf-abc[demo]')")


@pytest.fixture
def space(run: Path, corpus: Path, tmp_path: Path) -> Path:
    parcel = space_parcel(run, model_parcel(run, "anna/tiny"), "anna/page", corpus)
    dry_run(parcel, tmp_path / "space")
    return tmp_path / "space"


def test_what_it_holds(space: Path) -> None:
    from huggingface_hub import RepoCard

    assert {path.name for path in space.iterdir()} >= {
        *("README.md", "app.py", "requirements.txt", "hf_abc", "model", "corpus")
    }
    head = RepoCard((space / "README.md").read_text()).data.to_dict()
    assert (head["sdk"], head["app_file"], head["license"]) == ("gradio", "app.py", "apache-2.0")
    required = (space / "requirements.txt").read_text()
    assert re.search(r"^torch==\d", required, re.M) and f"gradio=={head['sdk_version']}\n" in required
    assert not (space / "hf_abc" / "data" / "model").exists() and not list(space.rglob("__pycache__"))
    assert (space / "hf_abc" / "data" / "demo_tunes.html.j2").is_file()
    assert not (space / "model" / "README.md").exists()


def test_it_is_published_as_a_space(hub, run: Path) -> None:
    parcel = space_parcel(run, model_parcel(run, "anna/tiny"), "anna/page")
    publish(parcel, "anna/page")
    assert "app.py" in hub.repos["space", "anna/page"].files
    assert not any(name.startswith("corpus/") for name in parcel.files)


def test_it_runs_as_it_stands(space: Path) -> None:
    start = (
        "import sys, runpy\n"
        "sys.path[:] = ['.'] + [p for p in sys.path if 'hf_abc' not in p]\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in type(f).__name__.lower()]\n"
        "import hf_abc; assert hf_abc.__file__.startswith(sys.argv[1]), hf_abc.__file__\n"
        "runpy.run_path('app.py', run_name='__main__')\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", start, str(space)],
        cwd=space, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said, url = "", ""
        for line in process.stdout:
            said += line
            if found := re.search(r"to try the model: (\S+)", line):
                url = found[1]
                break
        assert url, said
        for _ in range(50):
            with urllib.request.urlopen(url, timeout=30) as page:
                if page.status == 200:
                    break
            time.sleep(0.2)
        from gradio_client import Client

        text, shown = Client(url, verbose=False).predict(
            "G", "6/8", "jig", "From here", 1.0, 1, 1, ["right bars"], api_name="/write"
        )
        assert "T:From here" in text and "<h3>From here</h3>" in shown
    finally:
        process.kill()
        process.wait()
