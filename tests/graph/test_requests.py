"""What backward and grad can be asked for: roots, seeds, inputs; and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import gpugrad
from gpugrad import autograd
from gpugrad.errors import GraphError, GraphFreedError, NoGradError, ShapeError, UnusedInputError


def leaf(*values: float) -> gpugrad.Tensor:
    return gpugrad.tensor([float(v) for v in values], device="cpu", requires_grad=True)


# -------------------------------------------------------------------------------- roots and seeds
def test_several_roots_share_one_pass() -> None:
    x = leaf(1, 2, 3)
    y = x * x
    autograd.backward([y.sum(), (y * 2).sum()])
    assert x.grad.tolist() == [6, 12, 18]


def test_the_same_root_twice_counts_twice() -> None:
    x = leaf(1, 2)
    y = (x * x).sum()
    autograd.backward([y, y])
    assert x.grad.tolist() == [4, 8]


def test_a_root_inside_the_graph_of_another_root() -> None:
    x = leaf(1, 2)
    y = x * x
    autograd.backward([y, (y * 3).sum()], [gpugrad.ones(2, device="cpu"), None])
    assert x.grad.tolist() == [8, 16]


def test_a_leaf_may_be_a_root() -> None:
    x = leaf(5.0)
    x.backward()
    assert x.grad.tolist() == [1]
    autograd.backward([x, (x * x).sum()])
    assert x.grad.tolist() == [12]


@pytest.mark.parametrize("seed", [gpugrad.tensor([1.0, 10.0], device="cpu"), np.array([1.0, 10.0])])
def test_a_seed_weighs_the_elements_of_the_root(seed) -> None:
    x = leaf(1, 2)
    (x * x).backward(gradient=seed)
    assert x.grad.tolist() == [2, 40]


def test_a_number_seeds_a_root_of_one_element() -> None:
    x = leaf(3.0)
    (x * x).backward(2.0)
    assert x.grad.tolist() == [12]


def test_a_root_with_several_elements_needs_a_seed() -> None:
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        (leaf(1, 2) * 2).backward()


def test_a_seed_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="Mismatch in shape"):
        (leaf(1, 2, 3) * 2).backward(gpugrad.ones(1, device="cpu"))


def test_a_root_without_graph_is_refused() -> None:
    with pytest.raises(NoGradError, match="element 0 of tensors does not require grad"):
        gpugrad.ones(1, device="cpu").backward()


# ----------------------------------------------------------------------------------------- inputs
def test_inputs_name_the_only_tensors_that_get_gradients() -> None:
    x, w = leaf(1, 2), leaf(3, 4)
    h = x * w
    h.sum().backward(inputs=[h, w])
    assert h.grad.tolist() == [1, 1]
    assert w.grad.tolist() == [1, 2]
    assert x.grad is None


def test_grad_returns_gradients_and_leaves_grad_alone() -> None:
    x, w = leaf(1, 2), leaf(3, 4)
    gx, gw = autograd.grad((x * w).sum(), [x, w])
    assert (gx.tolist(), gw.tolist()) == ([3, 4], [1, 2])
    assert x.grad is None
    assert w.grad is None


def test_grad_with_respect_to_a_value_in_the_middle() -> None:
    x = leaf(1, 2)
    h = x * x
    (gh,) = autograd.grad((h * 3).sum(), h, retain_graph=True)
    assert gh.tolist() == [3, 3]


def test_grad_with_respect_to_a_value_and_to_what_lies_below_it() -> None:
    x = leaf(1, 2)
    h = x * x
    gx, gh = autograd.grad((h * 3).sum(), [x, h])
    assert (gx.tolist(), gh.tolist()) == ([6, 12], [3, 3])


def test_grad_with_respect_to_the_root_is_the_seed() -> None:
    y = leaf(1.0) * 2
    (g,) = autograd.grad(y, y)
    assert g.tolist() == [1]


def test_grad_leaves_what_lies_below_the_inputs_untouched() -> None:
    x = leaf(1, 2)
    h = x.exp()
    autograd.grad((h * h).sum(), h)
    h.sum().backward()
    assert x.grad.tolist() == h.tolist()


def test_an_unused_input_is_refused_unless_allowed() -> None:
    x, unused = leaf(1, 2), leaf(1)
    y = (x * x).sum()
    with pytest.raises(UnusedInputError, match=r"index 1.*allow_unused=True"):
        autograd.grad(y, [x, unused])
    gx, missing = autograd.grad(y, [x, unused], allow_unused=True, retain_graph=True)
    assert gx.tolist() == [2, 4]
    assert missing is None
    _, zeros = autograd.grad(y, [x, unused], materialize_grads=True)
    assert zeros.tolist() == [0]


def test_contradictory_requests_are_refused() -> None:
    x = leaf(1, 2)
    with pytest.raises(ValueError, match="allow_unused to be True"):
        autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)
    with pytest.raises(GraphError, match="cannot be empty"):
        autograd.grad(x.sum(), [])
    with pytest.raises(GraphError, match="cannot be empty"):
        x.sum().backward(inputs=[])
    with pytest.raises(NoGradError, match="does not require grad"):
        autograd.grad(x.sum(), gpugrad.ones(2, device="cpu"))


def test_a_released_node_is_never_passed_over_in_silence() -> None:
    x = leaf(1, 2)
    trunk = x * 2
    trunk.sum().backward()
    with pytest.raises(GraphFreedError):  # half of the gradient would be missing
        autograd.grad((trunk + x * 3).sum(), x)


def test_a_released_node_on_another_path_does_no_harm() -> None:
    x, other = leaf(1, 2), leaf(3, 4)
    trunk = other * 2
    trunk.sum().backward()
    (g,) = autograd.grad((trunk + x * 3).sum(), x)
    assert g.tolist() == [3, 3]


# ------------------------------------------------------------------------------------------ order
def test_the_newest_node_runs_first_and_every_node_once() -> None:
    seen: list[str] = []
    x = leaf(1, 2)
    c, d = x * 2, x * 3
    e = c + d
    for name, value in (("c", c), ("d", d), ("e", e)):
        value.register_hook(lambda g, name=name: seen.append(name))
    (e * c).sum().backward()
    assert seen == ["e", "d", "c"]
    assert x.grad.tolist() == [2 * 2 * 5, 2 * 2 * 5 * 2]


def test_a_diamond_sums_what_arrives() -> None:
    x = leaf(3.0)
    for _ in range(20):
        x2 = x + x
        y = x2 + x2 * 0
    y.backward()
    assert x.grad.tolist() == [2]
