"""Every exception gpugrad raises, and every sentence in it.

    GpugradError
    ├── ShapeError         (RuntimeError)   sizes that do not fit together
    ├── DTypeError         (RuntimeError)   a dtype an operation cannot take
    ├── DeviceError        (RuntimeError)   operands on different devices, or a missing device
    ├── OutOfMemoryError   (RuntimeError, MemoryError)
    ├── IndexRangeError    (IndexError)     an index, or a class, outside what it counts
    ├── KernelFilesError   (FileNotFoundError)  an installation without its CUDA texts
    └── GraphError         (RuntimeError)   what a graph cannot do
        ├── GraphFreedError      a second backward through released nodes
        ├── InplaceError         a saved value, or a leaf, was written to
        ├── NoGradError          nothing to differentiate
        └── UnusedInputError     an input the result does not depend on

Holds:     the first line keeps the phrase PyTorch users search for; the facts follow, one per line,
           and are fields of the exception too.
Must not:  import any other room, hold tensors or arrays, or print values.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

__all__ = [
    "DTypeError",
    "DeviceError",
    "GpugradError",
    "GraphError",
    "GraphFreedError",
    "IndexRangeError",
    "InplaceError",
    "KernelFilesError",
    "NoGradError",
    "OutOfMemoryError",
    "ShapeError",
    "UnusedInputError",
    "facts",
    "format_bytes",
]


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


class GraphError(GpugradError, RuntimeError):
    """Something a graph cannot do."""


class GraphFreedError(GraphError):
    """A backward pass reached a node whose saved values had been released.

    node, where, module, step            the node, and the line that recorded it
    freed_by, freed_where, freed_step    the call that released it
    freed_bytes                          what that released, so what retain_graph=True would keep
    root, root_where, root_step          where the failing pass began
    first_root                           where the pass that released the node began
    variable, variable_where             through what the node was reached again
    situation, cause, fix, alternative   see NOTE [second backward] in graph/explain.py
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


class InplaceError(GraphError):
    """A value that backward needs, or a leaf, was changed in place."""


class NoGradError(GraphError):
    """Nothing on the path to this tensor requires a gradient."""


class UnusedInputError(GraphError):
    """A gradient was asked for with respect to a tensor that was not used."""


def facts(first: str, *rows: tuple[str, object]) -> str:
    """The first line, then one indented line per named fact; empty facts are left out."""
    shown = [(name, str(value)) for name, value in rows if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join([first, *(f"  {name:<{width}}  {value}" for name, value in shown)])


def format_bytes(count: float) -> str:
    """Bytes as people read them: ``512 B``, ``84.2 MiB``."""
    if abs(count) < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if abs(count) < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"


# ------------------------------------------------------------------------------- shapes and dtypes
def operand(name: str, shape: tuple[int, ...], dtype: object, device: object) -> tuple[str, str]:
    """A row for one operand: name, shape, dtype and device."""
    return name, f"{tuple(shape)!s:<14} {dtype}  {device}"


def broadcast_mismatch(op: str, a: tuple[int, ...], b: tuple[int, ...], *rows: tuple[str, str],
                       where: str = "") -> ShapeError:
    """Two shapes that do not broadcast."""
    pairs = zip(reversed(a), reversed(b), strict=False)
    bad = next(i for i, (m, n) in enumerate(pairs) if m != n and 1 not in (m, n))
    dim = max(len(a), len(b)) - 1 - bad
    first = (
        f"The size of tensor a ({a[-1 - bad]}) must match the size of tensor b ({b[-1 - bad]}) "
        f"at non-singleton dimension {dim}"
    )
    return ShapeError(facts(first, ("op", op), *rows, ("line", where)))


def matmul_mismatch(a: tuple[int, ...], b: tuple[int, ...], where: str = "") -> ShapeError:
    """Inner sizes of a matrix product that differ."""
    if len(a) == 2 and len(b) == 2:
        first = f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})"
    else:
        first = f"matmul: shapes {a} and {b} cannot be multiplied"
    inner = b[-2] if len(b) > 1 else b[-1]
    need = f"input.shape[-1] == other.shape[{-2 if len(b) > 1 else -1}], here {a[-1]} and {inner}"
    return ShapeError(facts(first, ("input", a), ("other", b), ("need", need), ("line", where)))


