"""What indices can be wrong in: keys between brackets, values that do not fit, positions."""

from __future__ import annotations

from .operands import TORCH_NAMES
from .text import facts
from .tree import DTypeError, IndexRangeError, ShapeError

__all__ = [
    "bad_index_dtype", "bad_index_tensor", "bad_key", "bad_scatter_reduction", "cannot_assign",
    "entry_out_of_range", "index_count_mismatch", "index_outside", "index_put_dtypes",
    "indices_do_not_broadcast",
    "mask_mismatch", "mask_not_boolean", "no_dimension_to_index", "not_a_vector",
    "position_outside", "scatter_dtypes", "scatter_mismatch", "slice_mismatch",
    "too_many_indices", "value_mismatch", "value_not_a_number",
]  # fmt: skip


# --------------------------------------------------------------------------------- between brackets
def bad_key(part: object) -> IndexRangeError:
    """Something between brackets that is no index."""
    return IndexRangeError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        f"indices (got {type(part).__name__})"
    )


def bad_index_tensor(got: str) -> IndexRangeError:
    """An index tensor of a dtype that counts nothing."""
    return IndexRangeError(
        f"tensors used as indices must be long, int, byte or bool tensors, not {got}"
    )


def no_dimension_to_index(slices: bool, where: str) -> IndexRangeError:
    """A number or a slice for a tensor without dimensions."""
    if slices:
        return IndexRangeError(f"slice() cannot be applied to a 0-dim tensor. ({where})")
    return IndexRangeError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in "
        f"C++ to convert a 0-dim tensor to a number ({where})"
    )


def too_many_indices(dimensions: int, where: str) -> IndexRangeError:
    """More indices than there are dimensions."""
    return IndexRangeError(f"too many indices for tensor of dimension {dimensions} ({where})")


def mask_mismatch(mask: list[int], place: int, shape: list[int], dim: int,
                  where: str) -> IndexRangeError:  # fmt: skip
    """A mask of another shape than what it masks."""
    return IndexRangeError(
        f"The shape of the mask {mask} at index {place} does not match the shape of the indexed "
        f"tensor {shape} at index {dim} ({where})"
    )


def indices_do_not_broadcast(shapes: list[list[int]], where: str) -> IndexRangeError:
    """Index tensors beside each other whose shapes do not broadcast."""
    return IndexRangeError(
        "shape mismatch: indexing tensors could not be broadcast together with shapes "
        f"{', '.join(map(str, shapes))} ({where})"
    )


# ---------------------------------------------------------------------------------- values written
def value_mismatch(value: list[int], region: list[int], picked: bool) -> ShapeError:
    """A value that does not broadcast to the region it is written to."""
    if picked:
        return ShapeError(
            f"shape mismatch: value tensor of shape {value} cannot be broadcast to indexing result "
            f"of shape {region}"
        )
    extra = len(value) - len(region)
    if extra > 0:
        return ShapeError(
            f"expand({value}, size={region}): the number of sizes provided ({len(region)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(value)})"
        )
    pairs = zip(reversed(value), reversed(region), strict=False)
    back = next(i for i, (m, n) in enumerate(pairs) if m not in (1, n))
    return ShapeError(
        f"The expanded size of the tensor ({region[-1 - back]}) must match the existing size "
        f"({value[-1 - back]}) at non-singleton dimension {len(region) - 1 - back}.  "
        f"Target sizes: {region}.  Tensor sizes: {value}"
    )


def cannot_assign(value: object, target: str) -> TypeError:
    """Something assigned to a tensor that holds no numbers."""
    name = type(value).__name__
    return TypeError(f"can't assign a {name} to a {TORCH_NAMES[target]}Tensor")


def index_put_dtypes(target: str, value: str) -> DTypeError:
    """A value of another dtype written at index tensors."""
    return DTypeError(facts(
        "Index put requires the source and destination dtypes match, got "
        f"{TORCH_NAMES[target]} for the destination and {TORCH_NAMES[value]} for the source.",
        ("fix", f"value.to(gpugrad.{target})"),
    ))


def mask_not_boolean(name: str, got: str) -> DTypeError:
    """A mask that is not boolean."""
    if name == "masked_select":
        return DTypeError("masked_select: expected BoolTensor for mask")
    if name == "where":
        return DTypeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{TORCH_NAMES[got]}"
        )
    return DTypeError(f"{name}_ only supports boolean masks, but got mask with dtype {got}")


def value_not_a_number(name: str, dimensions: int) -> ShapeError:
    """A value with dimensions where a number is wanted."""
    return ShapeError(
        f"{name}_ only supports a 0-dimensional value tensor, but got tensor with {dimensions} "
        "dimension(s)."
    )


