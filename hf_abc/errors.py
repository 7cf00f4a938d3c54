"""The errors that a user is meant to read.

Every one of them is raised with a single sentence that says what is wrong, where (the file or the value), and
what to do; `hf-abc` prints that sentence on stderr and exits with status 1. Anything else that escapes is a
bug of this package and keeps its traceback.

    HfAbcError
    ├── RecipeError           a recipe has an unknown key, a wrong type or cannot be read
    ├── InputError            a file, a tune or a value given to us cannot be used
    ├── OutputError           the place to write to is not writable, is full, or holds something else
    ├── MissingPackageError   an optional package is not installed
    ├── ToolError             an outside program could not be started or failed
    └── LicenceError          a licence forbids what was asked for
"""


class HfAbcError(Exception):
    """Base class: `except HfAbcError as error: print(error)` shows the user all there is to know."""


class RecipeError(HfAbcError):
    """A recipe has an unknown key, a value of the wrong type or range, or its file cannot be read."""


class InputError(HfAbcError):
    """A file, a tune or a value handed to us cannot be used."""


class OutputError(HfAbcError):
    """The place to write to is not writable, is full, or holds something that must not be overwritten."""


class MissingPackageError(HfAbcError):
    """A package that this feature needs is not installed.

    `extra` names the extra of hf-abc that brings it; without one, the package itself is what to install.
    """

    def __init__(self, package: str, extra: str = "") -> None:
        wanted = f"'hf-abc[{extra}]'" if extra else package
        super().__init__(f"the package {package} is not installed: type `pip install {wanted}` and try again")
        self.package = package
        self.extra = extra


class ToolError(HfAbcError):
    """An outside program could not be started, or failed in a way that leaves nothing to go on with."""


class LicenceError(HfAbcError):
    """A licence forbids what was asked for."""
