"""scaled_dot_product_attention.

Holds:     the graph keeps query, key, value, output and one number per query; the matrix of all
           pairs exists only where a second derivative is taken, and is made of recorded ops there.
Must not:  touch arrays (attention_kernels.py does).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import errors
from ..array import bool_, cpu, module_of
from ..graph import Size, TensorBase, new_tensor
from . import attention_kernels as kernels
from .attention_kernels import AttentionOptions
from .broadcast import convert, expand, kind_of_value, sum_to, widened
from .compare import eq, where
from .extremes import amax_op
from .families import custom
from .generators import check_draws, default_generator
from .linalg.products import matmul_op
from .operands import common_device
from .reduce import sum_op
from .shape import reshape_op
from .softmax import softmax_backward_op, softmax_op
from .surface import public

__all__ = ["scaled_dot_product_attention"]

_NAME = "scaled_dot_product_attention"


# ----------------------------------------------------------------------------------------- the ops
def _kept(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("q", "k", "v", "result", "result1", *(("mask0",) if len(needs) > 3 else ()))


@custom(node_name="ScaledDotProductFlashAttention", saves=_kept)
def attention_op(xp: Any, q: Any, k: Any, v: Any, *mask: Any, options: AttentionOptions) -> Any:
    """``softmax(q @ k.mT * scale + mask) @ v``, and the log-sum of every row."""
    return kernels.attend(q, k, v, mask[0] if mask else None, options)


@attention_op.vjp
def _(g: Any, q: Any, k: Any, v: Any, out: Any, logs: Any, *mask: Any, options: AttentionOptions,
      needs: tuple[bool, ...]) -> Any:
    wants_mask = needs[3:] == (True,)
    found = attention_backward_op(
        g, q, k, v, out, logs, *mask, options=options, wants_mask=wants_mask
    )
    return (*found, None)[: len(needs)]


def _kept_by_backward(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("g", "q", "k", "v", *(("mask0",) if len(needs) > 6 else ()))


@custom(node_name="ScaledDotProductFlashAttentionBackward", many=True, saves=_kept_by_backward)
def attention_backward_op(xp: Any, g: Any, q: Any, k: Any, v: Any, out: Any, logs: Any, *mask: Any,
                          options: AttentionOptions, wants_mask: bool) -> Any:
    """The cotangents of q, k, v and, if wanted, the mask."""
    saved = (q, k, v, out, logs)
    found = kernels.attend_backward(g, saved, mask[0] if mask else None, options, wants_mask)
    return tuple([d for d in found if d is not None])


@attention_backward_op.vjp
def _(us: Any, g: Any, q: Any, k: Any, v: Any, *mask: Any, options: AttentionOptions,
      wants_mask: bool) -> Any:
    """With p the shares, d = dropout's factors, dp = d (g @ v.T) and ds = p (dp - sum(p dp)):
    dq = ds @ k, dk = ds.T @ q (times scale), dv = (d p).T @ g, dmask = ds."""
    kind = kind_of_value(q)
    given = [None if t is None else widened(t) for t in (*us, g, q, k, v)]
    uq, uk, uv, *um = given[: len(us)]
    g, q, k, v = given[len(us) :]
    factor = widened(mask[0]) if mask and kind_of_value(mask[0]).dtype is not bool_ else None
    p, d = _shares(q, k, mask[0] if factor is None and mask else factor, options)
    dp = _times(matmul_op(g, v.mT), d)
    ds = softmax_backward_op(dp, p, dim=len(p.shape) - 1)
    e = _of_scores(uq, uk, um[0] if um else None, q, k, p, options.scale)
    f = softmax_backward_op(e, p, dim=len(p.shape) - 1)
    c = e * (dp - _row_sum(dp * p)) - dp * _row_sum(e * p)
    if uv is not None:
        c = c + _times(matmul_op(g, uv.mT), d)
    h = softmax_backward_op(c, p, dim=len(p.shape) - 1)
    fd = _times(f, d)
    dg, dv = matmul_op(fd, v), matmul_op(fd.mT, g)
    dq, dk = matmul_op(h, k), matmul_op(h.mT, q)
    if uk is not None:
        dq = dq + matmul_op(ds, uk)
    if uq is not None:
        dk = dk + matmul_op(ds.mT, uq)
    if uv is not None:
        dg = dg + matmul_op(_times(p, d), uv)
    found = [convert(t, kind) for t in (dg, dq * options.scale, dk * options.scale, dv)]
    if not mask:
        return *found, None, None
    dmask = None if factor is None else convert(sum_to(h, factor.shape), kind_of_value(mask[0]))
    return *found, None, None, dmask


def _of_scores(uq: Any, uk: Any, um: Any, q: Any, k: Any, p: Any, scale: float) -> Any:
    """The tangent of the scores: what arrives for their cotangents."""
    terms = []
    if uq is not None:
        terms.append(matmul_op(uq, k.mT) * scale)
    if uk is not None:
        terms.append(matmul_op(q, uk.mT) * scale)
    if um is not None:
        terms.append(expand(um, p.shape))
    return sum(terms[1:], start=terms[0]) if terms else p * 0


def _shares(q: Any, k: Any, mask: Any, options: AttentionOptions) -> tuple[Any, Any]:
    """The softmax of the scores by recorded ops, and dropout's factors or None."""
    scores = matmul_op(q, k.mT) * options.scale
    xp = q.kind.xp if isinstance(q, TensorBase) else module_of(q)
    rows, keys = scores.shape[-2:]
    dead = None
    if options.causal:
        right = xp.arange(keys) > xp.arange(rows)[:, None]
        scores = where(_like(right, q), -math.inf, scores)
    if mask is not None:
        boolean = kind_of_value(mask).dtype is bool_
        scores = where(mask, scores, -math.inf) if boolean else scores + mask
        dead = eq(amax_op(scores, axes=(len(scores.shape) - 1,), keepdim=True), -math.inf)
        scores = where(dead, 0.0, scores)
    p = softmax_op(scores, dim=len(scores.shape) - 1)
    p = p if dead is None else where(dead, 0.0, p)
    if not options.dropout:
        return p, None
    n, i, j = (xp.arange(size) for size in (math.prod(scores.shape[:-2]), rows, keys))
    places = (n[:, None, None], i[:, None], j)
    kept = kernels.kept_pairs(xp, options, places, (rows, keys)).reshape(scores.shape)
    return p, _like((kept * options.growth).astype(kind_of_value(q).numpy), q)


