"""multi_head_attention_forward: projections, heads, masks, attention, projection.

Holds:     without ``need_weights`` no matrix of all pairs exists, and boolean masks stay boolean;
           what is wrong with arguments is an AssertionError, as in PyTorch.
Must not:  compute anything itself: it calls ops.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

from ..array import bool_
from ..graph import new_tensor
from .attention import scaled_dot_product_attention
from .compare import where
from .dropout import dropout
from .join import cat
from .linalg import linear, matmul
from .softmax import softmax
from .surface import public

__all__ = ["multi_head_attention_forward"]


@public("F")
def multi_head_attention_forward(  # the signature is PyTorch's
    query: Any, key: Any, value: Any, embed_dim_to_check: int, num_heads: int, in_proj_weight: Any,
    in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Any, out_proj_bias: Any, training: bool = True, key_padding_mask: Any = None,
    need_weights: bool = True, attn_mask: Any = None, use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None, k_proj_weight: Any = None, v_proj_weight: Any = None,
    static_k: Any = None, static_v: Any = None, average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """Attention of several heads between projections: the output, and the weights or None.

    Masks say what does not take part: ``key_padding_mask`` (N, S) of keys, ``attn_mask`` (L, S) or
    (N * heads, L, S) of pairs; floating ones are added. ``is_causal`` is a hint that ``attn_mask``
    is the causal mask.

    Shape:   query (L, N, E), key and value (S, N, ...) -> (L, N, E), weights (N, L, S), or with
             average_attn_weights=False (N, heads, L, S); all also without N
    Saves:   projections and scaled_dot_product_attention's; with need_weights also the weights
    Raises:  AssertionError for shapes that do not fit together
    Source:  Vaswani et al. 2017
    """
    batched = _batched(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    _check(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    masks = _masks(query, key, num_heads, key_padding_mask, attn_mask, is_causal, need_weights)
    packed = None if use_separate_proj_weight else in_proj_weight
    weights = (q_proj_weight, k_proj_weight, v_proj_weight)
    if not use_separate_proj_weight:
        weights = _packed(in_proj_weight)
    projected = _projected(query, key, value, packed, weights, in_proj_bias)
    lengths, batch = query.shape[0], query.shape[1]
    heads = _Heads(batch, num_heads, query.shape[2] // num_heads)
    q, k, v, masks = _with_extras(
        heads, projected, masks, (bias_k, bias_v), (static_k, static_v), add_zero_attn
    )
    p = dropout_p if training else 0.0
    out, found = _attend(heads, q, k, v, masks, p, need_weights)
    out = out.permute(2, 0, 1, 3).reshape(lengths, batch, query.shape[2])
    out = linear(out, out_proj_weight, out_proj_bias)
    if need_weights and average_attn_weights:
        found = found.mean(1)
    if not batched:
        out, found = out.squeeze(1), None if found is None else found.squeeze(0)
    return out, found


class _Heads(NamedTuple):
    """The batch, its heads, and how many features each has."""

    batch: int
    number: int
    size: int

    def split(self, projected: Any) -> Any:
        """(length, N, E) as (N, heads, length, size)."""
        length = projected.shape[0]
        return projected.reshape(length, self.batch, self.number, self.size).permute(1, 2, 0, 3)


class _Masks(NamedTuple):
    """Of keys, (N, 1, 1, S); of pairs, broadcast to (N, heads, L, S); or just causal."""

    keys: Any
    pairs: Any
    causal: bool


# ------------------------------------------------------------------------------------- projections
def _packed(weight: Any) -> tuple[Any, ...]:
    if weight is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
    return tuple(weight.chunk(3))


def _projected(query: Any, key: Any, value: Any, packed: Any, weights: Any, bias: Any
               ) -> list[Any]:
    for name, weight in zip("qkv", weights, strict=True):
        if weight is None:
            raise AssertionError(
                f"use_separate_proj_weight is True but {name}_proj_weight is None"
            )
    if query is key and key is value and packed is not None:
        return list(linear(query, packed, bias).chunk(3, -1))  # one product
    biases = (None, None, None) if bias is None else bias.chunk(3)
    inputs = (query, key, value)
    return [linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True)]


def _with_extras(heads: _Heads, projected: list[Any], masks: _Masks, bias: tuple[Any, Any],
                 static: tuple[Any, Any], add_zero: bool) -> tuple[Any, Any, Any, _Masks]:
    """Heads of q, k and v; keys and values may be given, and gain a learned one and a zero."""
    q, *pair = projected
    if (bias[0] is None) != (bias[1] is None):
        missing, there = ("bias_v", "bias_k") if bias[1] is None else ("bias_k", "bias_v")
        raise AssertionError(f"{there} is set but {missing} is None")
    if bias[0] is not None:
        for name, each in zip(("key", "value"), static, strict=True):
            if each is not None:
                raise AssertionError(f"bias cannot be added to static {name}.")
        pair = [cat([t, b.expand(1, heads.batch, b.shape[-1])])
                for t, b in zip(pair, bias, strict=True)]  # fmt: skip
        masks = _one_more_key(masks)
    split = [
        heads.split(t) if given is None else _static(heads, name, given)
        for name, t, given in zip(("static_k", "static_v"), pair, static, strict=True)
    ]
    if add_zero:
        split = [cat([t, _zeros(t, (*t.shape[:2], 1, heads.size))], 2) for t in split]
        masks = _one_more_key(masks)
    return heads.split(q), split[0], split[1], masks


def _static(heads: _Heads, name: str, given: Any) -> Any:
    rows = heads.batch * heads.number
    if given.shape[0] != rows:
        raise AssertionError(f"expecting {name}.size(0) of {rows}, but got {given.shape[0]}")
    if given.shape[2] != heads.size:
        raise AssertionError(
            f"expecting {name}.size(2) of {heads.size}, but got {given.shape[2]}"
        )
    return given.reshape(heads.batch, heads.number, *given.shape[1:])


# ------------------------------------------------------------------------------------------- masks
def _masks(query: Any, key: Any, heads: int, padding: Any, pairs: Any, causal: bool,
           need_weights: bool) -> _Masks:
    if causal and pairs is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    for name, mask in (("key_padding_mask", padding), ("attn_mask", pairs)):
        if mask is not None and not mask.is_floating_point() and mask.kind.dtype is not bool_:
            raise AssertionError(f"only bool and floating types of {name} are supported")
    if padding is not None and pairs is not None and padding.kind.dtype is not pairs.kind.dtype:
        warnings.warn(
            "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type "
            "for both instead.", stacklevel=3,
        )  # fmt: skip
    if causal and padding is None and not need_weights:
        return _Masks(None, None, True)
    (length, batch), keys = query.shape[:2], key.shape[0]
    if padding is not None:
        if tuple(padding.shape) != (batch, keys):
            raise AssertionError(
                f"Expected key_padded_mask.shape of {(batch, keys)}, but got {padding.shape}"
            )
        padding = padding.reshape(batch, 1, 1, keys)
    if pairs is not None:
        dims = len(pairs.shape)
        right = (length, keys) if dims == 2 else (batch * heads, length, keys)
        if tuple(pairs.shape) != right:
            raise RuntimeError(
                f"The shape of the {dims}D attn_mask is {pairs.shape}, but should be {right}."
            )
        pairs = pairs if dims == 2 else pairs.reshape(batch, heads, length, keys)
    return _Masks(padding, pairs, False)


def _one_more_key(masks: _Masks) -> _Masks:
    """Masks that let every query see one more key, the last."""
    return _Masks(_open(masks.keys), _open(masks.pairs), masks.causal)


def _open(mask: Any) -> Any:
    if mask is None:
        return None
    return cat([mask, _zeros(mask, (*mask.shape[:-1], 1))], -1)


def _zeros(like: Any, shape: tuple[int, ...]) -> Any:
    return new_tensor(like.kind.xp.zeros(shape, like.kind.numpy), like.kind)


def _joined(masks: _Masks, like: Any) -> Any:
    """One mask for attention: which pairs take part, or what is added to scores; None for none."""
    given = [m for m in masks[:2] if m is not None]
    if not given:
        return None
    if all(m.kind.dtype is bool_ for m in given):
        hidden = given[0] if len(given) == 1 else given[0] | given[1]
        return ~hidden
    added = [_added(m, like) for m in given]
    return added[0] if len(added) == 1 else added[0] + added[1]


def _added(mask: Any, like: Any) -> Any:
    if mask.kind.dtype is not bool_:
        return mask
    return where(mask, -math.inf, _zeros(like, ()))


# --------------------------------------------------------------------------------------- attention
def _attend(heads: _Heads, q: Any, k: Any, v: Any, masks: _Masks, p: float, need_weights: bool
            ) -> tuple[Any, Any]:
    mask = _joined(masks, q)
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, p, masks.causal), None
    scores = matmul(q * math.sqrt(1.0 / heads.size), k.transpose(-2, -1))
    if mask is not None:
        boolean = mask.kind.dtype is bool_
        scores = where(mask, scores, -math.inf) if boolean else scores + mask
    weights = softmax(scores, -1)
    if p > 0:
        weights = dropout(weights, p)
    return matmul(weights, v), weights


# ------------------------------------------------------------------------------------------ checks
def _batched(query: Any, key: Any, value: Any, padding: Any, pairs: Any, heads: int) -> bool:
    """Whether there is a batch dimension; AssertionError unless all agree on that."""
    dims = len(query.shape)
    if dims not in (2, 3):
        raise AssertionError(
            "query should be unbatched 2D or batched 3D tensor but received "
            f"{dims}-D query tensor"
        )
    start = f"For {'batched (3-D)' if dims == 3 else 'unbatched (2-D)'} `query`, expected"
    if len(key.shape) != dims or len(value.shape) != dims:
        raise AssertionError(
            f"{start} `key` and `value` to be {dims}-D but found {len(key.shape)}-D and "
            f"{len(value.shape)}-D tensors respectively"
        )
    if padding is not None and len(padding.shape) != dims - 1:
        raise AssertionError(
            f"{start} `key_padding_mask` to be `None` or {dims - 1}-D but found "
            f"{len(padding.shape)}-D tensor instead"
        )
    if pairs is not None and len(pairs.shape) not in (2, 3):
        raise AssertionError(
            f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {len(pairs.shape)}-D "
            "tensor instead"
        )
    expected = (heads, query.shape[0], key.shape[0])
    if dims == 2 and pairs is not None and len(pairs.shape) == 3 and pairs.shape != expected:
        raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {pairs.shape}")
    return dims == 3


def _check(query: Any, key: Any, value: Any, embed_dim: int, heads: int, separate: bool) -> None:
    if query.shape[2] != embed_dim:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim}, but got {query.shape[2]}"
        )
    if embed_dim % heads:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's "
            f"{value.shape[:2]}"
        )
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