def different_devices(op: str, devices: list[str], where: str = "") -> DeviceError:
    """Operands that live on different devices."""
    first = "Expected all tensors to be on the same device, but found at least two devices, "
    first += " and ".join(dict.fromkeys(devices)) + "!"
    fix = "move one of them with .to(device)"
    return DeviceError(facts(first, ("op", op), ("line", where), ("fix", fix)))


def cuda_missing(reason: str) -> DeviceError:
    """CUDA was asked for where it cannot be used."""
    return DeviceError(facts(
        "CUDA is not available to gpugrad",
        ("why", reason),
        ("install", "pip install 'gpugrad[cuda13]' for a CUDA 13 driver, "
                    "'gpugrad[cuda12]' for CUDA 12 (see the first lines of nvidia-smi)"),
        ("or", "run on the CPU: device='cpu', or GPUGRAD_DEVICE=cpu"),
    ))


# ------------------------------------------------------------------------------------------- graphs
def no_grad_root(index: int, why: str = "", where: str = "") -> NoGradError:
    """backward() from a tensor that has no graph."""
    first = f"element {index} of tensors does not require grad and does not have a grad_fn"
    return NoGradError(facts(first, ("why", why), ("line", where)))


def implicit_seed(shape: tuple[int, ...], where: str = "") -> GraphError:
    """A root with several elements and no ``gradient``."""
    first = "grad can be implicitly created only for scalar outputs"
    return GraphError(facts(
        first, ("root", f"shape {shape}"), ("line", where),
        ("fix", "reduce it with .sum() or .mean(), or pass gradient= of the root's shape"),
    ))


def seed_shape(index: int, seed: tuple[int, ...], root: tuple[int, ...]) -> ShapeError:
    """A seed whose shape is not the root's."""
    return ShapeError(
        f"Mismatch in shape: grad_output[{index}] has a shape of {seed} and "
        f"output[{index}] has a shape of {root}."
    )


def not_required(where: str = "") -> NoGradError:
    """A gradient asked for with respect to a tensor that requires none."""
    return NoGradError(facts(
        "One of the differentiated Tensors does not require grad",
        ("line", where), ("fix", "call requires_grad_() on it before the forward pass"),
    ))


def unused_input(index: int) -> UnusedInputError:
    """A gradient asked for with respect to a tensor that the root does not depend on."""
    return UnusedInputError(
        f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
        "Set allow_unused=True if this is the desired behavior."
    )


def leaf_inplace(view: bool, where: str = "") -> InplaceError:
    """An in-place operation on a leaf that requires grad, or on a view of one."""
    what = "a view of a leaf Variable" if view else "a leaf Variable"
    first = f"{what} that requires grad is being used in an in-place operation."
    fix = "do it under gpugrad.no_grad(), or out of place"
    return InplaceError(facts(first, ("line", where), ("fix", fix)))


def view_inplace(where: str = "") -> InplaceError:
    """A write through a view, of something that a graph follows."""
    return InplaceError(facts(
        "a view is being modified inplace where gradients are recorded",
        ("line", where),
        ("fix", "index the base itself, base[...] = value, or work on a .clone()"),
    ))


def modified_inplace(node: str, slot: str, shape: object, saved_at: str, written_at: str,
                     version: int, expected: int) -> InplaceError:
    """A saved value was written to after it had been saved."""
    first = (
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: {shape} is at version {version}; expected version {expected} instead."
    )
    return InplaceError(facts(
        first,
        ("saved", f"by {node} as '{slot}', recorded at {saved_at}"),
        ("written", f"at {written_at}" if written_at else "by a later in-place operation"),
        ("fix", "write it out of place, or .clone() it before writing"),
    ))


