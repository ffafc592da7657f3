"""Custom Functions do what PyTorch's do: the same programs, run on both libraries.

A program says ``torch`` for either library and leaves what is to be compared in ``result``. What
it raises is compared by class and by the words of PyTorch's message.
"""

from __future__ import annotations

import textwrap
import warnings
from typing import Any

import pytest

import gpugrad

PRELUDE = """
Function = torch.autograd.Function
once_differentiable = torch.autograd.function.once_differentiable
def leaf(n=2, **options):
    return torch.arange(1., n + 1, **options).requires_grad_()
def made(forward, backward=lambda ctx, *g: g[0], **others):
    methods = dict(forward=forward, backward=backward, **others)
    return type("A", (Function,), {n: staticmethod(f) for n, f in methods.items()})
def of(*tensors):
    return [None if t is None else t.tolist() for t in tensors]
class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x
class Cube(Function):
    @staticmethod
    def forward(x):
        square = x * x
        return x * square, square
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs, output[1])
    @staticmethod
    def backward(ctx, g, h):
        x, square = ctx.saved_tensors
        return 3 * g * square + 2 * h * x
x = leaf(3)
"""


def run(text: str, library: Any) -> Any:
    """What a program leaves in ``result``."""
    scope: dict[str, Any] = {"torch": library}
    with warnings.catch_warnings():
        if library is not gpugrad:
            warnings.simplefilter("ignore")
        exec(PRELUDE + textwrap.dedent(text), scope)
    return scope.get("result")


