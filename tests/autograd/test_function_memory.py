"""What custom Functions keep: counted, named, released with the node, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict, namedtuple
from pathlib import Path
from threading import Thread

import pytest

import gpugrad
from gpugrad import memory
from gpugrad.autograd import Function, grad
from gpugrad.autograd.function import once_differentiable
from gpugrad.errors import GraphFreedError
from gpugrad.graph import live_nodes, live_tensors
from gpugrad.utils.checkpoint import checkpoint

N = 1000
BYTES = 4 * N


def leaf() -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1, N).requires_grad_()


def slots(tensor: gpugrad.Tensor) -> list[str]:
    """``Node.slot`` of all that the graph keeps."""
    return [f"{n.name}.{s.name}" for n in memory.graph(tensor).nodes for s in n.saved]


class Everything(Function):
    """Keeps an input, an output and a value from inside."""

    @staticmethod
    def forward(ctx, x, scale, weight):
        inside = x * 2
        y = inside * weight
        ctx.save_for_backward(weight, None, inside, y)
        return y

    @staticmethod
    def backward(ctx, g):
        weight, _, inside, _ = ctx.saved_tensors
        return 2 * g * weight, None, g * inside


class Attributes(Function):
    """The same on ctx, where PyTorch does not see it."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.scale = 2
        ctx.x = x
        ctx.parts = [weight, 7, (x * 2, "s")]
        ctx.y = x * weight
        ctx.named = {"result": ctx.y}
        return ctx.y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.parts[0], g * ctx.parts[2][0] / ctx.scale


# ------------------------------------------------------------------------------------- the account
def test_a_report_names_what_a_function_keeps() -> None:
    y = Everything.apply(leaf(), 2, leaf())
    names = ["weight", "saved_tensors[2]", "result"]
    assert slots(y) == [f"EverythingBackward.{name}" for name in names]
    assert memory.graph(y).naive_bytes == 3 * BYTES
    assert "Everything.weight" in str(memory.graph(y))


def test_attributes_are_counted_under_their_names() -> None:
    before = memory.held()
    x, weight = leaf(), leaf()
    y = Attributes.apply(x, weight)
    names = ["x", "parts[0]", "parts[2][0]", "y", "named['result']"]
    assert slots(y) == [f"AttributesBackward.{name}" for name in names]
    assert memory.held() - before == memory.graph(y).unique_bytes == 4 * BYTES


