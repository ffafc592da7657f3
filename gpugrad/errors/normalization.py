"""What inputs of normalizations can be wrong in: shapes, groups, too few values."""

from __future__ import annotations

from .text import facts
from .tree import ShapeError

__all__ = [
    "affine_mismatch", "empty_normalized_shape", "groups_do_not_divide",
    "normalized_shape_mismatch", "not_one_per_channel", "one_value_per_channel", "too_few_dims",
]  # fmt: skip


def empty_normalized_shape() -> ShapeError:
    """A normalization over no dimension."""
    return ShapeError(
        "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
        "element, but got normalized_shape = []"
    )


def normalized_shape_mismatch(wanted: tuple[int, ...], star: str, got: tuple[int, ...]
                              ) -> ShapeError:
    """An input whose last dimensions are not those to normalize over."""
    return ShapeError(
        f"Given normalized_shape={list(wanted)}, expected input with shape "
        f"[{star}{str(list(wanted))[1:]}, but got input of size{list(got)}"
    )


def affine_mismatch(name: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> ShapeError:
    """A weight or bias whose shape is not the normalized one."""
    return ShapeError(
        f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
        f"{list(got)} and normalized_shape = {list(wanted)}"
    )


def groups_do_not_divide(shape: tuple[int, ...], groups: int) -> ShapeError:
    """Channels that cannot be split into so many groups."""
    return ShapeError(
        "Expected number of channels in input to be divisible by num_groups, but got input of "
        f"shape {list(shape)} and num_groups={groups}"
    )


def not_one_per_channel(name: str, got: tuple[int, ...], shape: tuple[int, ...]) -> ShapeError:
    """A weight or bias that is no vector over the channels."""
    return ShapeError(
        f"Expected {name} to be a vector of size equal to the number of channels in input, but "
        f"got {name} of shape {list(got)} and input of shape {list(shape)}"
    )


def one_value_per_channel(sizes: object) -> ValueError:
    """Statistics of single values."""
    shown = list(sizes) if isinstance(sizes, tuple) else sizes
    return ValueError(
        f"Expected more than 1 value per channel when training, got input size {shown}"
    )


def too_few_dims(name: str, got: int) -> ShapeError:
    """An input without the dimensions of batch and channels."""
    return ShapeError(facts(
        f"Expected at least 2 dimensions for input tensor but received {got}", ("op", name),
    ))
