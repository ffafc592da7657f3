"""What operands can be wrong in: shapes, dtypes, dimensions, classes, arguments."""

from __future__ import annotations

from .text import facts
from .tree import DTypeError, IndexRangeError, ShapeError

__all__ = [
    "bad_approximation", "bad_label_smoothing", "bad_reduction", "bad_target_dtype",
    "batch_mismatch", "broadcast_mismatch", "cannot_cast", "clamp_without_bounds",
    "class_out_of_range", "class_weight_mismatch", "dim_out_of_range", "does_not_fit",
    "gather_mismatch", "gather_outside", "matmul_mismatch", "negative_size", "no_complex",
    "no_complex_text", "not_floating", "not_integral", "not_numbers", "not_on_booleans",
    "nothing_to_reduce", "one_class_expected", "ragged", "row_out_of_range", "size_mismatch",
    "target_mismatch",
]  # fmt: skip


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


def dim_out_of_range(dim: int, count: int) -> IndexRangeError:
    """A dimension that the tensor does not have."""
    return IndexRangeError(
        f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], "
        f"but got {dim})"
    )


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


def one_class_expected(shape: tuple[int, ...]) -> ValueError:
    """Several classes for the one row of a 1-d input."""
    size = shape[0] if len(shape) == 1 else list(shape)
    return ValueError(f"For 1D input, 1D target must have size 1, but got target size: {size}")


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


def bad_approximation(got: object) -> RuntimeError:
    """A form of GELU that there is not."""
    return RuntimeError(facts(
        "approximate argument must be either none or tanh.", ("got", repr(got)),
    ))


def clamp_without_bounds() -> RuntimeError:
    """clamp() called with neither bound."""
    return RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")


def size_mismatch(name: str, size: object, other: str, expected: object) -> ValueError:
    """Two arguments of a loss that should have one size."""
    return ValueError(
        f"Using a {name} size ({size}) that is different to the {other} size ({expected}) is "
        f"deprecated. {name.title()} size must be the same as {other} size."
    )


_ON_BOOLEANS = {
    "sub": "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
           "to invert a mask, use the `~` or `logical_not()` operator instead.",
    "neg": "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
           "invert a mask, use the `~` or `logical_not()` operator instead.",
    "relu": "Boolean inputs not supported for relu",
}  # fmt: skip
_ON_BOOLEANS["rsub"] = _ON_BOOLEANS["sub_scaled"] = _ON_BOOLEANS["sub"]


def not_on_booleans(name: str) -> DTypeError | None:
    """What is said of arithmetic that booleans do not have; None if they have it."""
    return DTypeError(_ON_BOOLEANS[name]) if name in _ON_BOOLEANS else None


def no_complex_text(name: str) -> str:
    """What is said wherever a complex number would be needed."""
    return f"{name}: complex numbers are not part of gpugrad yet; all dtypes are real"


def no_complex(name: str) -> DTypeError:
    """A complex number was asked for, or given."""
    return DTypeError(no_complex_text(name))


def not_integral(name: str, got: object) -> DTypeError:
    """An operation on bits was given real numbers."""
    return DTypeError(facts(
        f"{name}(): not implemented for {got}", ("need", "integers or booleans"),
    ))


def gather_mismatch(input: tuple[int, ...], index: tuple[int, ...], dim: int) -> ShapeError:
    """An index for ``gather`` beyond its input, or of another number of dimensions."""
    if len(input) != len(index):
        return ShapeError(facts(
            "Index tensor must have the same number of dimensions as input tensor",
            ("input", input), ("index", index),
        ))
    pairs = enumerate(zip(index, input, strict=True))
    bad = next((i for i, (n, size) in pairs if i != dim and n > size), dim)
    return ShapeError(
        f"Size does not match at dimension {bad} expected index {list(index)} to be no larger "
        f"than self {list(input)} apart from dimension {dim}"
    )


def gather_outside(index: int, dim: int, size: int) -> ShapeError:
    """An index for ``gather`` that its input has no place for. (PyTorch: no IndexError.)"""
    return ShapeError(facts(
        f"index {index} is out of bounds for dimension {dim} with size {size}",
        ("need", f"0 <= index < {size}"),
    ))


def nothing_to_reduce(name: str, dim: int | None = None, *, index: bool = False) -> Exception:
    """The largest of no elements was asked for. (PyTorch: a RuntimeError where no dim is given.)"""
    if dim is not None:
        return IndexRangeError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    text = (
        f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
        "reduction dim with the 'dim' argument."
    )
    return IndexRangeError(text) if index else ShapeError(text)


# ---------------------------------------------------------------------------- data of new tensors
def ragged(expected: int, depth: int, got: int) -> ValueError:
    """Nested sequences of different lengths."""
    return ValueError(f"expected sequence of length {expected} at dim {depth} (got {got})")


def not_numbers(holder: str, got: object) -> Exception:
    """Data that holds no numbers. (PyTorch: a TypeError for texts.)"""
    if str(got).startswith("complex"):
        return no_complex("complex data")
    if str(got).startswith(("<U", "|S", ">U")):
        return TypeError("new(): invalid data type 'str'")
    return DTypeError(facts(f"Could not infer dtype of {holder}", ("need", "numbers or booleans")))


def negative_size(name: str, shape: tuple[int, ...]) -> ShapeError:
    """A new tensor of a negative size."""
    return ShapeError(
        f"{name}: Dimension size must be non-negative. Trying to create tensor with negative "
        f"dimension {min(shape)}: {list(shape)}"
    )


TORCH_NAMES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int",
    "int64": "Long", "float16": "Half", "bfloat16": "BFloat16", "float32": "Float",
    "float64": "Double",
}  # fmt: skip


def does_not_fit(target: tuple[int, ...], result: tuple[int, ...]) -> ShapeError:
    """A result with a larger shape than the tensor it is to be written into."""
    return ShapeError(
        f"output with shape {list(target)} doesn't match the broadcast shape {list(result)}"
    )


def cannot_cast(result: str, target: str) -> DTypeError:
    """A result that cannot be written into a tensor of a lesser category."""
    return DTypeError(facts(
        f"result type {TORCH_NAMES[result]} can't be cast to the desired output type "
        f"{TORCH_NAMES[target]}",
        ("fix", f"do it out of place, or convert the tensor with .to({result}) first"),
    ))