# ------------------------------------------------------------------------------------ installation
class KernelFilesError(GpugradError, FileNotFoundError):
    """The installation lacks the CUDA texts that ship with gpugrad."""


def kernel_files_missing(places: list[str]) -> KernelFilesError:
    """No directory with the CUDA texts was found."""
    rows = [("looked in", place) for place in places]
    fix = "install gpugrad again, or keep kernels/ beside the package in a checkout"
    return KernelFilesError(facts("gpugrad's kernel files are missing", *rows, ("fix", fix)))


# -------------------------------------------------------------------------------------- expressions
class ExpressionError(GpugradError, TypeError):
    """Something a fused function cannot say about single elements."""


def expression_has_no_truth(text: str) -> ExpressionError:
    """A condition on elements was used as a Python truth value."""
    return ExpressionError(facts(
        "a fused function cannot branch on its elements: their values are not known yet",
        ("condition", text),
        ("fix", "choose per element with where(condition, a, b); use & | ~ for and, or, not"),
    ))


def not_an_operand(kind: str) -> ExpressionError:
    """A value that cannot be part of an expression."""
    return ExpressionError(facts(
        f"an expression cannot hold a {kind}",
        ("need", "expressions, numbers and truth values"),
        ("fix", "make it a positional parameter of the fused function"),
    ))


def wrong_operand_count(name: str, need: int, got: int) -> ExpressionError:
    """A scalar function called with too few or too many operands."""
    return ExpressionError(f"{name} takes {need} operand{'s' if need != 1 else ''}, got {got}")


def no_derivative(name: str, operand: int) -> ExpressionError:
    """A scalar function that has no derivative in one of its operands."""
    return ExpressionError(facts(
        f"{name} has no derivative in its operand {operand}",
        ("fix", "detach that operand, or use a function that can be differentiated"),
    ))


def untraceable(name: str, why: str) -> ExpressionError:
    """A Python function that cannot be turned into a fused one."""
    return ExpressionError(facts(f"{name} cannot be fused", ("why", why)))


# ------------------------------------------------------------------------------- classes and rows
def class_out_of_range(target: int, classes: int) -> IndexRangeError:
    """A target that names no class."""
    return IndexRangeError(facts(
        f"Target {target} is out of bounds.",
        ("need", f"0 <= target < {classes}, the number of classes, or target == ignore_index"),
    ))


def row_out_of_range(index: int, rows: int) -> IndexRangeError:
    """An index that names no row of a table."""
    return IndexRangeError(facts(
        "index out of range in self",
        ("index", index), ("need", f"0 <= index < {rows}, the number of rows"),
    ))


# ------------------------------------------------------------------------------------ device memory
def out_of_memory(device: str, requested: int, free: int, total: int, used: int,
                  cached: int) -> OutOfMemoryError:
    """An allocation that found no room; the numbers are fields of the exception as well."""
    error = OutOfMemoryError(facts(
        f"CUDA out of memory. Tried to allocate {format_bytes(requested)}.",
        ("device", f"{device}, {format_bytes(total)} in all, {format_bytes(free)} free"),
        ("gpugrad", f"{format_bytes(used)} in live arrays, {format_bytes(cached)} cached"),
        ("fix", "release graphs that are kept (gpugrad.memory.graphs()), use smaller batches, "
                "or checkpoint"),
    ))
    error.device, error.requested, error.free = device, requested, free
    error.total, error.used, error.cached = total, used, cached
    return error


def no_such_attribute(name: str, given: str, known: tuple[str, ...]) -> ExpressionError:
    """A fused function called inside another one with a keyword argument it does not have."""
    has = ", ".join(known) or "none"
    return ExpressionError(facts(f"{name} has no keyword argument {given!r}", ("has", has)))


# ------------------------------------------------------------------------------ modules, optimizers
class StateDictError(GpugradError, RuntimeError):
    """A state_dict that does not fit its module."""


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


# --------------------------------------------------------------------------------------- dimensions
class IndexRangeError(GpugradError, IndexError):
    """An index or a dimension outside its range."""


