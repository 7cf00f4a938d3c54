"""The import law, read off the source: rooms stand in an order, and what must be quick loads nothing big."""

import ast
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import hf_abc

PACKAGE = Path(hf_abc.__file__).parent
ROOMS = (
    "errors",
    "process",
    "abcmidi",
    "record",
    "recipe",
    "notation",
    "corpora",
    "models",
    "training",
    "sampling",
    "rendering",
    "evaluation",
    "scaling",
    "hub",
    "quickstart",
    "cli",
)
HEAVY = {
    "torch",
    "transformers",
    "datasets",
    "music21",
    "tokenizers",
    "accelerate",
    "verovio",
    "symusic",
    "pandas",
}
PACKAGES = {"yaml": "pyyaml"}  # where the name to import is not the name to install
MODULES = {
    ".".join(("hf_abc", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """Names of the modules that a module imports, with whether this happens when it is itself imported."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    later = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node not in later
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                full = f"{source}.{alias.name}"
                yield full if full in MODULES else source, node not in later


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def ours(module: str) -> set[str]:
    return {name for name, _ in imports(module) if name.split(".")[0] == "hf_abc"}


def test_every_module_lies_in_a_room() -> None:
    assert {room(module) for module in MODULES} <= {"", *ROOMS}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_rooms_import_earlier_rooms_only(module: str) -> None:
    if module == "hf_abc":
        assert not ours(module)
        return
    place = ROOMS.index(room(module))
    for name in ours(module):
        assert name == "hf_abc" or ROOMS.index(room(name)) <= place, f"{module} imports {name}"
        assert name != "hf_abc" or room(module) == "cli", f"{module} imports the package itself"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_models_is_an_island(module: str) -> None:
    if room(module) == "models":
        assert {room(name) for name in ours(module)} <= {"models"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_notation_and_corpora_load_no_torch(module: str) -> None:
    if room(module) in ("notation", "corpora"):
        used = {name.split(".")[0] for name, _ in imports(module)}
        assert not used & {"torch", "transformers", "accelerate"}
    if room(module) == "notation":
        assert used - {"hf_abc"} <= set(sys.stdlib_module_names)


def test_there_is_no_cycle() -> None:
    graph = {module: ours(module) & set(MODULES) for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_nothing_heavy_is_reached_from_the_package_or_the_command_line() -> None:
    reached, waiting = set(), ["hf_abc", "hf_abc.cli"]
    while waiting:
        module = waiting.pop()
        if module in reached:
            continue
        reached.add(module)
        for name, at_once in imports(module):
            assert not (at_once and name.split(".")[0] in HEAVY), f"{module} imports {name}"
            if at_once and name in MODULES:
                waiting.append(name)


def test_small_modules() -> None:
    longest = {module: path.read_text(encoding="utf-8").count("\n") for module, path in MODULES.items()}
    assert max(longest.values()) <= 400, max(longest, key=lambda module: longest[module])
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 100, f"{module}.{node.name}"


def test_public_names_are_sorted_and_there() -> None:
    assert list(hf_abc.__all__) == sorted(hf_abc.__all__)
    assert set(hf_abc.__all__) <= set(dir(hf_abc))
    for name in hf_abc.__all__:
        assert getattr(hf_abc, name).__name__ == name
    assert hf_abc.__version__ == "0.1.0"
    with pytest.raises(AttributeError, match="nonsense"):
        _ = hf_abc.nonsense


@pytest.mark.parametrize(
    "code",
    ["import hf_abc", "from hf_abc.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"],
    ids=["import", "help"],
)
def test_a_quick_start_that_loads_nothing_heavy(code: str) -> None:
    loaded = "{module.split('.')[0] for module in sys.modules}"
    report = f"\nimport sys; print(sorted({loaded} & {HEAVY!r}))"
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - start)
        assert done.stdout.splitlines()[-1] == "[]"
    assert min(seconds) < 0.5


def test_every_imported_package_is_declared() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    declared = {re.split(r"[^\w-]", text)[0].lower().replace("-", "_") for text in wanted}
    used = {name.split(".")[0] for module in MODULES for name, _ in imports(module)}
    foreign = {PACKAGES.get(name, name).lower() for name in used - set(sys.stdlib_module_names) - {"hf_abc"}}
    assert foreign <= declared
