"""`hf-abc demo`."""

import argparse
import os
from pathlib import Path

TEXT = "a page in the browser, to write and vary tunes with a model"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "model", nargs="?", help="run folder or Hub id (default: the model that comes with the package)"
    )
    p.add_argument("--corpus", type=Path, help="corpus folder of its training, for the copying check")
    p.add_argument("--host", help="address to listen at (default: this machine alone)")
    p.add_argument("--port", type=int, help="port to listen at (default: the first free one from 7860)")


def run(arguments: argparse.Namespace) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin starve the other visitors
    from hf_abc.hub.demo import demo, serve

    serve(demo(arguments.model, arguments.corpus), host=arguments.host, port=arguments.port)