def dim_out_of_range(dim: int, count: int) -> IndexRangeError:
    """A dimension that the tensor does not have."""
    return IndexRangeError(
        f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], "
        f"but got {dim})"
    )


# -------------------------------------------------------------------------------- second backward
def graph_freed(error: GraphFreedError) -> GraphFreedError:
    """The exception again, with cause, fix and message built from its other fields."""
    first = (
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed)."
    )
    if error.situation:
        words = _words(error)
        why = [sentence.format(**words) for sentence in _WHY[error.situation]]
        error.cause, error.fix, error.alternative = why
    released = f"which released {format_bytes(error.freed_bytes)}"
    steps = error.step or error.freed_step or error.root_step  # else nobody counts them
    step, freed_step = (error.step, error.freed_step) if steps else (None, None)
    freed = f"by {error.freed_by} at {_at(error.freed_where, '', freed_step)}, {released}"
    rows = (
        ("node", f"{error.node}, recorded at {_at(error.where, error.module, step)}"),
        ("freed", freed if error.freed_by else ""),
        ("reached", _reached(error, error.root_step if steps else None)),
        ("cause", error.cause),
        ("fix", error.fix),
        ("or", error.alternative),
    )
    error.args = (facts(first, *((name, _wrapped(text)) for name, text in rows)),)
    return error


def _wrapped(text: str) -> str:
    """``text`` in lines that fit beside the names of the rows."""
    return textwrap.fill(text, 88, subsequent_indent=" " * 11, break_long_words=False)


def _at(where: str, module: str, step: int | None) -> str:
    """A line with the module and the step, where there are any."""
    parts = [f"module {module}" if module else "", "" if step is None else f"step {step}"]
    inside = ", ".join(part for part in parts if part)
    return f"{where} ({inside})" if inside else where


def _reached(error: GraphFreedError, step: int | None) -> str:
    """From which root the node was reached, and through what."""
    if not error.root_where:
        return ""
    start = f"from {error.root or 'a tensor'}, {_at(error.root_where, '', step)}"
    if not error.variable or error.variable == error.root:
        return start
    of = f" of {error.owner}" if error.owner else ""
    known_as = f", which is {error.holder} here" if error.holder else ""
    return f"{start}, through {error.variable}{of}, {error.variable_where}{known_as}"


_WHY = {  # situation: cause, fix, alternative
    "same": (
        "{loss} was run backward before, and that released what its graph had saved",
        "pass retain_graph=True there ({keeps} alive), or compute {loss} again",
        "",
    ),
    "shared": (
        "{loss} and {first} share {part}; the first backward released what they share",
        "pass retain_graph=True there ({keeps} alive)",
        "run one backward of the sum: {sum}",
    ),
    "reused": (
        "{loss} was computed from {value} after the backward of {first} had released its graph",
        "pass retain_graph=True there ({keeps} alive)",
        "run one backward of the sum: {sum}; or give {value}.detach() to the loss that need not "
        "train what made {value}",
    ),
    "data": (
        "{value} was computed only once, from {leaves}: data (no Parameter) that requires grad, so "
        "every backward runs through the graph of {value}",
        "make {data} with requires_grad=False, or write {value} = {value}.detach() once",
        "pass retain_graph=True there ({keeps} alive)",
    ),
    "carried": (
        "{value} brings the graph of an earlier step into this one, and that was released",
        "at the start of each step write {value} = {detached}, or {anew}",
        "pass retain_graph=True there ({keeps} more alive every step)",
    ),
    "stale": (
        "{value} was computed only once and is used again after its graph was released",
        "compute {value} again before each backward, or write {value} = {detached} if what made it "
        "need not be trained",
        "pass retain_graph=True there ({keeps} alive)",
    ),
    "released": (
        "release_graph() has let go of this graph",
        "call release_graph() after the last backward, or compute the loss again",
        "",
    ),
}  # fmt: skip


