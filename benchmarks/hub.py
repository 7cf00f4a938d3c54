"""How long a push of a 5M model takes, how long a fresh process needs to sample a tune from it, and how long
visitors of the page of the shipped model wait: the first one, and the last of ten who come at once.

Against the small Hub of tests/hub on this machine, so without the network: what is timed is the library's and
our own work. The fresh process cannot import hf_abc.

    python benchmarks/hub.py [--size 5M] [--json FILE]
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_SAMPLE = """
import sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "hf_abc":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nowhere())
from transformers import pipeline, set_seed
set_seed(1)
print(pipeline("text-generation", model="anna/model")("X:1\\n", max_new_tokens=130)[0]["generated_text"])
"""


def server() -> Any:
    spec = importlib.util.spec_from_file_location("hub_server", ROOT / "tests" / "hub" / "hub_server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hub_server"] = module
    spec.loader.exec_module(module)
    return module


def make_run(size: str, folder: Path) -> None:
    """The shipped model's folder with an untrained model of another size in it: a push asks for no more."""
    from transformers import GPT2LMHeadModel

    from hf_abc.models.sizes import gpt2_config
    from hf_abc.sampling.loading import SHIPPED, load_tokenizer

    shutil.copytree(SHIPPED, folder)
    tokenizer = load_tokenizer(SHIPPED)
    config = gpt2_config(size, vocab_size=len(tokenizer), n_positions=512, end_id=tokenizer.eos_token_id)
    GPT2LMHeadModel(config).save_pretrained(folder)
    (folder / "generation_config.json").write_bytes((SHIPPED / "generation_config.json").read_bytes())


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """Seconds on the clock, of the processor, and what was said."""
    start, before = time.monotonic(), os.times()
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, used, done.stdout


def visitors() -> dict[str, tuple[float, float, str]]:
    """Seconds of the first visitor of the page, and of the last of ten at once."""
    from concurrent.futures import ThreadPoolExecutor

    from gradio_client import Client

    command = [sys.executable, "-m", "hf_abc.cli", "demo"]
    page = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert page.stdout is not None
        url = next(line for line in page.stdout if "http" in line).split()[-1]

        def visit(number: int) -> float:
            client, start = Client(url, verbose=False), time.monotonic()
            asked = ("D", "6/8", "jig", f"Visitor {number}", 1.0, 1, number, ["right bars", "no loops"])
            text, shown = client.predict(*asked, api_name="/write")
            assert "<audio" in shown and f"T:Visitor {number}" in text
            return time.monotonic() - start

        first = visit(0)
        with ThreadPoolExecutor(10) as several:
            last = max(several.map(visit, range(1, 11)))
        return {"page, first tune": (first, 0.0, ""), "page, last of ten at once": (last, 0.0, "")}
    finally:
        page.kill()
        page.wait()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--size", default="5M")
    p.add_argument("--json", type=Path)
    arguments = p.parse_args()
    with tempfile.TemporaryDirectory() as work, server().Hub() as hub:
        run = Path(work) / "run"
        make_run(arguments.size, run)
        environment = hub.environment(Path(work) / "home")
        push = [sys.executable, "-m", "hf_abc.cli", "publish", str(run), "--repo-id", "anna/model"]
        rows = {
            "push": timed(push, environment),
            "push of the same again": timed(push, environment),
            "fresh process, one tune": timed([sys.executable, "-c", _SAMPLE], environment),
        }
        rows |= visitors()
        size = (run / "model.safetensors").stat().st_size
    print(f"{arguments.size}, {size / 1e6:.1f} MB of weights\n")
    print("| | seconds | seconds of the processor |\n|---|---|---|")
    for name, (wall, used, _) in rows.items():
        print(f"| {name} | {wall:.1f} | {f'{used:.1f}' if used else ''} |")
    if arguments.json:
        found = {name: {"seconds": wall, "processor_seconds": used} for name, (wall, used, _) in rows.items()}
        arguments.json.write_text(
            json.dumps({"size": arguments.size, "bytes": size, **found}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
