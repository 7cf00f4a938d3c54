"""A recipe from YAML and the command line, and where the shipped recipes lie."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from hf_abc.errors import RecipeError

from .study import Study
from .whole import Recipe

_PACKAGE = Path(__file__).resolve().parents[1]
_RECIPE_FOLDERS = (_PACKAGE / "data" / "recipes", _PACKAGE.parent / "recipes")  # in a wheel, in a clone
_Kind = TypeVar("_Kind", Recipe, Study)


def shipped_recipes() -> dict[str, Path]:
    """The recipes of this package by name: `quickstart`, `corpora/...`."""
    for folder in _RECIPE_FOLDERS:
        if folder.is_dir():
            return {
                path.relative_to(folder).with_suffix("").as_posix(): path
                for path in sorted(folder.rglob("*.yaml"))
                if path.parent.name != "accelerate"  # configurations of a launcher
            }
    return {}


def recipe_path(name: str) -> Path:
    """Path of a shipped recipe."""
    recipes = shipped_recipes()
    if name not in recipes:
        raise RecipeError(f"there is no recipe {name}: give a YAML file or one of {', '.join(recipes)}")
    return recipes[name]


def load_recipe(path: Path | str | None, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe: defaults, then the YAML file (or the shipped recipe of that name), then the overrides.

    `overrides` are command-line words such as `--training.steps 10`. Raises RecipeError, in one sentence that
    names the key and the file.
    """
    return _load(Recipe, path, overrides)


def load_study(path: Path | str, overrides: Sequence[str] = ()) -> Study:
    """Read a scaling study as `load_recipe` reads a recipe."""
    return _load(Study, path, overrides)


def _load(kind: type[_Kind], path: Path | str | None, overrides: Sequence[str]) -> _Kind:
    import jsonargparse

    parser = jsonargparse.ArgumentParser(exit_on_error=False, add_help=False, allow_abbrev=False)
    parser.add_class_arguments(kind, as_group=False)
    config = parser.get_defaults()
    known = list(config.keys())
    where = "the defaults"
    file = None if path is None else _find(path)
    try:
        if file is not None:
            where = str(file)
            config = parser.parse_object(_read(file, known))
        if overrides:
            where = f"the command line on top of {where}"
            config = parser.parse_args(list(overrides), namespace=config)
        values = parser.instantiate(config)
        return kind(**{name: values[name] for name in kind.__dataclass_fields__})
    except RecipeError as error:
        raise RecipeError(f"{error} (in {where})") from error
    except (jsonargparse.ArgumentError, ValueError, TypeError) as error:
        raise RecipeError(f"{_sentence(str(error), known)} (in {where})") from error


def _find(path: Path | str) -> Path:
    return Path(path) if Path(path).is_file() or Path(path).suffix else recipe_path(str(path))


def _read(file: Path, known: Sequence[str]) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise RecipeError(f"the file cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise RecipeError(f"a recipe is a list of `key: value` lines, not {values!r}")
    for section in {key.split(".")[0] for key in known if "." in key}:
        if not isinstance(values.get(section, {}), dict):
            raise RecipeError(f"{section}: expected `key: value` lines below it, got {values[section]!r}")
    return values


def _sentence(message: str, known: Sequence[str]) -> str:
    """jsonargparse's message in the words of a recipe."""
    message = " ".join(message.split())
    if match := re.search(r"Group '(.+?)' does not accept option '(.+?)'", message):
        return _unknown(f"{match[1]}.{match[2]}", known)
    if match := re.search(r"Option '(.+?)' is not accepted|unrecognized arguments: -*([^ =]+)", message):
        return _unknown(match[1] or match[2], known)
    if match := re.search(r'Parser key "(.+?)": Expected an? (.+?)\. Got value: (.*)', message):
        wanted = re.sub(r"<class '(\w+)'>", r"\1", match[2]).replace("typing.Literal", "one of ")
        return f"{match[1]}: expected {wanted}, got {match[3]}"
    return message


def _unknown(key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key {key}" + (
        f": did you mean {close[0]}?" if close else f": the keys are {', '.join(known)}"
    )