def _like(array: Any, x: Any) -> Any:
    """A constant as ``x`` is: a tensor or a raw array."""
    if not isinstance(x, TensorBase):
        return array
    constant = bool_ if array.dtype == bool else x.kind.dtype
    return new_tensor(array, x.kind.with_dtype(constant))


def _times(x: Any, factors: Any) -> Any:
    return x if factors is None else x * factors


def _row_sum(x: Any) -> Any:
    return sum_op(x, axes=(len(x.shape) - 1,), keepdim=True)


# ----------------------------------------------------------------------------------- for everyone
@public("F")
def scaled_dot_product_attention(query: Any, key: Any, value: Any, attn_mask: Any = None,
                                 dropout_p: float = 0.0, is_causal: bool = False,
                                 scale: float | None = None, enable_gqa: bool = False) -> Any:
    """``softmax(query @ key.mT * scale + attn_mask) @ value``, without a matrix of all pairs.

    A boolean mask says what takes part, a floating one is added. ``is_causal`` lets query i see
    the keys up to i. With ``enable_gqa`` several query heads (dim -3) share one of key and value.

    Shape:   query (..., L, E), key (..., S, E), value (..., S, Ev), attn_mask broadcast to
             (..., L, S) -> (..., L, Ev)
    Dtype:   floating, the same for all; half types are computed in float32
    Saves:   query, key, value, attn_mask, the result, and one number per query
    Raises:  RuntimeError for a mask together with is_causal, and for dtypes that differ
    Source:  Vaswani et al. 2017; in blocks: Dao et al. 2022
    """
    _check(query, key, value, attn_mask, dropout_p, is_causal)
    if scale is None:
        scale = 1 / math.sqrt(max(1, query.shape[-1]))
    seed = 0
    if dropout_p:
        check_draws("dropout")
        seed = int(default_generator(cpu).bits.integers(1 << 63))
    options = AttentionOptions(float(scale), is_causal, float(dropout_p), seed)
    heads = query.shape[-3] if len(query.shape) > 2 else 1
    shared = enable_gqa and heads != key.shape[-3]
    if shared:
        query, key, value, attn_mask = _in_groups(query, key, value, attn_mask)
    lead = _joined(_joined(query.shape[:-2], key.shape[:-2]), value.shape[:-2])
    q, k, v = (expand(t, (*lead, *t.shape[-2:])) for t in (query, key, value))
    mask = () if attn_mask is None else (attn_mask,)
    pairs = (*lead, query.shape[-2], key.shape[-2])
    if mask and _joined(pairs, attn_mask.shape) != pairs:
        raise errors.broadcast_mismatch(_NAME, pairs, tuple(attn_mask.shape))
    out = attention_op(q, k, v, *mask, options=options)[0]
    return reshape_op(out, shape=Size((*lead[:-2], heads, *out.shape[-2:]))) if shared else out


