"""A Space: the page of a model as a folder that runs as it stands, here (`python app.py`) as on the Hub.

It holds this package's source (which is on no index), the model, and what the copying check needs; its
requirements are pinned to the versions that are installed here.
"""

import importlib.metadata
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from hf_abc.corpora.split import SIDES
from hf_abc.errors import InputError, MissingPackageError
from hf_abc.hub.inspection import inspect
from hf_abc.hub.parcel import Parcel

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_APP = '''"""The page of a model: `pip install -r requirements.txt`, then `python app.py`."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from pathlib import Path  # noqa: E402

from hf_abc.hub.demo import demo, serve  # noqa: E402

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"

if __name__ == "__main__":
    host = "0.0.0.0" if "SPACE_ID" in os.environ else None  # on the Hub, visitors come from outside
    serve(demo(HERE / "model", CORPUS if CORPUS.is_dir() else None), host=host)
'''
_NOT_SENT = ("__pycache__", "model", "py.typed")
_OF_THE_MODEL = re.compile(r"[^/]+\.(?:json|safetensors|py|yaml)")


def space_parcel(run: Path, model: Parcel, repo_id: str, corpus: Path | None = None) -> Parcel:
    """The Space of a model that may be published (`model` is its parcel).

    With a corpus folder its train side goes along, for the copying check. Raises InputError for a corpus
    without one, MissingPackageError where Gradio, whose version the Space names, is not installed.
    """
    contents: dict[str, Path | bytes] = {
        f"model/{name}": content for name, content in model.files.items() if _OF_THE_MODEL.fullmatch(name)
    }
    if corpus is not None:
        train = corpus / f"{SIDES[0]}.parquet"
        if not train.is_file():
            raise InputError(f"{train} is missing: name the corpus folder of the model's training")
        contents[f"corpus/{train.name}"] = train
    contents["README.md"] = _readme(repo_id, model).encode()
    inspect(contents)
    contents["app.py"] = _APP.encode()
    contents["requirements.txt"] = _requirements().encode()
    contents |= {f"hf_abc/{name}": data for name, data in _source(files("hf_abc"))}
    if licence := importlib.metadata.distribution("hf-abc").read_text("licenses/LICENSE"):
        contents["LICENSE"] = licence.encode()
    return Parcel("space", contents, "app.py")


def _readme(repo_id: str, model: Parcel) -> str:
    from huggingface_hub import ModelCard, SpaceCardData

    card = model.files["README.md"]
    data = ModelCard((card if isinstance(card, bytes) else card.read_bytes()).decode()).data.to_dict()
    licence = data.get("license", "unknown")
    head = SpaceCardData(
        title=f"Tunes by {data['model-index'][0]['name']}",
        sdk="gradio",
        sdk_version=_version("gradio"),
        python_version="3.11",
        app_file="app.py",
        license=None if licence == "unknown" else licence,
        tags=["abc-notation", "music"],
    )
    return (
        f"---\n{head.to_yaml()}\n---\n\n# {repo_id}\n\nA page on which a language model writes tunes in ABC "
        "notation. Its card, with sources, licences and measures, is the README of the model.\n\n"
        "```sh\npip install -r requirements.txt\npython app.py\n```\n"
    )


def _requirements() -> str:
    """Every package that this one needs, and Gradio, at the versions of this environment."""
    wanted = importlib.metadata.requires("hf-abc") or []
    names = [re.match(r"[\w.-]+", line)[0] for line in wanted if "extra ==" not in line]  # type: ignore[index]
    return "".join(f"{name}=={_version(name)}\n" for name in sorted({*names, "gradio"}, key=str.lower))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package).partition("+")[0]
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPackageError(package, "demo" if package == "gradio" else "") from error


def _source(folder: "Traversable", below: str = "") -> list[tuple[str, bytes]]:
    """The files of the package, without its own model."""
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name in _NOT_SENT:
            continue
        if entry.is_dir():
            found += _source(entry, f"{below}{entry.name}/")
        else:
            found.append((f"{below}{entry.name}", entry.read_bytes()))
    return found
