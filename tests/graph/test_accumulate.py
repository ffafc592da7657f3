"""How gradients arrive: the first is taken over, later ones are added to the same tensor."""

from __future__ import annotations

import pytest

import gpugrad
from gpugrad.graph import run

N = 5000


def leaf(value: float = 1.0) -> gpugrad.Tensor:
    return gpugrad.full((N,), value, device="cpu").requires_grad_()


def test_the_first_gradient_is_taken_over_without_a_copy() -> None:
    x = leaf()
    arrays = []

    class Rule:
        name, slots, sources = "Probe", (), ()

        @staticmethod
        def backward(node, g, pending) -> None:
            made = g * 2
            arrays.append(made.ctypes.data)
            pending[node.edges[0]] = made

    y = x + 0
    y.node.rule = Rule()
    run([y], [y.array.copy()], retain_graph=False, create_graph=False, accumulate=True)
    assert x.grad.array.ctypes.data == arrays[0]


def test_later_gradients_go_into_the_same_tensor() -> None:
    x = leaf()
    (x * 2).sum().backward()
    first, version = x.grad, x.grad._version
    (x * 3).sum().backward()
    assert x.grad is first
    assert first[0].item() == 5
    assert first._version > version


def test_with_create_graph_a_new_tensor_arrives_each_time() -> None:
    x = leaf()
    (x * x).sum().backward(create_graph=True)
    first = x.grad
    (x * x).sum().backward(create_graph=True)
    assert x.grad is not first
    assert first[0].item() == 2
    assert x.grad[0].item() == 4
    assert x.grad.requires_grad


def test_gradients_of_two_leaves_never_share_bytes() -> None:
    a, b = leaf(), leaf()
    (a + b).sum().backward()
    a.grad.zero_()
    assert b.grad[0].item() == 1


def test_gradients_of_two_leaves_never_share_bytes_with_create_graph() -> None:
    a, b = leaf(), leaf()
    (a + b).sum().backward(create_graph=True)
    (a * 1).sum().backward()  # in place into a.grad
    assert a.grad[0].item() == 2
    assert b.grad[0].item() == 1


def test_the_users_seed_is_never_taken_over() -> None:
    x = leaf()
    seed = gpugrad.ones(N, device="cpu")
    (x + 0).backward(seed)
    (x + 0).backward(seed)
    assert seed[0].item() == 1
    assert x.grad[0].item() == 2


def test_a_gradient_kept_by_a_hook_is_not_written_over() -> None:
    x = leaf()
    kept = []
    x.register_hook(lambda g: kept.append(g))
    (x + 0).sum().backward()
    (x + 0).sum().backward()
    assert [g[0].item() for g in kept] == [1, 1]
    assert x.grad[0].item() == 2


@pytest.mark.parametrize("n", [10, 5000, 200_000])
def test_gradients_kept_along_the_way_are_not_written_over(n: int) -> None:
    values = [gpugrad.linspace(0, 1, n, device="cpu").requires_grad_()]
    for _ in range(5):
        values.append(values[-1].sin() + values[-1])
        values[-1].retain_grad()
    values[-1].sum().backward()
    expected = gpugrad.ones(n, device="cpu")
    for before, after in zip(values[-2::-1], values[:0:-1], strict=True):
        assert (after.grad - expected).abs().max().item() < 1e-5
        expected = expected * (before.detach().cos() + 1)
    assert (values[0].grad - expected).abs().max().item() < 1e-4


def test_a_broadcast_gradient_arrives_as_memory_of_its_own() -> None:
    x = leaf()
    x.sum().backward()
    x.grad[0] = 7
    assert x.grad[1].item() == 1


def test_the_gradient_has_the_dtype_and_shape_of_its_leaf() -> None:
    x = gpugrad.ones(3, 1, dtype=gpugrad.float16, device="cpu", requires_grad=True)
    y = x.float() * gpugrad.ones(3, 4, device="cpu")
    y.sum().backward()
    assert x.grad.dtype == gpugrad.float16
    assert tuple(x.grad.shape) == (3, 1)
    assert x.grad.tolist() == [[4], [4], [4]]


def test_gradients_that_meet_in_place_leave_saved_values_alone() -> None:
    x = leaf(2.0)
    y = x * x
    (y + y * y + y).sum().backward()
    assert x.grad[0].item() == pytest.approx(2 * 2 * (1 + 2 * 4 + 1))


# ------------------------------------------------------------------------------------ retain_grad
def test_retain_grad_fills_grad_of_a_value_in_the_middle() -> None:
    x = leaf()
    h = x * 2
    h.retain_grad()
    loss = (h * 3).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert h.grad[0].item() == 6  # the sum of both passes, as for a leaf
    assert x.grad[0].item() == 12


def test_retain_grad_sees_the_gradient_after_all_hooks() -> None:
    x = leaf()
    h = x * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    h.sum().backward()
    assert h.grad[0].item() == 10
    assert x.grad[0].item() == 20


def test_retain_grad_needs_a_graph() -> None:
    with pytest.raises(RuntimeError, match="can't retain_grad"):
        gpugrad.ones(1, device="cpu").retain_grad()


# ------------------------------------------------------------------------------------------ hooks
def test_tensor_hooks_run_in_order_and_may_replace_the_gradient() -> None:
    x = leaf()
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    x.sum().backward()
    assert x.grad[0].item() == 20


def test_a_removed_hook_no_longer_runs() -> None:
    x = leaf()
    x.register_hook(lambda g: g * 10).remove()
    x.sum().backward()
    assert x.grad[0].item() == 1


def test_a_hook_may_not_change_shape_or_type() -> None:
    x = leaf()
    handle = x.register_hook(lambda g: g[:3])
    with pytest.raises(RuntimeError, match="has changed the size of value"):
        x.sum().backward()
    handle.remove()
    x.register_hook(lambda g: 1)
    with pytest.raises(TypeError, match="hook returned 'int'"):
        x.sum().backward()
    assert x.grad is None
