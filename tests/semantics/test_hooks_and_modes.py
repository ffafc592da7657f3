"""Rows of section D1 about hooks, saved tensors and anomaly mode, on gpugrad and on PyTorch."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import pytest

import gpugrad
from gpugrad import autograd, memory
from tests.alike import assert_alike, data

Program = Callable[[Any], Any]
ROWS: dict[str, Program] = {}
ERRORS: dict[str, tuple[Program, str]] = {}


def leaf(m: Any, *values: float) -> Any:
    return m.tensor(values or [1.0, 2.0, 3.0], dtype=m.float64, requires_grad=True)


def equal(program: Program) -> Program:
    return ROWS.setdefault(program.__name__, program)


def raises(phrase: str) -> Callable[[Program], Program]:
    return lambda program: ERRORS.setdefault(program.__name__, (program, phrase))[0]


# -------------------------------------------------------------------------------------------- hooks
@equal
def the_order_at_one_node(m: Any) -> Any:
    x, order = leaf(m), []
    y = x.exp()
    y.retain_grad()
    y.register_hook(lambda g: order.append("tensor hook 1"))
    y.grad_fn.register_prehook(lambda grads: order.append("prehook"))
    y.grad_fn.register_hook(lambda grads, outs: order.append("hook"))
    y.register_hook(lambda g: order.append("tensor hook 2"))
    x.register_hook(lambda g: order.append("leaf hook"))
    x.register_post_accumulate_grad_hook(lambda t: order.append(t.grad is not None))
    (y * 2).sum().backward()
    return order


@equal
def hooks_replace_gradients(m: Any) -> Any:
    x = leaf(m)
    y = x * 3
    y.register_hook(lambda g: g * 2)
    y.grad_fn.register_prehook(lambda grads: (grads[0] + 1,))
    y.grad_fn.register_hook(lambda grads, outs: (grads[0] * 10, *grads[1:]))
    y.sum().backward()
    return x.grad


@equal
def a_node_hook_sees_both_sides(m: Any) -> Any:
    x, w, seen = leaf(m), leaf(m), []
    y = x * w
    y.grad_fn.register_hook(lambda grads, outs: seen.append([*grads, *outs]))
    y.sum().backward()
    return seen


@equal
def an_input_that_is_used_twice(m: Any) -> Any:
    x, seen = leaf(m), []
    y = x * x
    y.grad_fn.register_hook(lambda grads, outs: seen.append(list(grads)))
    y.sum().backward()
    return seen, x.grad


@equal
def a_node_with_several_outputs(m: Any) -> Any:
    x, seen = leaf(m), []
    first, second = x.split([1, 2])
    first.grad_fn.register_prehook(lambda grads: seen.append([g is None for g in grads]))
    first.grad_fn.register_hook(lambda grads, outs: seen.append(list(grads)))
    (second * 2).sum().backward()
    return first.grad_fn is second.grad_fn, x.grad, seen[-1]


@equal
def leaf_hooks_fire_for_grad_but_not_those_after_accumulation(m: Any) -> Any:
    x, seen = leaf(m), []
    x.register_hook(lambda g: seen.append("hook"))
    x.register_post_accumulate_grad_hook(lambda t: seen.append("after"))
    m.autograd.grad((x * x + x).sum(), x)
    return seen


@equal
def a_hook_is_called_once_with_the_sum(m: Any) -> Any:
    x, seen = leaf(m), []
    y = x * 1
    y.register_hook(seen.append)
    (y * 2 + y * 3).sum().backward()
    return seen


@equal
def hooks_stay_with_the_value_that_was_overwritten(m: Any) -> Any:
    x, seen = leaf(m), []
    y = x * 1
    y.register_hook(lambda g: seen.append("old"))
    y.mul_(2)
    y.register_hook(lambda g: seen.append("new"))
    y.sum().backward()
    return seen, x.grad


@equal
def a_removed_hook_is_gone(m: Any) -> Any:
    x, seen = leaf(m), []
    with x.register_hook(lambda g: seen.append(1)):
        x.sum().backward()
    x.sum().backward()
    return seen


@equal
def hooks_of_the_accumulator(m: Any) -> Any:
    x, seen = leaf(m), []
    node = m.autograd.graph.get_gradient_edge(x).node
    node.register_prehook(lambda grads: seen.append("before") or (grads[0] * 2,))
    node.register_hook(lambda grads, outs: seen.append((len(grads), x.grad is not None)))
    x.sum().backward()
    return seen, x.grad, node.name()


@raises("hook '<lambda>' has changed the size of value")
def a_hook_of_another_size(m: Any) -> Any:
    x = leaf(m)
    x.register_hook(lambda g: g[:1])
    x.sum().backward()


@raises("expected Variable, but hook returned 'int'")
def a_hook_of_another_type(m: Any) -> Any:
    x = leaf(m)
    x.register_hook(lambda g: 1)
    x.sum().backward()


@raises("cannot register a hook on a tensor that doesn't require gradient")
def a_hook_on_a_constant(m: Any) -> Any:
    m.ones(2).register_hook(lambda g: g)


@raises("post accumulate grad hooks cannot be registered on non-leaf tensors")
def a_post_hook_on_a_non_leaf(m: Any) -> Any:
    (leaf(m) * 2).register_post_accumulate_grad_hook(lambda t: None)


@equal
def multi_grad_hooks(m: Any) -> Any:
    x, w, seen = leaf(m), leaf(m), []
    y = x * w
    register = m.autograd.graph.register_multi_grad_hook
    register([x, w, y], lambda grads: seen.append([g is not None for g in grads]))
    register([x, w], lambda g: seen.append("any"), mode="any")
    y.sum().backward()
    return seen


@equal
def an_exception_in_a_hook_leaves_what_had_not_run(m: Any) -> Any:
    x, w = leaf(m), leaf(m)
    y = x.exp()
    handle = y.register_hook(lambda g: 1 / 0)
    root = (y + w).sum()
    try:
        root.backward()
    except ZeroDivisionError:
        handle.remove()
    before = x.grad is None
    root.backward()
    return before, x.grad


# ------------------------------------------------------------------------------------- graph, edges
@equal
def names_and_edges(m: Any) -> Any:
    x = leaf(m)
    y = (x * 2).sum()
    mul = y.grad_fn.next_functions[0][0]
    accumulate = mul.next_functions[0][0]
    return (y.grad_fn.name(), mul.name(), accumulate.name(), accumulate.variable is x,
            isinstance(mul, m.autograd.graph.Node))  # fmt: skip


@equal
def nodes_carry_notes(m: Any) -> Any:
    y = leaf(m) * 2
    y.grad_fn.metadata["note"] = 7
    return y.grad_fn.metadata["note"]


@equal
def edges_stand_for_tensors(m: Any) -> Any:
    x = leaf(m)
    h = x * 2
    edge_of = m.autograd.graph.get_gradient_edge
    first, second = edge_of(h), edge_of(x)
    y = (h * h).sum()
    del h
    root = edge_of(y)
    return (m.autograd.grad(y, [first, second], retain_graph=True),
            m.autograd.grad(root, second, m.ones((), dtype=m.float64)))  # fmt: skip


@equal
def edges_of_one_of_several_outputs(m: Any) -> Any:
    x = leaf(m)
    first, second = x.split([1, 2])
    edge = m.autograd.graph.get_gradient_edge(second)
    y = (second * 3 + first).sum()
    return edge.output_nr, m.autograd.grad(y, edge)


# ------------------------------------------------------------------------------ saved tensors hooks
@equal
def pack_is_called_for_every_slot(m: Any) -> Any:
    x, packed = leaf(m), []

    def pack(t: Any) -> Any:
        packed.append(tuple(t.shape))
        return t * 1

    with m.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = (x * x).sum() + (x * 2).sum()
    y.backward()
    return packed, x.grad


@equal
def unpack_may_change_the_value(m: Any) -> Any:
    x = leaf(m)
    hooks = m.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: t.tolist(), lambda v: m.tensor(v, dtype=m.float64) * 10):
        y = x.exp().sum()
    y.backward()
    return x.grad


@equal
def the_innermost_hooks_pack(m: Any) -> Any:
    seen: list[str] = []
    hooks = m.autograd.graph.saved_tensors_hooks

    def pack(name: str) -> Any:
        return lambda t: seen.append(name) or t

    with hooks(pack("outer"), lambda t: t), hooks(pack("inner"), lambda t: t):
        leaf(m).exp()
    return seen


@equal
def packed_values_can_be_differentiated_again(m: Any) -> Any:
    x = leaf(m)
    with m.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = (x**3).sum()
        (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, m.autograd.grad(g.sum(), x)


@raises("A saved tensor pack hook is modifying its input in place")
def packing_in_place(m: Any) -> Any:
    with m.autograd.graph.saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t):
        (leaf(m) * 1).exp()


@raises("Output of saved tensor unpack_hook expected to be a Tensor but got result of type")
def unpacking_something_else(m: Any) -> Any:
    with m.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 5):
        y = leaf(m).exp()
    y.sum().backward()


@raises("not here")
def hooks_where_they_are_disabled(m: Any) -> Any:
    graph = m.autograd.graph
    with graph.disable_saved_tensors_hooks("not here"), graph.saved_tensors_hooks(
        lambda t: t, lambda t: t
    ):
        pass


@equal
def save_on_cpu(m: Any) -> Any:
    x = leaf(m)
    with m.autograd.graph.save_on_cpu():
        y = (x.exp() * x).sum()
    return m.autograd.grad(y, x)


@equal
def writing_over_saved_values_where_it_is_allowed(m: Any) -> Any:
    x = leaf(m)
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        y = x.exp()
        z = y.sin()
        y.mul_(0)
        z.sum().backward()
    return x.grad


# ------------------------------------------------------------------------------------- anomaly mode
@raises("Function 'SqrtBackward0' returned nan values in its 0th output.")
def a_nan_is_found(m: Any) -> Any:
    with m.autograd.detect_anomaly():
        (leaf(m, -1.0, 4.0).sqrt() * 2).sum().backward()


@equal
def nans_are_not_looked_for(m: Any) -> Any:
    x = leaf(m, -1.0, 4.0)
    with m.autograd.set_detect_anomaly(True, check_nan=False):
        x.sqrt().sum().backward()
    return x.grad[1], m.is_anomaly_enabled()


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
    with pytest.raises((RuntimeError, TypeError)) as caught:
        program(gpugrad)
    assert phrase in str(caught.value)


# --------------------------------------------------------------------------- what only gpugrad says
def outer() -> gpugrad.Tensor:
    return inner(gpugrad.tensor([-1.0, 4.0], device="cpu", requires_grad=True))


def inner(x: gpugrad.Tensor) -> gpugrad.Tensor:
    return (x.log() * 2).sqrt().sum()


def test_anomaly_mode_names_the_first_nan_and_shows_the_whole_stack() -> None:
    with autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        outer().backward()
    assert "LogBackward0" in str(caught.value).split("first")[1]
    notes = "\n".join(caught.value.__notes__).split("innermost last:")[1]
    assert notes.index("in outer") < notes.index("in inner")


def test_every_failing_backward_says_which_line_recorded_the_node() -> None:
    y = data(gpugrad, 3, device="cpu").requires_grad_().exp()
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        y.sum().backward()
    assert "test_hooks_and_modes.py" in "\n".join(caught.value.__notes__)


def test_a_hook_that_packs_its_argument_makes_no_cycle() -> None:
    before = memory.held()
    with autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = data(gpugrad, 3, device="cpu").requires_grad_().exp()
    known = weakref.ref(y.grad_fn)
    del y
    assert known() is None
    assert memory.held() == before


def test_nodes_can_be_known_weakly() -> None:
    y = data(gpugrad, 3, device="cpu").requires_grad_() * 2
    known = weakref.ref(y.grad_fn)
    assert known() is y.grad_fn
    del y
    assert known() is None


def test_a_hook_on_several_gradients_works_with_grad_too() -> None:
    x = data(gpugrad, 3, device="cpu").requires_grad_()
    y = x * 2
    seen: list[list[bool]] = []
    autograd.graph.register_multi_grad_hook(
        [x, y], lambda grads: seen.append([g is not None for g in grads])
    )
    autograd.grad(y.sum(), y, retain_graph=True)
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward(retain_graph=True)
    autograd.grad((x * 3).sum(), x)
    assert seen == [[False, True], [True, False]]