def test_several_outputs_are_told_apart() -> None:
    class Both(Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(inputs[1], out := inputs[0] * 2, index := inputs[0].long())
            return inputs[0] * 3, out, index

    y, _, _ = Both.apply(leaf(), leaf())
    names = ["inputs[1]", "result1", "saved_tensors[2]"]
    assert slots(y) == [f"BothBackward.{name}" for name in names]


@pytest.mark.parametrize("function", [Everything, Attributes])
def test_backward_releases_all_of_it(function) -> None:
    before = memory.held()
    x, weight = leaf(), leaf()
    y = function.apply(x, 2, weight) if function is Everything else function.apply(x, weight)
    y.sum().backward()
    assert memory.held() == before
    assert gpugrad.allclose(x.grad, weight * (2 if function is Everything else 1))
    assert gpugrad.allclose(weight.grad, x * (2 if function is Everything else 1))


def test_retain_graph_keeps_attributes_for_another_pass() -> None:
    y = Attributes.apply(leaf(), leaf())
    before = memory.held()
    y.sum().backward(retain_graph=True)
    assert memory.held() == before
    y.sum().backward()
    assert memory.held() == before - 4 * BYTES


def test_an_error_says_that_attributes_go_with_the_node() -> None:
    y = Attributes.apply(leaf(), leaf())
    y.sum().backward()
    words = r"second time[\s\S]*note +ctx.x, ctx.parts\[0\]"
    with pytest.raises(GraphFreedError, match=words):
        y.sum().backward()
    for name in ("x", "parts", "named", "saved_tensors", "_saved_x"):
        with pytest.raises(GraphFreedError, match=words):
            getattr(y.grad_fn, name)
    assert y.grad_fn.scale == 2


def test_attributes_are_read_from_the_node() -> None:
    x, weight = leaf(), leaf()
    y = Attributes.apply(x, weight)
    node = y.grad_fn
    assert node.x is x
    assert node.y.grad_fn is node
    assert gpugrad.equal(node._saved_x, x)
    assert (node.parts[1], node.parts[2][1]) == (7, "s")
    with pytest.raises(AttributeError, match="nothing"):
        node.nothing  # noqa: B018


def test_containers_come_back_as_what_they_were() -> None:
    Pair = namedtuple("Pair", "first second")

    class Kept(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.pair = Pair(x, 1)
            ctx.ordered = OrderedDict(b=x, a=2)
            ctx.plain = plain
            return x * 2

    plain = [1, [2]]
    y = Kept.apply(leaf())
    assert type(y.grad_fn.pair) is Pair
    assert y.grad_fn.pair.second == 1
    assert list(y.grad_fn.ordered) == ["b", "a"]
    assert type(y.grad_fn.ordered) is OrderedDict
    assert y.grad_fn.plain is plain


def test_a_backward_that_asks_once_lets_go_at_once() -> None:
    class Once(Function):
        clear_saved_tensors_on_access = True

        @staticmethod
        def forward(ctx, x):
            ctx.half = x / 2
            ctx.save_for_backward(x * 3)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            (three,) = ctx.saved_tensors
            held.append(memory.held())
            return g * three * ctx.half

    held: list[int] = []
    before = memory.held()
    x = leaf()
    y = Once.apply(x)
    assert memory.held() == before + 2 * BYTES
    y.sum().backward(retain_graph=True)
    assert held == [before]
    assert gpugrad.allclose(x.grad, 1.5 * x * x)
    with pytest.raises(RuntimeError):
        y.sum().backward()


def test_a_checkpoint_keeps_nothing_of_a_function_inside_it() -> None:
    x, weight = leaf(), leaf()
    y = checkpoint(lambda x: Everything.apply(x, 2, weight).sin(), x)
    assert memory.graph(y).unique_bytes == BYTES
    y.sum().backward()
    first = x.grad
    x.grad = None
    Everything.apply(x, 2, weight).sin().sum().backward()
    assert (x.grad == first).all()


def test_rules_of_a_function_do_not_pile_up() -> None:
    class Numbered(Function):
        @staticmethod
        def forward(ctx, x, number):
            ctx.cache = {number: x}
            return x * 2

    for number in range(1000):
        Numbered.apply(leaf(), number)
    assert len(Numbered._rules) <= 100


def test_the_account_can_be_switched_off() -> None:
    program = """
import gpugrad as torch
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.x = x
        return x * x
    @staticmethod
    def backward(ctx, g):
        return g * (ctx.x + ctx.saved_tensors[0])
x = torch.ones(2, requires_grad=True, device="cpu")
Square.apply(x).sum().backward()
assert x.grad.tolist() == [2, 2]
"""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True,
                   env={"GPUGRAD_LEDGER": "off", "PYTHONPATH": str(root)})  # fmt: skip


def test_threads_share_a_function_and_a_leaf() -> None:
    def work() -> None:
        for _ in range(100):
            Everything.apply(x, 2, weight).sum().backward()

    x, weight = gpugrad.ones(4, requires_grad=True), gpugrad.ones(4)
    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.tolist() == [800] * 4


# ----------------------------------------------------------------------------------- left behind
def once(function):
    """``function`` with a backward that may run once only."""
    backward = staticmethod(once_differentiable(function.backward))
    return type("Once", (function,), {"backward": backward})


def call_and_drop() -> None:
    Everything.apply(leaf(), 2, leaf())


def keep_outputs_as_attributes() -> None:
    Attributes.apply(leaf(), leaf())


def run_backward() -> None:
    Attributes.apply(leaf(), leaf()).sum().backward()


def record_backward() -> None:
    x = leaf()
    for function in (Attributes, once(Attributes)):
        (g,) = grad((function.apply(x, leaf()) ** 2).sum(), x, create_graph=True)
    assert g.requires_grad


def leave_a_recorded_gradient_in_the_leaf() -> None:
    x = leaf()
    (Attributes.apply(x, leaf()) ** 2).sum().backward(create_graph=True)


def return_an_input() -> None:
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            ctx.save_for_backward(x)
            return x, x.view(10, -1), x[0]

        @staticmethod
        def backward(ctx, *g):
            return ctx.x * 1

    x = leaf()
    same, view, first = Same.apply(x)
    (same.sum() + view.sum() + first).backward()


def write_to_an_input() -> None:
    class Doubled(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            ctx.save_for_backward(x)
            ctx.x = [x]
            return x

        @staticmethod
        def backward(ctx, g):
            return g * ctx.x[0] * ctx.saved_tensors[0]

    h = leaf() * 1
    view = h[:10]
    Doubled.apply(h)
    view.sum().backward()
    h = leaf() * 1
    Doubled.apply(h[:10])


def write_to_the_base_of_a_view() -> None:
    class View(Function):
        @staticmethod
        def forward(ctx, x):
            return x.view(10, -1)

    h = leaf() * 1
    y = View.apply(h)
    h.add_(1)
    with pytest.raises(RuntimeError):
        y.sum().backward()


def keep_a_graph_of_its_own() -> None:
    class Inner(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x.detach().requires_grad_()
            with gpugrad.enable_grad():
                ctx.y = ctx.x.exp()
            return ctx.y.detach()

        @staticmethod
        def backward(ctx, g):
            ctx.y.backward(g)
            return ctx.x.grad

    x = leaf()
    Inner.apply(x)
    Inner.apply(x).sum().backward()


def fail_in_forward() -> None:
    class Failing(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = y = x * 2
            ctx.save_for_backward(y)
            raise KeyError

    with pytest.raises(KeyError):
        Failing.apply(leaf())
    assert gpugrad.is_grad_enabled()


def save_what_is_no_tensor() -> None:
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.y = x * 2
            ctx.save_for_backward(ctx.y, 3)
            return ctx.y

    with pytest.raises(TypeError):
        Wrong.apply(leaf())


DROPPED = [
    call_and_drop, keep_outputs_as_attributes, run_backward, record_backward,
    leave_a_recorded_gradient_in_the_leaf, return_an_input, write_to_an_input,
    write_to_the_base_of_a_view, keep_a_graph_of_its_own, fail_in_forward, save_what_is_no_tensor,
]  # fmt: skip


@pytest.mark.parametrize("program", DROPPED, ids=lambda program: program.__name__)
def test_what_is_dropped_is_freed_at_once(program) -> None:
    program()  # what is made once for all is made now
    before = memory.held(), len(live_nodes()), len(live_tensors())
    program()
    assert (memory.held(), len(live_nodes()), len(live_tensors())) == before


def test_a_backward_that_raises_leaves_what_has_not_run_for_a_retry() -> None:
    class Failing(Attributes):
        @staticmethod
        def backward(ctx, g):
            if broken:
                raise KeyError
            return Attributes.backward(ctx, g)

    broken = [True]
    x, weight = leaf(), leaf()
    y = Failing.apply(x, weight)
    loss = y.sum()
    before = memory.held()
    with pytest.raises(KeyError):
        loss.backward()
    assert x.grad is None
    assert memory.held() == before
    broken.clear()
    loss.backward()
    assert gpugrad.allclose(x.grad, weight)