def _words(e: GraphFreedError) -> dict[str, str]:
    """What the sentences of ``_WHY`` speak of."""
    loss, first, value = e.root or "this loss", e.first_root or "another loss", e.variable or "it"
    return {
        "loss": loss,
        "first": first,
        "value": value,
        "part": "part of their graph" if e.variable in (None, e.root) else value,
        "sum": f"({first} + {loss}).backward()" if e.root and e.first_root else "loss + other loss",
        "keeps": f"it would keep {format_bytes(e.freed_bytes)}",
        "leaves": ", ".join(e.leaves) or "a tensor",
        "data": e.leaves[0] if len(e.leaves) == 1 else "that data",
        "detached": f"tuple(t.detach() for t in {value})" if e.variable_is_tuple
                    else f"{value}.detach()",
        "anew": f"{value} = {e.initialiser}" if e.initialiser else f"make {value} anew",
    }


# ------------------------------------------------------------------------------- softmax and losses
def not_floating(name: str, got: object) -> DTypeError:
    """An operation on real numbers was given integers."""
    return DTypeError(facts(
        f"{name}(): not implemented for {got}", ("fix", "convert first: input.float()"),
    ))


def bad_reduction(reduction: object) -> ValueError:
    """A reduction that is not mean, sum or none."""
    return ValueError(f"{reduction} is not a valid value for reduction")


def batch_mismatch(batch: int, targets: int) -> ValueError:
    """A loss with a different number of inputs and targets."""
    return ValueError(
        f"Expected input batch_size ({batch}) to match target batch_size ({targets})."
    )


def target_mismatch(name: str, input: object, target: object, need: object) -> ShapeError:
    """Targets whose shape does not belong to the input's."""
    return ShapeError(facts(
        f"{name}: size mismatch (got input: {input}, target: {target})", ("need", f"target {need}"),
    ))


def class_weight_mismatch(classes: int, shape: object) -> ShapeError:
    """Class weights that are not one per class."""
    return ShapeError(
        f"weight tensor should be defined either for all {classes} classes or no classes but got "
        f"weight tensor of shape: {shape}"
    )


def bad_target_dtype(name: str, got: object, wanted: str) -> DTypeError:
    """Targets of a dtype the loss cannot use."""
    return DTypeError(facts(
        f"{name}: expected scalar type Long but found {got}",
        ("need", wanted), ("fix", "target.long()"),
    ))


def bad_label_smoothing(got: float) -> RuntimeError:
    """A label smoothing outside 0..1."""
    return RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {got}")


def bad_choice(name: str, argument: str, got: object, choices: tuple[str, ...]) -> ValueError:
    """An argument that has to be one of a few words."""
    known = ", ".join(map(repr, choices))
    return ValueError(facts(f"{name}: {argument} is {got!r}", ("need", f"one of {known}")))


def clamp_without_bounds() -> RuntimeError:
    """clamp() called with neither bound."""
    return RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")


def size_mismatch(name: str, size: object, other: str, expected: object) -> ValueError:
    """Two arguments of a loss that should have one size."""
    return ValueError(
        f"Using a {name} size ({size}) that is different to the {other} size ({expected}) is "
        f"deprecated. {name.title()} size must be the same as {other} size."
    )


def not_integral(name: str, got: object) -> DTypeError:
    """An operation on bits was given real numbers."""
    return DTypeError(facts(
        f"{name}(): not implemented for {got}", ("need", "integers or booleans"),
    ))


# ------------------------------------------------------------------------------------------ indices
def gather_mismatch(input: tuple[int, ...], index: tuple[int, ...], dim: int) -> ShapeError:
    """An index for ``gather`` that reaches beyond its input, or has another number of dimensions."""
    if len(input) != len(index):
        return ShapeError(facts(
            "Index tensor must have the same number of dimensions as input tensor",
            ("input", input), ("index", index),
        ))
    return ShapeError(
        f"Size does not match at dimension {dim}: expected index {list(index)} to be no larger "
        f"than self {list(input)} apart from dimension {dim}"
    )
