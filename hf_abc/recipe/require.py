"""How a dataclass of a recipe refuses an impossible value."""

from typing import Any

from hf_abc.errors import RecipeError


def require(condition: bool, key: str, value: Any, advice: str) -> None:
    """Raise RecipeError, which names the key, unless the condition holds."""
    if not condition:
        raise RecipeError(f"{key}: {value!r} is not possible: {advice}")
