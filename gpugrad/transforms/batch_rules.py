"""What ops other than elementwise ones make of a batch at once.

A rule gets the op, its inputs (a batch along the first dimension where ``flags`` says so), its
keyword arguments and the number of examples; it returns the result with the batch first, or
NotImplemented where it does not apply: then the op runs example by example.

Holds:     a rule gives what the examples one by one give, up to rounding.
Must not:  be needed for that: rules are for speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..graph import new_tensor
from ..ops.broadcast import convert, expand, sum_to
from ..ops.linalg.products import matmul_op, product_op
from ..ops.reduce import sum_op
from ..ops.shape import permute_op, reshape

__all__ = ["LOOPED", "RULES"]

Values = list[Any]
Flags = list[bool]
Attrs = dict[str, Any]
Rule = Callable[[Any, Values, Flags, Attrs, int], Any]
RULES: dict[str, Rule] = {}
LOOPED: set[str] = set()
"""Names of ops that have run example by example; tests read it."""


def _rule(names: str) -> Callable[[Rule], Rule]:
    def declare(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names.split(), rule))
        return rule

    return declare


def _whole(value: Any, flag: bool, count: int) -> Any:
    """An input with the batch along its first dimension."""
    return value if flag else expand(reshape(value, (1, *value.shape)), (count, *value.shape))


# ---------------------------------------------------------------------------------- dimensions move
def _shifted(value: Any) -> Any:
    """A dimension, or several, one further on; what counts from the end stays."""
    if isinstance(value, int):
        return value + 1 if value >= 0 else value
    return tuple([_shifted(v) for v in value])


_AXES = ("axis", "axes", "axis1", "axis2", "dim")


def _moved(attrs: dict[str, Any]) -> dict[str, Any]:
    return {k: _shifted(v) if k in _AXES else v for k, v in attrs.items()}


@_rule("diagonal cumsum flip mean sum roll rot90 amax_op amin_op aminmax_op nansum_op max_dim_op"
       " min_dim_op median_dim_op mode_op sort_op topk_op softmax_op log_softmax_op logsumexp_op"
       " logcumsumexp_op cumprod_op cummax_op cummin_op prod_op norm_op std_op var_op std_mean_op"
       " var_mean_op ranked_op softmax_backward_op log_softmax_backward_op gather_op put_along"
       " place_op _cat _stack _split _unbind recurrence_op cosine_op cross_op repeat_interleave")
def _along(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Ops along dimensions that their arguments name."""
    tensors = [v for v in values if hasattr(v, "shape")]
    if attrs.get("axes", 0) is None:  # as one long row
        return NotImplemented
    if any(len(v.shape) - f < 1 for v, f in zip(values, flags, strict=True) if hasattr(v, "shape")):
        return NotImplemented  # a number is seen as a vector of one by some
    if "shape" in attrs:
        attrs = {**attrs, "shape": (count, *attrs["shape"])}
    if len(tensors) != len(values):
        return NotImplemented
    whole = [_whole(v, f, count) for v, f in zip(values, flags, strict=True)]
    return op(*whole, **_moved(attrs))


