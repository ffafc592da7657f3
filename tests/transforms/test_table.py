"""Every row of the table of ops in forward mode, under vmap, and in both at once."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import pytest

import gpugrad
from gpugrad import func
from gpugrad.autograd import forward_ad
from gpugrad.transforms.batch_rules import LOOPED
from tests.cases import BROADCAST, CASES, Case
from tests.ops.walk import assert_close, gradient, host, random_like

ROWS = [*CASES, *BROADCAST]
BATCH = 3

# The shape of the result depends on values, or the region lies outside the tensor's own elements.
REFUSED = ("x[b]", "x[b, 1:]", "torch.masked_select(x, b)", "x.repeat_interleave(i, 0)",
           "x[1:].as_strided((2, 2), (1, 3), 5)")  # fmt: skip
OUTSIDE = REFUSED[-1]
DIFFERENT = [c for c in ROWS if c.call in REFUSED and c.shapes.get("b") != (2, 1, 1)]
BATCHED = [case for case in ROWS if case.call not in REFUSED]


def tangents_of(case: Case, arrays: dict[str, Any]) -> dict[str, Any]:
    return {n: random_like(arrays[n], 10 + i) for i, n in enumerate(case.differentiable)}


def tensor(array: Any) -> Any:
    return gpugrad.tensor(array, device="cpu")


@pytest.mark.parametrize("case", [c for c in ROWS if c.call != OUTSIDE], ids=str)
def test_the_tangent_is_the_transpose_of_the_gradient(case: Case) -> None:
    arrays = case.arrays()
    moves = tangents_of(case, arrays)
    with forward_ad.dual_level():
        inputs = {
            n: forward_ad.make_dual(t, tensor(moves[n])) if n in moves else t
            for n, t in case.tensors(arrays, needs=()).items()
        }
        primal, tangent = forward_ad.unpack_dual(case(inputs))
    value = case(case.tensors(arrays, needs=()))
    assert_close(host(primal), host(value), 1e-14)
    assert tangent.shape == value.shape
    seed = random_like(host(value), 1)
    grads = gradient(case, case.tensors(arrays), tensor(seed))
    expected = sum(float((host(g) * moves[n]).sum())
                   for n, g in zip(case.differentiable, grads, strict=True))  # fmt: skip
    assert_close(float((host(tangent) * seed).sum()), expected, 1e-9)


def batch_of(case: Case) -> dict[str, Any]:
    """Inputs of several examples, along a first dimension."""
    rng = np.random.default_rng(crc32(case.call.encode()))
    return {
        name: np.stack([case._array(rng, name, shape, np.float64) for _ in range(BATCH)])
        for name, shape in case.shapes.items()
    }


@pytest.mark.parametrize("case", BATCHED, ids=str)
def test_a_batch_gives_what_its_examples_give(case: Case) -> None:
    arrays = batch_of(case)
    names = list(arrays)
    whole = func.vmap(lambda *xs: case(dict(zip(names, xs, strict=True))))(
        *[tensor(a) for a in arrays.values()]
    )
    for i in range(BATCH):
        one = case({n: tensor(a[i]) for n, a in arrays.items()})
        assert_close(host(whole[i]), host(one), 1e-12, f"example {i}")


@pytest.mark.parametrize("case", [c for c in BATCHED if c.differentiable], ids=str)
def test_every_example_gets_its_own_gradient(case: Case) -> None:
    arrays = batch_of(case)
    names, wanted = list(arrays), case.differentiable
    places = tuple(names.index(n) for n in wanted)
    weight = random_like(host(case({n: tensor(a[0]) for n, a in arrays.items()})), 5)

    def total(*xs: Any) -> Any:
        return (case(dict(zip(names, xs, strict=True))) * tensor(weight)).sum()

    made = func.vmap(func.grad(total, argnums=places))(*[tensor(a) for a in arrays.values()])
    for i in range(BATCH):
        one = case.tensors({n: a[i] for n, a in arrays.items()})
        for g, own in zip(gradient(case, one, tensor(weight)), made, strict=True):
            assert_close(host(own[i]), host(g), 1e-11, f"example {i}")


@pytest.mark.parametrize("case", DIFFERENT, ids=str)
def test_what_has_no_common_shape_is_refused(case: Case) -> None:
    arrays = batch_of(case)
    names = list(arrays)
    mapped = func.vmap(lambda *xs: case(dict(zip(names, xs, strict=True))))
    with pytest.raises(RuntimeError):
        mapped(*[tensor(a) for a in arrays.values()])


# Ops that run example by example, because they have no rule yet: the list should only get shorter.
LOOPS = """
    _has_nan _last_number _permutation_of affine_grid as_strided as_strided_scatter_op
    attention_op bag_max_op bag_op batch_norm_op bilinear_op block_diag_op cdist_op
    cholesky_inverse_op clamped_variance_op combinations corrcoef_op cov_op cross_entropy_op
    diag_embed diagonal_scatter extreme_at fill_diagonal_op filled fold fractional_max
    group_norm_op householder_op hurwitz index_add_op index_copy_op index_fill_op index_op
    input_gradient_op lower_gamma lstsq_op lu_factor_op lu_op lu_solve_op
    mantissa_and_exponent masked_scatter_op median_op multi_margin_op multilabel_margin_op
    multivariate nll_loss_op pdist_op pick_op pinv_op prod_at_op products_op put_copy_op
    put_region renorm_op repeat resample residuals_op roll sample_op scatter_add_op
    scatter_op select_scatter share_op slice_scatter sum unfold unindex_op unpool_op
    upper_gamma vander_op
"""


def test_ops_without_a_rule_are_known() -> None:
    LOOPED.clear()
    for case in BATCHED:
        test_a_batch_gives_what_its_examples_give(case)
    assert not LOOPED - set(LOOPS.split())