SAME = {
    "values and gradients": """
        y = Square.apply(x)
        y.backward(torch.ones(3))
        result = of(y, x.grad), y.requires_grad, y.is_leaf""",
    "setup_context and several outputs": """
        y, square = Cube.apply(x)
        (y.sum() + 2 * square.sum()).backward()
        result = of(y, square, x.grad), y.output_nr, square.output_nr""",
    "only one of several outputs is used": """
        Cube.apply(x)[1].sum().backward()
        result = of(x.grad)""",
    "numbers, None and strings as arguments": """
        A = made(lambda ctx, n, x, name, nothing: x * n, lambda ctx, g: (None, 5 * g, None, None))
        A.apply(2, x, "n", None).sum().backward()
        result = of(x.grad)""",
    "defaults and keywords with setup_context": """
        def setup(ctx, inputs, output):
            ctx.n = inputs[1]
            seen.append(len(inputs))
        seen = []
        A = made(lambda x, n=3: x * n, lambda ctx, g: (g * ctx.n, None), setup_context=setup)
        (A.apply(x) + A.apply(x, 4) + A.apply(x, n=5)).sum().backward()
        result = of(x.grad), seen""",
    "keywords of a combined forward": """
        A = made(lambda ctx, x, n: x * n, lambda ctx, g: (g * 7, None))
        y = A.apply(x, n=3)
        y.sum().backward()
        result = of(y, x.grad)""",
    "None, numbers, strings and lists among the outputs": """
        seen = []
        A = made(lambda ctx, x: (x * 2, None, 3, "s", [x]),
                 lambda ctx, *g: (seen.append(g), g[0])[1])
        outputs = A.apply(x)
        outputs[0].sum().backward()
        result = outputs[1:4], [g is None for g in seen[0]], of(x.grad)""",
    "a tuple of one": """
        outputs = made(lambda ctx, x: (x * 2,)).apply(x)
        outputs[0].sum().backward()
        result = type(outputs) is tuple, of(x.grad)""",
    "a list is no output": "result = made(lambda ctx, x: [x * 2]).apply(x)[0].requires_grad",
    "integers have no gradient, but zeros arrive": """
        seen = []
        A = made(lambda ctx, x: (x * 2, x.long()), lambda ctx, *g: (seen.extend(g), g[0])[1])
        y, n = A.apply(x)
        y.sum().backward()
        result = n.requires_grad, of(*seen), str(seen[1].dtype)[-5:]""",
    "outputs marked as not differentiable": """
        def forward(ctx, x):
            b, c = x * 2, x * 3
            ctx.mark_non_differentiable(c)
            return b, c
        seen = []
        y, c = made(forward, lambda ctx, *g: (seen.extend(g), g[0])[1]).apply(x)
        y.sum().backward()
        result = y.requires_grad, c.requires_grad, of(*seen)""",
    "an input marked as not differentiable": """
        A = made(lambda ctx, x: (ctx.mark_non_differentiable(x), x)[1])
        y = A.apply(x)
        result = y.requires_grad, y is x, x.requires_grad""",
    "zeros for outputs that no gradient reached": """
        seen = []
        A = made(lambda ctx, x: (x * 2, x.double().reshape(3, 1)),
                 lambda ctx, *g: (seen.extend(g), g[0])[1])
        A.apply(x)[0].sum().backward()
        result = of(*seen), [str(g.dtype)[-7:] for g in seen]""",
    "None for them with set_materialize_grads(False)": """
        seen = []
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3
        made(forward, lambda ctx, *g: (seen.extend(g), g[0])[1]).apply(x)[0].sum().backward()
        result = of(*seen)""",
    "needs_input_grad and grad mode": """
        seen = []
        def note(ctx, value):
            seen.append((ctx.needs_input_grad, torch.is_grad_enabled()))
            return value
        A = made(lambda ctx, x, n, c: note(ctx, x * 2),
                 lambda ctx, g: (note(ctx, g * 2), None, None))
        A.apply(x, 3, x.detach()).sum().backward()
        torch.autograd.grad(A.apply(x, 3, x.detach()).sum(), x, create_graph=True)
        with torch.no_grad():
            A.apply(x, 3, x.detach())
        result = seen""",
    "gradients are summed to the shape of the input": """
        made(lambda ctx, x: x * 2, lambda ctx, g: torch.ones(2, 3)).apply(x).sum().backward()
        result = of(x.grad)""",
    "and converted to its dtype": """
        made(lambda ctx, x: x * 2, lambda ctx, g: g.double()).apply(x).sum().backward()
        w = leaf(2, dtype=torch.float64)
        A = made(lambda ctx, x: x * 2, lambda ctx, g: torch.ones(2, dtype=torch.int64))
        A.apply(w).sum().backward()
        result = [str(t.grad.dtype)[-7:] for t in (x, w)], of(x.grad, w.grad)""",
    "None is no gradient": """
        w = leaf(3)
        A = made(lambda ctx, x, w: x * w, lambda ctx, g: (None, g))
        A.apply(x, w).sum().backward()
        result = of(x.grad, w.grad)""",
    "Nones at the end are let pass": """
        made(lambda ctx, x: x * 2, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
        result = of(x.grad)""",
    "a gradient nobody wants may have any shape": """
        A = made(lambda ctx, x, c: x * c, lambda ctx, g: (g, torch.ones(7)))
        A.apply(x, x.detach()).sum().backward()
        result = of(x.grad)""",
    "one tensor given twice": """
        A = made(lambda ctx, a, b: a * b, lambda ctx, g: (g * 10, g))
        A.apply(x, x).sum().backward()
        result = of(x.grad)""",
    "None may be saved": """
        seen = []
        def forward(ctx, x):
            ctx.save_for_backward(None, x, None)
            return x * 2
        def backward(ctx, g):
            seen.append([t is None for t in ctx.saved_tensors])
            return g
        made(forward, backward).apply(x).sum().backward()
        result = seen""",
    "saved leaves are themselves": """
        seen = []
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2
        A = made(forward, lambda ctx, g: (seen.append(ctx.saved_tensors[0] is x), g)[1])
        A.apply(x).sum().backward()
        result = seen""",
    "an input returned as it is": """
        y = made(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
        y.sum().backward()
        result = y is x, y._is_view(), y._base is x, y.is_leaf, of(x.grad)""",
    "an input returned twice": """
        a, b = made(lambda ctx, x: (x, x), lambda ctx, g, h: g + 10 * h).apply(x)
        (a + 2 * b).sum().backward()
        result = a is b, of(x.grad)""",
    "an input returned as it is, without a gradient": """
        c, A = torch.ones(3), made(lambda ctx, x: x)
        y = A.apply(c)
        with torch.no_grad():
            z = A.apply(x)
        result = y is c, y.requires_grad, y._is_view(), z is x, z.requires_grad, z._is_view()""",
    "a view of an input": """
        h = leaf(4) * 1
        y = made(lambda ctx, x: x.view(2, 2), lambda ctx, g: g.reshape(4) * 3).apply(h)
        result = y._is_view(), of(*torch.autograd.grad(y.sum(), h))""",
    "a write to the base of a view that was used before": """
        a = leaf(4)
        h = a * 1
        y = made(lambda ctx, x: x.view(2, 2), lambda ctx, g: g.reshape(4) * 3).apply(h)
        z = y + 1
        h.add_(1)
        z.sum().backward()
        result = of(a.grad)""",
    "an input that is written to": """
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x
        h = x * 1
        same = h.view(-1)
        y = made(forward, lambda ctx, g: g * 5).apply(h)
        same.sum().backward()
        result = y is h, h.grad_fn.name(), h._version, of(h, x.grad)""",
    "a view of something that is written to": """
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x
        h = x * 1
        v = h[:2]
        y = made(forward, lambda ctx, g: g * 5).apply(v)
        h.sum().backward()
        result = y is v, of(h, x.grad)""",
    "a constant that is written to": """
        def forward(ctx, c, x):
            c.mul_(x)
            ctx.mark_dirty(c)
            return c
        c = torch.ones(3)
        y = made(forward, lambda ctx, g: (None, g * 5)).apply(c, x)
        y.sum().backward()
        result = y is c, c.requires_grad, c.is_leaf, c._version, of(c, x.grad)""",
    "an input that is written to, without a gradient": """
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x
        c, A = torch.ones(3), made(forward)
        y = A.apply(c)
        with torch.no_grad():
            z = A.apply(x)
        result = y is c, y.requires_grad, z is x, z.requires_grad, of(y, z)""",
    "an input that is written to and saved": """
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            ctx.save_for_backward(x)
            return x
        A = made(forward, lambda ctx, g: g * ctx.saved_tensors[0])
        y = A.apply(x * 1)
        g, = torch.autograd.grad(y.sum(), x, create_graph=True)
        g.sum().backward()
        result = of(g, x.grad)""",
    "second and third derivatives": """
        y = Square.apply(Square.apply(x))
        for _ in range(3):
            y, = torch.autograd.grad(y.sum(), x, create_graph=True)
        result = of(y)""",
    "second derivatives through a saved output": """
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y
        A = made(forward, lambda ctx, g: g * ctx.saved_tensors[0])
        y = A.apply(x)
        for _ in range(3):
            y, = torch.autograd.grad(y.sum(), x, create_graph=True)
        result = of((y * 1e4).round())""",
    "second derivatives through one of several saved outputs": """
        y, square = Cube.apply(x)
        g, = torch.autograd.grad((y * square).sum(), x, create_graph=True)
        g, = torch.autograd.grad(g.sum(), x, create_graph=True)
        g.sum().backward()
        result = of(g, x.grad)""",
    "a saved value from inside is a constant": """
        def forward(ctx, x):
            s = x * x
            ctx.save_for_backward(x, s)
            return s * x
        y = made(forward, lambda ctx, g: 3 * g * ctx.saved_tensors[1]).apply(x)
        g, = torch.autograd.grad(y.sum(), x, create_graph=True)
        result = of(g), g.requires_grad""",
    "a graph made inside forward": """
        def forward(ctx, x):
            inner = x.detach().requires_grad_()
            with torch.enable_grad():
                y = inner ** 3
            ctx.save_for_backward(inner, y)
            return y.detach()
        def backward(ctx, g):
            inner, y = ctx.saved_tensors
            y.backward(g)
            return inner.grad
        made(forward, backward).apply(x).sum().backward()
        result = of(x.grad)""",
    "the same in attributes": """
        def forward(ctx, x):
            ctx.inner = x.detach().requires_grad_()
            with torch.enable_grad():
                ctx.y = ctx.inner ** 3
            return ctx.y.detach()
        def backward(ctx, g):
            return torch.autograd.grad(ctx.y, ctx.inner, g)
        made(forward, backward).apply(x).sum().backward()
        result = of(x.grad)""",
    "forward run with gradients on": """
        def forward(ctx, x):
            with torch.enable_grad():
                return x * 2
        made(forward, lambda ctx, g: g * 7).apply(x).sum().backward()
        result = of(x.grad)""",
    "recomputation in backward": """
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp().sin()
        def backward(ctx, g):
            with torch.enable_grad():
                x = ctx.saved_tensors[0].detach().requires_grad_()
                y = x.exp().sin()
            y.backward(g)
            return x.grad
        made(forward, backward).apply(x).sum().backward()
        result = [round(v, 5) for v in x.grad.tolist()]""",
    "attributes are there in backward": """
        def forward(ctx, x, n):
            ctx.n, ctx.half, ctx.parts, ctx.named = n, x / 2, [x, (x * 3, 4)], {"k": x * 5, "m": 6}
            return x * n
        def backward(ctx, g):
            first, (second, number) = ctx.parts
            g = g * ctx.n * ctx.half * first * second * number * ctx.named["k"] * ctx.named["m"]
            return g, None
        made(forward, backward).apply(x, 2).sum().backward()
        result = of(x.grad)""",
    "a stack among the attributes is emptied in backward": """
        def forward(ctx, x):
            ctx.stack = [x, x * 2, x * 3]
            return x * 1
        def backward(ctx, g):
            while ctx.stack:
                g = g * ctx.stack.pop()
            return g
        made(forward, backward).apply(x).sum().backward()
        result = of(x.grad)""",
    "attributes may be set anew and deleted": """
        def forward(ctx, x):
            ctx.a, ctx.b = x * 2, x * 3
            return x * 1
        def backward(ctx, g):
            g = g * ctx.a * ctx.b
            ctx.a = 5
            del ctx.b
            return g * ctx.a if not hasattr(ctx, "b") else None
        made(forward, backward).apply(x).sum().backward()
        result = of(x.grad)""",
    "vjp is another name of backward": """
        A = type("A", (Function,), dict(forward=staticmethod(lambda ctx, x: x * 2),
                                        vjp=staticmethod(lambda ctx, g: g * 9)))
        A.apply(x).sum().backward()
        result = of(x.grad)""",
    "once_differentiable": """
        seen = []
        @once_differentiable
        def backward(ctx, g):
            seen.append(torch.is_grad_enabled())
            return g * 3
        A = made(lambda ctx, x: x * 2, backward)
        A.apply(x).sum().backward()
        g, = torch.autograd.grad((A.apply(x) * x).sum(), x, create_graph=True)
        result = seen, of(x.grad, g), g.requires_grad""",
    "grads as one list": """
        def backward(ctx, grads):
            return grads.pop() * 2 + grads.pop()
        A = made(lambda ctx, x: (x * 2, x * 3), backward)
        A.boxed_grads_call = True
        a, b = A.apply(x)
        (a + 2 * b).sum().backward()
        result = of(x.grad)""",
    "what grad_fn says": """
        y = made(lambda ctx, x, n: (setattr(ctx, "n", n), ctx.save_for_backward(x), x * n)[-1],
                 lambda ctx, g: (g, None)).apply(x, 3)
        node = y.grad_fn
        result = (node.name(), of(*node.saved_tensors), node.needs_input_grad, node.n,
                  node.saved_tensors[0] is x, [n.name()[-4:] for n, _ in node.next_functions],
                  str(y)[-22:])""",
    "next_functions leave out what is no tensor": """
        A = made(lambda ctx, n, x, c: x * n * c, lambda ctx, g: (None, g, None))
        node = A.apply(2, x * 1, x.detach()).grad_fn
        result = [None if n is None else n.name()[:3] for n, _ in node.next_functions]""",
    "ctx is the same object, and knows the node": """
        seen = []
        def forward(ctx, x):
            seen.append(ctx)
            return x * 2
        def backward(ctx, g):
            seen.append((ctx is seen[0], ctx.name(), len(ctx.next_functions)))
            return g
        made(forward, backward).apply(x).sum().backward()
        result = seen[1:]""",
    "saved_tensors are empty until forward has ended": """
        seen = []
        def forward(ctx, x):
            ctx.save_for_backward(x)
            seen.append(ctx.saved_tensors)
            return x * 2
        made(forward).apply(x)
        result = seen""",
    "a second backward where nothing was saved": """
        y = made(lambda ctx, x: x * 2).apply(x).sum()
        y.backward()
        y.backward()
        result = of(x.grad)""",
    "a second backward with retain_graph": """
        y = Square.apply(x)
        y.sum().backward(retain_graph=True)
        y.sum().backward()
        result = of(x.grad)""",
    "numbers on ctx stay after backward": """
        def forward(ctx, x):
            ctx.n = 3
            ctx.save_for_backward(x)
            return x * 3
        y = made(forward).apply(x)
        y.sum().backward()
        result = y.grad_fn.n""",
    "hooks around the node": """
        seen = []
        y, _ = Cube.apply(x)
        y.grad_fn.register_prehook(lambda gs: seen.append(of(*gs)))
        y.grad_fn.register_hook(lambda gi, go: (seen.append((of(*gi), of(*go))), (gi[0] * 2,))[1])
        y.sum().backward()
        result = seen, of(x.grad)""",
    "a Function inside a Function": """
        A = made(lambda ctx, x: Square.apply(x) * 2, lambda ctx, g: Square.apply(g))
        y = A.apply(x)
        g, = torch.autograd.grad((y * x).sum(), x, create_graph=True)
        g.sum().backward()
        result = of(y, g, x.grad)""",
    "0-d and empty tensors": """
        s, e = torch.tensor(3.0, requires_grad=True), torch.zeros(0, 2, requires_grad=True)
        (Square.apply(s) + Square.apply(e).sum()).backward()
        result = of(s.grad, e.grad), tuple(e.grad.shape)""",
    "methods that are not static": """
        class A(Function):
            def forward(ctx, x):
                return x * 2
            def backward(ctx, g):
                return g * 3
        A.apply(x).sum().backward()
        result = of(x.grad)""",
    "tangents": """
        fw = torch.autograd.forward_ad
        def forward(ctx, x, n, c):
            ctx.save_for_forward(x)
            return x * n * c, x.long()
        def jvp(ctx, t, n, u):
            (x,) = ctx.saved_tensors
            seen.append((n, torch.is_grad_enabled(), of(x, t, u)))
            return t * 3, None
        seen = []
        A = made(forward, jvp=jvp)
        with fw.dual_level():
            y, n = A.apply(fw.make_dual(torch.ones(2), torch.full((2,), 5.0)), 3, torch.ones(2))
            result = seen, of(*fw.unpack_dual(y)), of(n)""",
    "hooks on saved values": """
        packed = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t: (packed.append(tuple(t.shape)), t.tolist())[1], torch.tensor)
        with hooks:
            y = Square.apply(x)
        seen = of(*y.grad_fn.saved_tensors)
        y.sum().backward()
        result = packed, seen, of(x.grad)""",
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", SAME)
def test_programs_do_what_they_do_in_pytorch(name: str, device: str) -> None:
    torch = pytest.importorskip("torch")
    assert run(SAME[name], gpugrad) == run(SAME[name], torch)


INCORRECT = "returned an incorrect number of gradients"
DIRTY = "lambda ctx, x: (x.mul_(2), ctx.mark_dirty(x), x)[-1]"
REFUSED = {
    "made(lambda ctx, x, w: x, lambda ctx, g: g).apply(x, x).sum().backward()":
        (RuntimeError, rf"function ABackward {INCORRECT} \(expected 2, got 1\)"),
    "made(lambda ctx, x: x * 2, lambda ctx, g: (g, g)).apply(x).sum().backward()":
        (RuntimeError, rf"function ABackward {INCORRECT} \(expected 1, got 2\)"),
    "made(lambda ctx, x: x * 2, lambda ctx, g: torch.ones(5)).apply(x).sum().backward()":
        (RuntimeError, r"Function ABackward returned an invalid gradient at index 0 - got \[5\] "
                       r"but expected shape compatible with \[3\]"),
    "made(lambda ctx, n, x: x * n, lambda ctx, g: (None, g.sum())).apply(3, x).sum().backward()":
        (RuntimeError, r"at index 0 - got \[\] but expected shape compatible with \[3\]"),
    "made(lambda ctx, x: x * 2, lambda ctx, g: 3.0).apply(x).sum().backward()":
        (RuntimeError, r"expected Variable or None \(got float\)"),
    "made(lambda ctx, x: x * 2, lambda ctx, g: [g]).apply(x).sum().backward()":
        (RuntimeError, r"expected Variable or None \(got list\)"),
    "made(lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(x, 3).sum().backward()":
        (RuntimeError, "returned a gradient different than None at position 2, but the "
                       "corresponding forward input was not a Variable"),
    "made(lambda ctx, x: (ctx.save_for_backward(3), x * 2)[1]).apply(x)":
        (TypeError, "save_for_backward can only save variables, but argument 0 is of type int"),
    "made(lambda ctx, x: (ctx.save_for_forward(3), x * 2)[1]).apply(x)":
        (AssertionError, "save_for_forward expects all arguments to be tensors"),
    "made(lambda ctx, x: (ctx.mark_dirty(3), x * 2)[1]).apply(x)":
        (RuntimeError, "mark_dirty can only accept variables, but argument"),
    "made(lambda ctx, x: (ctx.mark_non_differentiable(3), x * 2)[1]).apply(x)":
        (RuntimeError, "mark_non_differentiable"),
    f"made({DIRTY}).apply(x)":
        (RuntimeError, "a leaf Variable that requires grad has been used in an in-place operation"),
    f"made({DIRTY}).apply(x[:2])":
        (RuntimeError, "a view of a leaf Variable that requires grad is being used in an in-place "
                       "operation"),
    "made(lambda ctx, x: (x.mul_(2), ctx.mark_dirty(x), x * 2)[-1]).apply(x * 1)":
        (RuntimeError, "Some elements marked as dirty during the forward method were not returned "
                       "as output"),
    "made(lambda ctx, x: x).apply(x).add_(1)":
        (RuntimeError, "is a view and is being modified inplace. This view was created inside a "
                       r"custom Function \(or because an input was returned as-is\)"),
    "made(lambda ctx, x: (x * 2).view(3, 1)).apply(x).add_(1)":
        (RuntimeError, "is a view and is being modified inplace"),
    "h = x * 1\ny = made(lambda ctx, x: x).apply(h)\nh.add_(1)\ny.sum().backward()":
        (RuntimeError, "modified inplace|modified by an inplace operation"),
    "h = x * 1\ny = made(lambda ctx, x: x).apply(h)[1:]\nh.add_(1)\n"
    "torch.autograd.grad(y.sum(), x)":
        (RuntimeError, "modified inplace|modified by an inplace operation"),
    "h = x * 1\ny = Square.apply(h)\nh.add_(1)\ny.sum().backward()":
        (RuntimeError, "one of the variables needed for gradient computation has been modified by "
                       "an inplace operation"),
    "y = Square.apply(x)\ny.sum().backward()\ny.sum().backward()":
        (RuntimeError, "Trying to backward through the graph a second time"),
    "y = Square.apply(x)\ny.sum().backward()\ny.grad_fn.saved_tensors":
        (RuntimeError, "after they have already been freed"),
    "type('A', (Function,), {}).apply(x)":
        (NotImplementedError, "You must implement the forward function for custom"),
    "type('A', (Function,), dict(forward=Square.forward)).apply(x).sum().backward()":
        (NotImplementedError, "You must implement either the backward or vjp method"),
    "made(lambda ctx, x: x * 2, vjp=lambda ctx, g: g).apply(x).sum().backward()":
        (RuntimeError, "Implementing both 'backward' and 'vjp' for a custom Function is not "
                       "allowed"),
    "A = made(lambda ctx, x: x * 2, once_differentiable(lambda ctx, g: g))\n"
    "g, = torch.autograd.grad((A.apply(x) * x).sum(), x, create_graph=True)\ng.sum().backward()":
        (RuntimeError, "trying to differentiate twice a function that was marked with "
                       "@once_differentiable"),
    "A = made(lambda ctx, x: (ctx.save_for_backward(x), x * 2)[1],\n"
    "         lambda ctx, g: (ctx.saved_tensors, ctx.saved_tensors, g)[-1])\n"
    "A.clear_saved_tensors_on_access = True\nA.apply(x).sum().backward()":
        (RuntimeError, "saved_tensors can only be accessed once when"),
    "Square.__new__(Square)(x)":
        (RuntimeError, "Legacy autograd function with non-static forward method is deprecated"),
    "made(lambda ctx, x: 1 / 0).apply(x)": (ZeroDivisionError, ""),
    "made(lambda ctx, x: x * 2, lambda ctx, g: 1 / 0).apply(x).sum().backward()":
        (ZeroDivisionError, ""),
    "made(lambda ctx, x: x * 2, lambda ctx, g: ctx.nothing).apply(x).sum().backward()":
        (AttributeError, "nothing"),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_a_wrong_function_is_refused(text: str) -> None:
    kind, words = REFUSED[text]
    with pytest.raises(kind, match=words or None):
        run(text, gpugrad)


@pytest.mark.oracle
@pytest.mark.parametrize("text", REFUSED)
def test_pytorch_refuses_it_in_the_same_words(text: str) -> None:
    torch = pytest.importorskip("torch")
    kind, words = REFUSED[text]
    with pytest.raises(kind, match=words or None):
        run(text, torch)