# -------------------------------------------------------------------------------- along a dimension
def bad_index_dtype(name: str, got: str) -> Exception:
    """An index tensor of a dtype that the operation does not take."""
    shown = TORCH_NAMES[got]
    if name == "index_fill_":
        return IndexRangeError("index_fill_(): Expected dtype int64 for index.")
    if name in ("take", "put_", "index_copy_"):
        return DTypeError(f"{name}(): Expected a long tensor for index, but got {shown}")
    if name == "index_select":
        return DTypeError("index_select(): Expected dtype int32 or int64 for index")
    return DTypeError(f"{name}(): Expected dtype int32/int64 for index but got: {shown}")


def not_a_vector(name: str, shape: list[int]) -> Exception:
    """An index with several dimensions where a list of numbers is wanted."""
    if name == "index_fill_":
        return ShapeError("Index has to be a vector/scalar")
    if name == "index_copy_":
        return IndexRangeError(
            f"index_copy_(): Index should have dimension 1 or 0 (got {len(shape)})"
        )
    return IndexRangeError(
        f"{name}(): Index is supposed to be a vector, but got dim: {len(shape)} and size: {shape}"
    )


def index_outside(name: str, index: int, dim: int, size: int) -> Exception:
    """An index outside the dimension it counts. (PyTorch: not always an IndexError.)"""
    text = f"index {index} is out of bounds for dimension {dim} with size {size}"
    if name == "index_reduce_":
        return IndexRangeError(facts("index out of range in self", ("index", index)))
    if name in ("index_copy_", "index_fill_"):
        return IndexRangeError(f"{name}(): {text}" if name == "index_copy_" else text)
    return ShapeError(facts(text, ("need", f"0 <= index < {size}")))


def entry_out_of_range(index: int, size: int) -> ShapeError:
    """An index for ``index_select`` where PyTorch has no IndexError: dimension 1, and no elements.
    """
    return ShapeError(f"INDICES element is out of DATA bounds, id={index} axis_dim={size}")


def position_outside(index: int, count: int) -> IndexRangeError:
    """A position in the flattened tensor that it does not have."""
    if not count:
        return IndexRangeError("take(): tried to take from an empty tensor")
    return IndexRangeError(
        f"out of range: tried to access index {index} on a tensor of {count} elements."
    )


def scatter_dtypes(name: str, target: str, source: str) -> DTypeError:
    """A source of another dtype than what it is written into."""
    if name == "scatter":
        first = "scatter(): Expected self.dtype to be equal to src.dtype"
    elif name == "masked_scatter":
        first = ("masked_scatter: expected self and source to have same dtypes but got "
                 f"{TORCH_NAMES[target]} and {TORCH_NAMES[source]}")  # fmt: skip
    elif name in ("index_copy_", "put_"):
        first = (f"{name}(): self and source expected to have the same dtype, but got (self) "
                 f"{TORCH_NAMES[target]} and (source) {TORCH_NAMES[source]}")  # fmt: skip
    else:
        first = (f"{name}(): self ({TORCH_NAMES[target]}) and source ({TORCH_NAMES[source]}) must "
                 "have the same scalar type")  # fmt: skip
    return DTypeError(facts(first, ("input", target), ("source", source)))


def scatter_mismatch(input: list[int], index: list[int], source: list[int] | None,
                     dim: int) -> ShapeError:  # fmt: skip
    """An index beyond its source, or beyond its target in other dimensions."""
    for name, shape in (("self", input), ("src", source)):
        if shape is not None and len(shape) != len(index):
            return ShapeError(facts(
                f"Index tensor must have the same number of dimensions as {name} tensor",
                (name, shape), ("index", index),
            ))
    beside = "" if source is None else f" and to be no larger size than src {source}"
    return ShapeError(
        f"Expected index {index} to be no larger than self {input} apart from dimension {dim}"
        f"{beside}"
    )


def index_count_mismatch(name: str, indices: int, size: int, dim: int) -> Exception:
    """A source with another number of entries than there are indices."""
    text = f"{name}(): Number of indices ({indices}) should be equal to source.size(dim)"
    if name == "index_copy_":
        return IndexRangeError(f"{text} ({size})")
    return ShapeError(f"{text}: ({size}), for dim: {dim}")


def slice_mismatch(name: str, input: list[int], source: list[int], dim: int) -> Exception:
    """A source whose other dimensions are not those of what it is written into."""
    if name == "index_copy_" and source and len(input) != len(source):
        return IndexRangeError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must "
            f"match. Source dimensionality ({len(source)}), destination dimensionality "
            f"({len(input)})"
        )
    if name == "index_copy_":
        return ShapeError(facts(
            "index_copy_(): Source/destination tensor must have same slice shapes.",
            ("input", input), ("source", source), ("dim", dim),
        ))
    return ShapeError(
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
        f"self.shape = {input} source.shape = {source}"
    )


def bad_scatter_reduction(name: str, got: object) -> RuntimeError:
    """A reduction that there is not."""
    if name == "scatter":
        return RuntimeError("reduce argument must be either add or multiply.")
    if name == "index_reduce":
        return RuntimeError(
            "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{got}."
        )
    return RuntimeError(
        f"reduce argument must be either sum, prod, mean, amax or amin, got {got}"
    )
