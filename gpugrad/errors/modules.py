"""What does not fit a module."""

from __future__ import annotations

from .tree import StateDictError

__all__ = ["state_dict_errors"]


def state_dict_errors(module: str, missing: list[str], unexpected: list[str],
                      others: list[str]) -> StateDictError:
    """Everything about a state_dict that does not fit a module."""
    parts = list(others)
    for keys, what in ((unexpected, "Unexpected"), (missing, "Missing")):
        if keys:
            names = ", ".join(f'"{key}"' for key in keys)
            parts.insert(0, f"{what} key(s) in state_dict: {names}. ")
    return StateDictError(
        f"Error(s) in loading state_dict for {module}:\n\t" + "\n\t".join(parts)
    )