def _joined(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise errors.broadcast_mismatch(_NAME, tuple(a), tuple(b)) from None


def _in_groups(query: Any, key: Any, value: Any, mask: Any) -> tuple[Any, Any, Any, Any]:
    """Query heads in groups that share a head of key and value, which becomes (heads, 1)."""
    heads, shared = query.shape[-3], key.shape[-3]
    if not shared or heads % shared or value.shape[-3] != shared:
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in query: "
            f"{shared}, {value.shape[-3]} and {heads}"
        )
    group = (shared, heads // shared)

    def split(t: Any, into: tuple[int, int]) -> Any:
        return reshape_op(t, shape=Size((*t.shape[:-3], *into, *t.shape[-2:])))

    if mask is not None and len(mask.shape) > 2:
        mask = split(mask, group if mask.shape[-3] == heads else (mask.shape[-3], 1))
    return split(query, group), split(key, (shared, 1)), split(value, (shared, 1)), mask


def _check(q: Any, k: Any, v: Any, mask: Any, dropout: float, causal: bool) -> None:
    dims = [len(t.shape) for t in (q, k, v)]
    if min(dims) < 2:
        raise errors.attention_dims(dims)
    common_device(_NAME, [t for t in (q, k, v, mask) if t is not None])
    kinds = [t.kind.dtype for t in (q, k, v)]
    if len(set(kinds)) > 1:
        raise errors.attention_dtypes(kinds)
    if not kinds[0].is_floating_point:
        raise errors.not_floating(_NAME, kinds[0])
    if not 0 <= dropout <= 1:
        raise errors.bad_dropout(dropout, RuntimeError)
    if mask is not None and causal:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
            "is_causal=True"
        )
    if mask is not None and mask.kind.dtype.name not in ("bool", "float32", kinds[0].name):
        raise errors.attention_mask_dtype(mask.kind.dtype, kinds[0])
    if mask is not None and mask.kind.dtype.name == "float32" and kinds[0].itemsize > 4:
        raise errors.attention_mask_dtype(mask.kind.dtype, kinds[0])
    if q.shape[-1] != k.shape[-1]:
        raise errors.matmul_mismatch(tuple(q.shape[-2:]), tuple(k.shape[-2:])[::-1])
    if k.shape[-2] != v.shape[-2]:
        raise errors.matmul_mismatch((q.shape[-2], k.shape[-2]), tuple(v.shape[-2:]))
