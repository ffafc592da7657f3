"""The exceptions; drawn as a tree in the docstring of this package.

Holds:     facts are fields; the text is made by the functions beside, one file per field.
Must not:  hold tensors or arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "CheckpointError", "DTypeError", "DeviceError", "ExpressionError", "GpugradError", "GraphError",
    "GraphFreedError", "IndexRangeError", "InplaceError", "KernelFilesError", "LinAlgError",
    "NoGradError", "OutOfMemoryError", "ShapeError", "StateDictError", "UnusedInputError",
]  # fmt: skip


class GpugradError(Exception):
    """Base of all exceptions raised by gpugrad."""


class ShapeError(GpugradError, RuntimeError):
    """Sizes that do not fit together."""


class DTypeError(GpugradError, RuntimeError):
    """A dtype an operation cannot take or produce."""


class DeviceError(GpugradError, RuntimeError):
    """Operands on different devices, or a device that cannot be used."""


class OutOfMemoryError(GpugradError, RuntimeError, MemoryError):
    """A device has no room for an allocation. All fields are bytes, but for ``device``."""

    device: str = ""
    requested: int = 0
    free: int = 0
    total: int = 0
    used: int = 0
    cached: int = 0


class LinAlgError(GpugradError, RuntimeError):
    """A matrix that has no inverse or no such decomposition."""


class GraphError(GpugradError, RuntimeError):
    """Something a graph cannot do."""


class CheckpointError(GraphError):
    """The second run of a checkpointed function differs from the first."""


class GraphFreedError(GraphError):
    """A backward pass reached a node whose saved values had been released.

    node, where, module, step            the node, and the line that recorded it
    freed_by, freed_where, freed_step    the call that released it
    freed_bytes                          what that released, so what retain_graph=True would keep
    root, root_where, root_step          where the failing pass began
    first_root                           where the pass that released the node began
    variable, variable_where             through what the node was reached again
    situation, cause, fix, alternative   see NOTE [second backward] in graph/explain.py
    note                                 what else to know of this node
    """

    node: str = ""
    where: str = ""
    module: str = ""
    step: int = 0
    freed_by: str = ""
    freed_where: str = ""
    freed_step: int = 0
    freed_bytes: int = 0
    root: str = ""
    root_where: str = ""
    root_step: int = 0
    first_root: str = ""
    variable: str | None = None
    variable_where: str = ""
    variable_is_tuple: bool = False
    owner: str = ""
    holder: str = ""
    initialiser: str = ""
    leaves: Sequence[str] = ()
    situation: str = ""
    cause: str = ""
    fix: str = ""
    alternative: str = ""
    note: str = ""


class InplaceError(GraphError):
    """A value that backward needs, or a leaf, was changed in place."""


class NoGradError(GraphError):
    """Nothing on the path to this tensor requires a gradient."""


class UnusedInputError(GraphError):
    """A gradient was asked for with respect to a tensor that was not used."""


class KernelFilesError(GpugradError, FileNotFoundError):
    """The installation lacks the CUDA texts that ship with gpugrad."""


class ExpressionError(GpugradError, TypeError):
    """Something a fused function cannot say about single elements."""


class StateDictError(GpugradError, RuntimeError):
    """A state_dict that does not fit its module."""


class IndexRangeError(GpugradError, IndexError):
    """An index or a dimension outside its range."""
