"""Rows of section D1 of the semantics: seeds, inputs, accumulation, versions, views, modes.

Each row is a program that runs on gpugrad and on PyTorch: results must be equal, or both must raise
one of PyTorch's exceptions with the phrase that programs look for. Rows about custom functions are
in tests/autograd/test_function.py, those about hooks in test_hooks.py beside this file.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.alike import assert_alike, data

Program = Callable[[Any], Any]
ROWS: dict[str, Program] = {}
ERRORS: dict[str, tuple[Program, str]] = {}


def leaf(m: Any, *values: float) -> Any:
    return m.tensor(values or [1.0, 2.0, 3.0], dtype=m.float64, requires_grad=True)


def equal(row: str) -> Callable[[Program], Program]:
    """A row whose programs give equal results."""
    return lambda program: ROWS.setdefault(f"{row}: {program.__name__}", program)


def raises(row: str, phrase: str) -> Callable[[Program], Program]:
    """A row whose programs raise."""
    return lambda program: ERRORS.setdefault(f"{row}: {program.__name__}", (program, phrase))[0]


# ------------------------------------------------------------------------------------ second pass
NO_GRAD = "element 0 of tensors does not require grad and does not have a grad_fn"
LEAF = "a leaf Variable that requires grad is being used in an in-place operation"
SECOND = "Trying to backward through the graph a second time"


@raises("second backward", SECOND)
def twice(m: Any) -> Any:
    y = leaf(m).exp().sum()
    y.backward()
    y.backward()


@raises("second backward", SECOND)
def grad_after_backward(m: Any) -> Any:
    x = leaf(m)
    y = x.exp().sum()
    y.backward()
    m.autograd.grad(y, x)


@raises("second backward", SECOND)
def saved_value_after_release(m: Any) -> Any:
    y = leaf(m).exp()
    y.sum().backward()
    return y.grad_fn._saved_result


@raises("second backward", SECOND)
def a_live_leaf_was_saved(m: Any) -> Any:
    x = leaf(m)
    y = (x * x).sum()
    y.backward()
    y.backward()


@equal("saved value before release")
def saved_value(m: Any) -> Any:
    y = leaf(m).exp()
    return y.grad_fn._saved_result, y.grad_fn._saved_result.grad_fn is y.grad_fn


# -------------------------------------------------------------------------------------------- seeds
@raises("non-scalar root", "grad can be implicitly created only for scalar outputs")
def several_elements(m: Any) -> Any:
    leaf(m).exp().backward()


@raises("non-scalar root", "grad can be implicitly created only for scalar outputs")
def one_of_several_roots(m: Any) -> Any:
    x = leaf(m)
    m.autograd.backward([x.sum(), x.exp()])


@equal("non-scalar root")
def any_shape_of_one_element(m: Any) -> Any:
    x = leaf(m)
    x.sum().reshape(1, 1).backward()
    return x.grad


@raises("seed of another shape", "Mismatch in shape: grad_output[0] has a shape of")
def broadcastable_seed(m: Any) -> Any:
    leaf(m).exp().backward(m.ones(1, dtype=m.float64))


@equal("seed of another floating dtype")
def float64_seed(m: Any) -> Any:
    x = m.ones(3, requires_grad=True)
    (x * 2).backward(m.ones(3, dtype=m.float64))
    return x.grad, str(x.grad.dtype).split(".")[1]


@raises("root without grad", NO_GRAD)
def plain_root(m: Any) -> Any:
    m.ones(1).backward()


@raises("root without grad", NO_GRAD)
def root_made_under_no_grad(m: Any) -> Any:
    with m.no_grad():
        y = leaf(m).sum()
    y.backward()


@equal("leaf as root")
def leaf_root(m: Any) -> Any:
    x = leaf(m, 5.0).sum().detach().requires_grad_()
    x.backward()
    return x.grad


# ------------------------------------------------------------------------------------------- inputs
@raises("input without grad", "One of the differentiated Tensors does not require grad")
def input_requires_none(m: Any) -> Any:
    m.autograd.grad(leaf(m).sum(), m.ones(3))


@raises("unused input", "not have been used in the graph")
def unused(m: Any) -> Any:
    m.autograd.grad(leaf(m).sum(), [leaf(m)])


@equal("unused input")
def allowed(m: Any) -> Any:
    return m.autograd.grad(leaf(m).sum(), [leaf(m)], allow_unused=True)[0] is None


@equal("materialize_grads")
def zeros_for_unused(m: Any) -> Any:
    return m.autograd.grad(leaf(m).sum(), [leaf(m)], materialize_grads=True)


@raises("materialize_grads", "Expected allow_unused to be True or not passed")
def against_allow_unused(m: Any) -> Any:
    x = leaf(m)
    m.autograd.grad(x.sum(), [x], materialize_grads=True, allow_unused=False)


@raises("empty inputs", "`inputs` argument to `grad()` cannot be empty.")
def grad_of_nothing(m: Any) -> Any:
    m.autograd.grad(leaf(m).sum(), [])


@raises("empty inputs", "`inputs` argument to `backward()` cannot be empty.")
def backward_into_nothing(m: Any) -> Any:
    leaf(m).sum().backward(inputs=[])


@equal("backward(inputs)")
def non_leaf(m: Any) -> Any:
    x = leaf(m)
    h = x * 2
    (h * h).sum().backward(inputs=[h])
    return h.grad, x.grad is None


@raises("backward(inputs)", SECOND)
def one_input_after_the_other(m: Any) -> Any:
    x, w = leaf(m), leaf(m)
    y = (x * w).sum()
    y.backward(inputs=[x])
    y.backward(inputs=[w])


@equal("nodes below an input")
def are_kept(m: Any) -> Any:
    x = leaf(m)
    h = x.exp()
    y = (h * 2).sum()
    m.autograd.grad(y, h)
    return m.autograd.grad(h.sum(), x)


# ---------------------------------------------------------------------------------- requires_grad
@raises("requires_grad of integers", "floating point")
def made_of_integers(m: Any) -> Any:
    m.tensor([1, 2], requires_grad=True)


@raises("requires_grad of integers", "floating point")
def set_on_integers(m: Any) -> Any:
    m.tensor([1, 2]).requires_grad_()


@raises("requires_grad of a non-leaf", "you can only change requires_grad flags of leaf variables")
def switched_off(m: Any) -> Any:
    y = leaf(m) * 2
    y.requires_grad = False


@equal("ops without gradient")
def say_nothing(m: Any) -> Any:
    x = leaf(m)
    return [t.requires_grad for t in (x.argmax(), x > 0, x.long(), x == x)]


# ------------------------------------------------------------------------------- in place, versions
@raises("leaf written", LEAF)
def leaf_written(m: Any) -> Any:
    leaf(m).add_(1)


@raises("leaf written", LEAF)
def leaf_written_by_an_operator(m: Any) -> Any:
    x = leaf(m)
    x += 1


@raises("leaf written", "a view of a leaf Variable that requires grad")
def leaf_written_through_a_view(m: Any) -> Any:
    leaf(m)[0] = 1


STALE = "one of the variables needed for gradient computation has been modified by an inplace"


@raises("version mismatch", STALE)
def of_a_result(m: Any) -> Any:
    y = leaf(m).exp()
    y.add_(1)
    y.sum().backward()


@raises("version mismatch", STALE)
def of_a_leaf(m: Any) -> Any:
    w = leaf(m)
    y = (w * w).sum()
    with m.no_grad():
        w.add_(1)
    y.backward()


@raises("version mismatch", STALE)
def with_anomaly_mode(m: Any) -> Any:
    with m.autograd.detect_anomaly():
        y = leaf(m).exp()
        y.add_(1)
        y.sum().backward()


@equal("version rules")
def versions(m: Any) -> Any:
    x = m.zeros(4)
    for change in (lambda: x.add_(1), lambda: x.copy_(m.ones(4)), lambda: x.zero_(),
                   lambda: x.relu_(), lambda: m.add(x, x, out=x), lambda: x.fill_(2),
                   lambda: x.masked_fill_(x > 1, 0.0), lambda: x[:2].add_(1)):  # fmt: skip
        before = x._version
        change()
        assert x._version == before + 1
    x[0] = 1.0
    view, detached = x[1:], x.detach()
    detached.add_(1)
    return x._version == view._version == detached._version, x.clone()._version


# ------------------------------------------------------------------------------------- accumulation
@equal("accumulation")
def adds_in_place(m: Any) -> Any:
    x = leaf(m)
    x.sum().backward()
    first = x.grad
    x.sum().backward()
    return first is x.grad, x.grad


@equal("accumulation")
def with_create_graph_makes_new_ones(m: Any) -> Any:
    x = leaf(m)
    (x**2).sum().backward(create_graph=True)
    first = x.grad
    (x**3).sum().backward(create_graph=True)
    return first is x.grad, x.grad, x.grad.grad_fn.name()


@equal("layout of gradients")
def follow_the_values(m: Any) -> Any:
    x = data(m, 2, 3).requires_grad_()
    x.t().expand(4, 3, 2).sum().backward()
    return x.grad, x.grad.is_contiguous()


@equal("retain_graph")
def is_create_graph_by_default(m: Any) -> Any:
    x = leaf(m)
    y = (x**3).sum()
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, m.autograd.grad(y, x), m.autograd.grad(g.sum(), x)


@equal("retain_graph")
def can_be_false_with_create_graph(m: Any) -> Any:
    x = leaf(m)
    (g,) = m.autograd.grad((x**3).sum(), x, create_graph=True, retain_graph=False)
    return g


@equal("backward inside no_grad")
def still_creates_the_graph(m: Any) -> Any:
    x = leaf(m)
    y = (x**3).sum()
    with m.no_grad():
        (g,) = m.autograd.grad(y, x, create_graph=True)
    return g


@equal("grad of a non-leaf")
def warns_and_is_none(m: Any) -> Any:
    y = leaf(m) * 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = y.grad
    return found is None, "not a leaf Tensor is being accessed" in str(caught[0].message)


@equal("retain_grad")
def sees_the_gradient_after_all_hooks(m: Any) -> Any:
    x = leaf(m)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.sum().backward(retain_graph=True)
    first = y.grad.clone()
    y.sum().backward()
    return first, y.grad, y.retains_grad


@raises("retain_grad", "can't retain_grad on Tensor that has requires_grad=False")
def without_grad(m: Any) -> Any:
    m.ones(2).retain_grad()


@raises("assigned grad", "attempting to assign a gradient of size '[4]' to a tensor")
def of_another_size(m: Any) -> Any:
    leaf(m).grad = m.ones(4, dtype=m.float64)


@raises("assigned grad", "attempting to assign a gradient")
def of_another_dtype(m: Any) -> Any:
    leaf(m).grad = m.ones(3)


@raises("assigned grad", "assigned grad expected to be a Tensor or None")
def of_another_type(m: Any) -> Any:
    leaf(m).grad = 1.0


@raises("assigned grad", "can't assign Variable as its own grad")
def itself(m: Any) -> Any:
    x = leaf(m)
    x.grad = x


# -------------------------------------------------------------------------------- views and modes
@raises("written views", "A view was created in no_grad mode")
def made_under_no_grad(m: Any) -> Any:
    x = leaf(m) * 1
    with m.no_grad():
        view = x[:2]
    view.mul_(2)


@raises("written views", "a function that returns multiple views")
def one_of_several(m: Any) -> Any:
    first, _ = (leaf(m, 1.0, 2.0) * 1).unbind()
    first.mul_(2)


@raises("written views", "Can't detach views in-place")
def detached_in_place(m: Any) -> Any:
    (leaf(m) * 1)[:2].detach_()


@equal("written views")
def give_the_base_a_new_node(m: Any) -> Any:
    x = leaf(m)
    base = x * 1
    view = base[:2]
    view.mul_(3)
    names = base.grad_fn.name(), view.grad_fn.name()
    base.sum().backward()
    return names, x.grad


@equal("grad mode")
def does_not_reach_leaves(m: Any) -> Any:
    with m.no_grad():
        made = m.ones(2, requires_grad=True)
        parameter = m.nn.Parameter(m.ones(2))
    return made.requires_grad, parameter.requires_grad


@equal("grad mode")
def enables_and_disables(m: Any) -> Any:
    x, seen = leaf(m), []
    with m.no_grad():
        seen.append((x * 2).requires_grad)
        with m.enable_grad():
            seen.append((x * 2).requires_grad)
    with m.set_grad_enabled(False):
        seen.append((x * 2).requires_grad)
    with m.inference_mode():
        seen += [(x * 2).requires_grad, m.is_inference_mode_enabled()]
    return seen, m.is_grad_enabled()


# -------------------------------------------------------------------------------------- conversions
@raises("conversions", "Can't call numpy() on Tensor that requires grad.")
def to_numpy(m: Any) -> Any:
    leaf(m).numpy()


@raises("conversions", "Can't call numpy() on Tensor that requires grad.")
def to_an_array(m: Any) -> Any:
    np.asarray(leaf(m))


@raises("conversions", "a Tensor with 3 elements cannot be converted to Scalar")
def item_of_several(m: Any) -> Any:
    leaf(m).item()


@equal("conversions")
def item_of_one(m: Any) -> Any:
    return leaf(m, 2.0).sum().item()


@raises("conversions", "Only Tensors created explicitly by the user")
def deepcopy_of_a_non_leaf(m: Any) -> Any:
    copy.deepcopy(leaf(m) * 2)


# --------------------------------------------------------------------------- optimizers, printing
@equal("zero_grad")
def forgets_or_fills(m: Any) -> Any:
    layer = m.nn.Linear(2, 1)
    layer(m.ones(1, 2)).sum().backward(create_graph=True)
    layer.zero_grad(set_to_none=False)
    filled = layer.weight.grad.clone(), layer.weight.grad.requires_grad
    layer.zero_grad()
    return filled, layer.weight.grad is None


@raises("optimizers", "can't optimize a non-leaf Tensor")
def of_a_non_leaf(m: Any) -> Any:
    m.optim.SGD([leaf(m) * 2], lr=0.1)


@raises("optimizers", "optimizer got an empty parameter list")
def of_nothing(m: Any) -> Any:
    m.optim.SGD([], lr=0.1)


@raises("optimizers", "Invalid learning rate: -1")
def with_a_negative_rate(m: Any) -> Any:
    m.optim.SGD([leaf(m)], lr=-1)


@raises("shapes", "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)")
def of_a_product(m: Any) -> Any:
    m.ones(2, 3) @ m.ones(2, 3)


@raises("shapes", "The size of tensor a (3) must match the size of tensor b (4)")
def of_a_sum(m: Any) -> Any:
    m.ones(3) + m.ones(4)


@raises("shapes", "shape '[4]' is invalid for input of size 6")
def of_a_view(m: Any) -> Any:
    m.ones(6).view(4)


@raises("shapes", "doesn't match the broadcast shape [3, 2]")
def of_a_write(m: Any) -> Any:
    m.ones(2).add_(m.ones(3, 2))


@raises("shapes", "result type Float can't be cast to the desired output type Long")
def dtype_of_a_write(m: Any) -> Any:
    m.ones(2, dtype=m.int64).add_(m.ones(2))


@equal("repr")
def of_tensors(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    return repr(x), repr(x.sum()), repr(m.nn.Parameter(m.ones(2)))


@equal("execution order")
def newest_first(m: Any) -> Any:
    a, order = leaf(m), []
    c, d = a * 2, a * 3
    c.register_hook(lambda g: order.append("c"))
    d.register_hook(lambda g: order.append("d"))
    (c + d).sum().backward()
    return order


# -------------------------------------------------------------------------------- the rows as tests
@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS)
def test_both_libraries_agree(row: str) -> None:
    assert_alike(ROWS[row])


@pytest.mark.oracle
@pytest.mark.parametrize("row", ERRORS)
def test_both_libraries_refuse(row: str) -> None:
    assert_alike(*ERRORS[row])


@pytest.mark.parametrize("row", ERRORS)
def test_the_phrase_is_there_without_pytorch(row: str) -> None:
    program, phrase = ERRORS[row]
    with pytest.raises((RuntimeError, TypeError, ValueError)) as caught:
        program(gpugrad)
    assert phrase in str(caught.value)


# ---------------------------------------------------------------------- where gpugrad is better
def test_a_number_is_a_seed() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    x.sum().backward(2.0)
    assert x.grad.tolist() == [2.0] * 3


def test_a_write_through_data_is_noticed() -> None:
    w = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = (w * w).sum()
    w.data.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_create_graph_warns_of_nothing() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (x**2).sum().backward(create_graph=True)


def test_tensors_of_inference_mode_are_ordinary_constants() -> None:
    with gpugrad.inference_mode():
        c = gpugrad.ones(3, device="cpu") * 2
    c.add_(1)
    w = gpugrad.ones(3, device="cpu", requires_grad=True)
    (w * c).sum().backward()
    assert w.grad.tolist() == [3.0] * 3
    assert c._version != 0
