"""Every error of the package is one of the tree, and speaks in one line."""

import inspect

from hf_abc import errors


def test_every_error_is_an_hf_abc_error() -> None:
    classes = [value for _, value in inspect.getmembers(errors, inspect.isclass)]
    assert len(classes) == 7
    assert all(issubclass(value, errors.HfAbcError) and value.__doc__ for value in classes)


def test_missing_package_says_what_to_type() -> None:
    assert str(errors.MissingPackageError("gradio", "demo")).count("pip install 'hf-abc[demo]'") == 1
    assert "pip install symusic" in str(errors.MissingPackageError("symusic"))
    assert "\n" not in str(errors.MissingPackageError("gradio", "demo"))