@_rule("permute transpose t")
def _permute(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    return permute_op.by(values[0], (0, *[a + 1 for a in attrs["axes"]]))


@_rule("reshape squeeze unsqueeze")
def _reshape(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    return reshape(values[0], (count, *attrs["shape"]))


@_rule("expand")
def _expand(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    x, shape = values[0], attrs["shape"]
    missing = len(shape) + 1 - len(x.shape)
    if missing:
        x = reshape(x, (count, *[1] * missing, *x.shape[1:]))
    return expand(x, (count, *shape))


@_rule("sum_to")
def _sum_to(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    x, shape = values[0], attrs["shape"]
    missing = len(x.shape) - 1 - len(shape)
    return reshape(sum_to(x, (count, *[1] * missing, *shape)), (count, *shape))


@_rule("select slice")
def _key(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    return op(values[0], key=(slice(None), *attrs["key"]))


@_rule("unslice")
def _unslice(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    key, shape = attrs["key"], attrs["shape"]
    return op(values[0], key=(slice(None), *key), shape=type(shape)((count, *shape)))


# ------------------------------------------------------------------- leading dimensions are a batch
@_rule("clone contiguous constant_pad_nd circular_pad reflect_pad replicate_pad")
def _transparent(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    return op(values[0], **attrs)


@_rule("tril triu det_op slogdet_op inv_op cholesky_op matrix_exp_op solve_op attention_op"
       " cofactors_op eigh_op svd_op qr_op triangular_op cholesky_solve_op")
def _matrices(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Ops on the last two dimensions of every input."""
    if any(v is not None and len(v.shape) - f < 2 for v, f in zip(values, flags, strict=True)):
        return NotImplemented
    whole = [_whole(v, f, count) for v, f in zip(values, flags, strict=True)]
    if len({len(v.shape) for v in whole}) > 1:
        return NotImplemented
    return op(*whole, **attrs)


@_rule("matmul_op")
def _matmul(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Vectors become matrices, so that nothing but leading dimensions is broadcast."""
    (a, b), (of_a, of_b) = values, flags
    row, column = len(a.shape) - of_a == 1, len(b.shape) - of_b == 1
    if row:
        a = reshape(a, (*a.shape[:-1], 1, a.shape[-1]))
    if column:
        b = reshape(b, (*b.shape, 1))
    rank = max(len(a.shape) - of_a, len(b.shape) - of_b)
    a, b = (_lifted(v, f, rank) for v, f in ((a, of_a), (b, of_b)))
    y = op(a, b)
    shape = [*y.shape]
    if column:
        del shape[-1]
    if row:
        del shape[len(shape) - (0 if column else 1) - 1]
    return reshape(y, tuple(shape)) if row or column else y


def _lifted(value: Any, flag: bool, rank: int) -> Any:
    """A batch of examples of ``rank`` dimensions."""
    missing = rank + 1 - len(value.shape)
    if not flag or not missing:
        return value
    return reshape(value, (value.shape[0], *[1] * missing, *value.shape[1:]))


@_rule("linear_op product_op")
def _linear(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """``x @ weight.T + bias``; a bias of every example is added by itself."""
    x, weight, *rest = values
    bias = rest[0] if rest else None
    if len(weight.shape) - flags[1] != 2 or len(x.shape) - flags[0] < 1:
        return NotImplemented
    if not any(flags[1:]):
        return op(*values)
    if not flags[1]:
        y = product_op(x, weight)
        rank = len(x.shape) - flags[0]
    else:
        rank = max(len(x.shape) - flags[0], 2)
        row = len(x.shape) - flags[0] == 1
        left = reshape(x, (*x.shape[:-1], 1, x.shape[-1])) if row else x
        y = matmul_op(_lifted(left, flags[0], rank), _lifted(weight, True, rank).mT)
        if row:
            y, rank = reshape(y, (count, y.shape[-1])), 1
    if bias is None:
        return y
    return y + (_lifted(bias, True, rank) if flags[2] else bias)


@_rule("addmm_op")
def _addmm(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """``beta * input + alpha * (a @ b)``, term by term."""
    given, a, b = values
    if any(flags[1:]):
        y = _matmul(matmul_op, [a, b], flags[1:], {}, count) * attrs["alpha"]
    else:
        y = matmul_op(a, b) * attrs["alpha"]
    rank = len(y.shape) - any(flags[1:])
    return y + _lifted(given, flags[0], rank) * attrs["beta"] if attrs["beta"] else y


@_rule("contract_op")
def _contract(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """The batch is one more label of the result, and of the operands that have it."""
    labels = attrs["labels"]
    new = max([label for part in labels for label in part], default=-1) + 1
    parts = [(new, *part) if flag else tuple(part)
             for part, flag in zip(labels[:2], flags, strict=True)]  # fmt: skip
    return op(*values, labels=(*parts, (new, *labels[2])))


# ------------------------------------------------------------------------------------ neural layers
@_rule("layer_norm_op rms_norm_op group_norm_op")
def _row_norm(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """A batch is more rows; a weight or bias of every example is applied afterwards."""
    layout = attrs["layout"]
    wide = {**attrs, "layout": layout._replace(batch=layout.batch * count)}
    x = _whole(values[0], flags[0], count)
    if any(flags[1:]) and op.__name__ == "group_norm_op":
        return NotImplemented
    given = () if any(flags[1:]) else values[1:]
    y, *stats = op(x, *given, **({**wide, "param": None} if any(flags[1:]) else wide))
    for i, (parameter, flag) in enumerate(zip(values[1:], flags[1:], strict=True)):
        if any(flags[1:]):
            fitted = _lifted(parameter, flag, len(x.shape) - 1)
            y = y + fitted if i else y * fitted
    return y, *[reshape(s, (count, *_per_example(s.shape, count))) for s in stats]


def _per_example(shape: Sequence[int], count: int) -> tuple[int, ...]:
    return (shape[0] // count, *shape[1:])


@_rule("embedding_op")
def _embedding(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    weight, index = values
    if flags == [False, True]:
        return op(*values, **attrs)
    if attrs["padding"] is not None or attrs["by_count"]:
        return NotImplemented
    rows = weight.shape[1]
    first = new_tensor(index.kind.xp.arange(count) * rows, index.kind)
    index = _whole(index, flags[1], count)
    index = index + reshape(first, (count, *[1] * (len(index.shape) - 1)))
    return op(reshape(weight, (count * rows, *weight.shape[2:])), index, **attrs)


@_rule("cross_entropy_op nll_loss_op")
def _cross_entropy(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Rows of all examples at once, reduced example by example."""
    options = attrs["options"]
    if len(values) > 2 and values[2] is not None:
        return NotImplemented
    x, target = (_whole(v, f, count) for v, f in zip(values[:2], flags[:2], strict=True))
    if target.kind.is_floating_point:
        return NotImplemented
    several = len(x.shape) > 2
    rows = [reshape(t, (t.shape[0] * t.shape[1], *t.shape[2:])) if several else t
            for t in (x, target)]  # fmt: skip
    losses, _ = op(*rows, options=options._replace(reduction="none"))
    losses = reshape(losses, target.shape)
    kept = convert(target != options.ignore_index, losses.kind)
    axes = tuple(range(1, len(losses.shape)))
    divisor = sum_op(kept, axes=axes, keepdim=False) if axes else kept
    if options.reduction == "none":
        return losses, divisor * 0 + 1
    total = sum_op(losses, axes=axes, keepdim=False) if axes else losses
    return (total / divisor, divisor) if options.reduction == "mean" else (total, divisor * 0 + 1)


@_rule("max_pool adaptive_max")
def _planes(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Ops on planes: a batch is more of them."""
    x = values[0]
    made = op(reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:])), **attrs)
    return tuple([reshape(y, (count, y.shape[0] // count, *y.shape[1:])) for y in made])


@_rule("index_op")
def _index(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Indices that all examples share pick behind the batch."""
    if flags[0] and not any(flags[1:]):
        return op(*values, template=(slice(None), *attrs["template"]))
    return NotImplemented


@_rule("convolution_op")
def _convolution(op: Any, values: Values, flags: Flags, attrs: Attrs, count: int) -> Any:
    """Images of all examples in one batch; kernels of every example are groups of one kernel."""
    x, weight, bias = values
    geometry = attrs["geometry"]
    if not any(flags[1:]):
        y = op(reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:])), weight, bias, geometry=geometry)
        return reshape(y, (count, y.shape[0] // count, *y.shape[1:]))
    x = _whole(x, flags[0], count).transpose(0, 1)
    weight = _whole(weight, flags[1], count)
    images = x.shape[0]
    x = reshape(x, (images, count * x.shape[2], *x.shape[3:]))
    outs = weight.shape[1]
    weight = reshape(weight, (count * outs, *weight.shape[2:]))
    if bias is not None:
        bias = reshape(_whole(bias, flags[2], count), (count * outs,))
    y = op(x, weight, bias, geometry=geometry._replace(groups=geometry.groups * count))
    return reshape(y, (images, count, outs, *y.shape[2:])).transpose(0, 1)
