"""Random programs of tensors, run statement by statement on gpugrad and on PyTorch at once, or on
gpugrad's two devices.

A program begins with leaves and constants; each statement computes a new variable, writes to one
that exists, or goes backwards. What a statement does is compared at once: the class of what it
raises, or shape, dtype, values, ``requires_grad``, ``is_leaf`` and version of what it names, and
after a backward the gradients of all leaves.

Holds:     a seed makes the same program always; operands are chosen by what gpugrad's have become,
           mostly so that they fit, sometimes not.
Must not:  go on after a backward, or a write by index, that failed: PyTorch does half of it.
"""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np

import gpugrad
from tests.ops.walk import assert_close, host

__all__ = ["Program"]

SHAPES = [(), (3,), (1,), (4, 3), (1, 3), (4, 1), (2, 4, 3), (3, 3), (0, 3), (2, 1, 3)]
LARGEST = 600  # elements of a variable
UNARY = [
    "{a}.sin()", "{a}.cos()", "{a}.tanh()", "{a}.sigmoid()", "{a}.relu()", "{a}.abs()", "-{a}",
    "{a}.square()", "{a} ** 2", "{a} * 0.5", "{a} + 1", "1.5 - {a}", "{a} / 3", "{a}.tanh().exp()",
    "F.gelu({a})", "F.silu({a})", "F.softplus({a})", "F.leaky_relu({a}, 0.1)", "{a}.clamp(-1, 1)",
    "{a}.nan_to_num().sign()", "{a}.floor()", "(1 + {a}.square()).sqrt()",
    "(1 + {a}.square()).log()", "{a}.clone()", "{a}.detach()", "{a}.contiguous()", "{a}.double()",
    "{a}.float()", "{a}.long()", "{a}.bool()", "{a} > 0.1", "{a}.isnan()", "{a}.round()",
    "{a}.to(torch.float32)",
]  # fmt: skip
BINARY = [
    "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / (1 + {b} * {b})", "torch.maximum({a}, {b})",
    "torch.minimum({a}, {b})", "torch.where({a} > {b}, {a}, {b})", "torch.atan2({a}, 1 + {b} ** 2)",
    "torch.lerp({a}, {b}, 0.3)", "{a}.masked_fill({b} > 0, 0.5)", "{a} < {b}", "{a} == {b}",
    "torch.add({a}, {b}, alpha=2)", "F.mse_loss({a}, {b}, reduction='none')",
    "torch.hypot({a}, {b} + 2)", "torch.addcmul({a}, {b}, {b}, value=0.5)",
]  # fmt: skip
REDUCING = [
    "{a}.sum()", "{a}.mean()", "{a}.sum({d})", "{a}.mean({d}, keepdim=True)", "{a}.amax({d})",
    "{a}.amin({d}, keepdim=True)", "{a}.max({d})[0]", "{a}.min({d}).values", "{a}.max()",
    "{a}.var({d})", "{a}.std({d}, unbiased=False)", "{a}.logsumexp({d})", "{a}.prod({d})",
    "{a}.norm(dim={d})", "{a}.cumsum({d})", "{a}.softmax({d})", "{a}.log_softmax({d})",
    "{a}.argmax({d})", "{a}.any({d})", "{a}.all()", "{a}.count_nonzero()",
]  # fmt: skip
VIEWS = [
    "{a}[{k}]", "{a}[{k}]", "{a}[{k}]", "{a}.t()", "{a}.mT", "{a}.transpose({d}, {e})",
    "{a}.unsqueeze({d})", "{a}.squeeze()", "{a}.squeeze({d})", "{a}.reshape(-1)", "{a}.view(-1)",
    "{a}.flatten()", "{a}.expand(2, {s})", "{a}.narrow({d}, 0, 1)", "{a}.select({d}, 0)",
    "{a}.unbind({d})[0]", "{a}.chunk(2, {d})[-1]", "{a}.split(2, {d})[0]", "{a}.movedim({d}, {e})",
    "{a}.permute({p})", "{a}.diagonal()", "{a}.unfold({d}, 2, 2)",
]  # fmt: skip
JOINING = [
    "torch.cat([{a}, {b}], {d})", "torch.stack([{a}, {b}])", "{a} @ {b}", "{a} @ {b}.mT",
    "torch.outer({a}.reshape(-1)[:4], {b}.reshape(-1)[:3])", "{a}.repeat(2, {o})",
    "torch.flip({a}, ({d},))", "{a}.roll(1, {d})", "{a}[{b} > 0]", "{a}.gather({d}, i)",
    "{a}.index_select({d}, i)", "{a}[i]", "torch.tril({a})", "{a}.masked_select({b} > 0)",
    "{a}.sort({d})[0]", "{a}.cumprod({d})",
    "torch.einsum('...i,...i->...', {a}.double(), {b}.double())", "torch.kron({a}, {b})",
    "torch.tensordot({a}, {b}, 1)", "{a}.scatter_add({d}, i, {b})", "{a}.index_add({d}, i, {b})",
    "{a}.index_fill({d}, i, 0.5)", "{a}.repeat_interleave(2, {d})", "torch.vstack([{a}, {b}])",
    "{a}.triu(1)", "{a}.diag()", "{a}.tile(2)", "{a}.logcumsumexp({d})",
    "{a}.diff(dim={d})", "torch.trapezoid({a}, dim={d})", "F.pad({a}, (1, 1))",
    "F.pad({a}, (1, 0), value=0.5)", "F.layer_norm({a}, {a}.shape[-1:])", "F.conv1d({a}, {b})",
    "torch.cdist({a}, {b})", "F.normalize({a}, dim={d})", "torch.inner({a}, {b})",
    "torch.block_diag({a}, {b})", "{a}.take(i)", "{a}.unflatten({d}, (1, -1))", "{a}.aminmax()[1]",
    "torch.addmm({a}, {b}, {b})", "torch.std_mean({a}, {d})[1]", "{a}.nansum({d})",
    "F.cross_entropy({a}, i)", "F.avg_pool1d({a}, 2)", "torch.logaddexp({a}, {b})",
    "{a}.select_scatter({b}, {d}, 0)", "{a}.as_strided((2,), (1,))",
    "torch.cross({a}, {b}, dim={d})", "{a}.trace()", "{a}.dist({b})",
    "F.smooth_l1_loss({a}, {b})", "{a}.view_as({b})", "{a}.expand_as({b})",
    "torch.broadcast_tensors({a}, {b})[0]", "torch.where({a} > 0, {a}, 0.5)", "{a}.remainder(0.7)",
    "{a}.nan_to_num()", "{a}.xlogy({b})",
]  # fmt: skip
WRITES = [
    "{a}.add_({b})", "{a}.mul_({b})", "{a}.sub_(0.5)", "{a}.mul_(2)", "{a} += {b}", "{a} *= 0.5",
    "{a}.zero_()", "{a}.fill_(0.7)", "{a}.copy_({b})", "{a}.sin_()", "{a}.relu_()", "{a}.tanh_()",
    "{a}.clamp_(-1, 1)", "{a}.masked_fill_({b} > 0, 0.3)", "{a}[{k}] = {b}", "{a}[{k}] = 0.25",
    "{a}[{k}] += 1", "{a}[{k}] *= {b}", "{a}[{a} > 0.5] = 0.1", "{a}[i] = {b}", "{a}.neg_()",
    "{a}.t_()", "{a}.unsqueeze_(0)", "{a}.squeeze_()", "{a}.div_(2)", "{a}.detach().mul_(0.9)",
    "{a}.add_({b}, alpha=0.5)", "{a}.lerp_({b}, 0.5)", "{a}.addcmul_({b}, {b})",
    "{a}.index_add_({d}, i, {b})", "{a}.index_fill_({d}, i, 0.5)", "{a}.scatter_({d}, i, 0.5)",
    "{a}.clamp_min_(0.1)", "{a}.fill_diagonal_(0.5)", "{a}.tril_()", "{a}.sigmoid_()",
    "{a}.masked_scatter_({b} > 0, {b}.clone())", "{a}.addcdiv_({b}, 1 + {b} * {b})",
    "{a}.transpose_({d}, {e})", "{a}.pow_(2)", "{a}.square_()", "{a}.copy_({b}.detach())",
    "{a}[{k}].zero_()", "{a}[i] += 0.5", "{a}[..., 0] = 0.5", "{a}.diagonal().mul_(2)",
    "{a}.select({d}, 0).copy_({b})", "with torch.no_grad(): {a}.mul_(0.5)",
    "with torch.no_grad(): {a}[{k}] = 0.0",
]  # fmt: skip
MARKS = ["{l}.requires_grad_()", "{a}.requires_grad_(False)", "{a}.retain_grad()",
         "{l}.grad = None", "{v} = {a}.detach().requires_grad_()"]  # fmt: skip
PASSES = [
    "{a}.sum().backward()", "{a}.sum().backward(retain_graph=True)", "{a}.backward()",
    "({a} * {a}).sum().backward(retain_graph=True)", "{a}.sum().backward(inputs=[{l}])",
    "{v} = torch.autograd.grad({a}.sum(), {l}, create_graph=True, allow_unused=True)[0]",
    "{v} = torch.autograd.grad({a}.square().sum(), {l}, retain_graph=True)[0]",
    "{a}.sum().backward(create_graph=True)",
]  # fmt: skip
DECISIONS = (" > ", " < ", "== ", "bool()", "floor", "sign", "arg", "round", "long()", "any(",
             "all(", "remainder", "count_nonzero", "sort", "max", "min")  # fmt: skip
LISTED = (
    "its base or another view of its base",  # several views, or one made in no_grad mode
    "some elements of the input tensor and the written-to tensor",  # x[1:].add_(x[:-1])
    "modified by an inplace operation: [torch.LongTensor",  # it was saved as another dtype
    "modified by an inplace operation: [torch.BoolTensor",
    "A view was created in no_grad mode and is being",  # grad() may return views there
    "Autograd not support dtype",  # integers into which something with a gradient was put
    "which is output 0 of Hypot",  # this one and the next keep their inputs here
    "which is output 0 of Prod",
    "with a bool tensor is not supported", "on a bool tensor is not supported",  # in a backward
)
UNCHECKED = ("out of bounds", "out of range", "number of ones in mask")
"""What a GPU is not asked, since the answer would have to be waited for."""
ERRORS = (RuntimeError, IndexError, TypeError, ValueError)


def exception_name(error: Exception | None) -> str:
    """The name of the builtin exception that an error is."""
    return "" if error is None else next(c.__name__ for c in ERRORS if isinstance(error, c))


def listed(ours: Exception | None, theirs: Exception | None) -> bool:
    """Whether docs/differences.md says that PyTorch ends here and gpugrad may go on, or end too."""
    text = str(theirs).partition("\n")[0]
    if ours is None and "modified by an inplace operation" in text and "CopySlices" in text:
        return True  # what take, gather and the like read: they keep their index only
    if ours is None and "view size is not compatible" in text:
        return True  # memory formats: what is stored in order here need not be there
    if theirs is None:
        parts = ("more than one element of the written-to", "saved    by HypotBackward0")
        return any(part in str(ours) for part in parts)
    return isinstance(theirs, NotImplementedError) or any(part in text for part in LISTED)


class Program:
    """One program: its text so far, and the variables of both libraries."""

    def __init__(self, seed: int, torch: Any, device: str = "cpu") -> None:
        """``torch`` is what gpugrad on ``device`` is compared with: PyTorch, or gpugrad, on the
        CPU."""
        self.device = device
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.ours: dict[str, Any] = {"torch": gpugrad, "F": gpugrad.nn.functional}
        self.theirs: dict[str, Any] = {"torch": torch, "F": torch.nn.functional}
        self.names: list[str] = []
        self.leaves: list[str] = []
        self.versions: dict[str, dict[Any, int]] = {}
        self.single = False  # whether anything has been computed in float32
        self.compared = 0
        rng = np.random.default_rng(seed)
        for name in ("x", "y", "w", "c", "d"):
            values = np.asarray(rng.uniform(-2, 2, self.random.choice(SHAPES)))
            self.give(name, values, requires_grad=name in "xyw")
        self.give("k", rng.integers(-3, 4, self.random.choice(SHAPES)))
        self.give("i", np.array([0, 0, 1]) % 2)
        self.names.remove("i")

    def give(self, name: str, values: Any, requires_grad: bool = False) -> None:
        for scope, device in ((self.ours, self.device), (self.theirs, "cpu")):
            make = scope["torch"].tensor
            scope[name] = make(values, requires_grad=requires_grad, device=device)
        self.names.append(name)
        if requires_grad:
            self.leaves.append(name)

    # ------------------------------------------------------------------------------------- writing
    def statement(self) -> tuple[str, bool]:
        """The next statement, and whether it changes what exists."""
        pick = self.random.random()
        for part, templates in ((0.2, UNARY), (0.16, BINARY), (0.1, REDUCING), (0.15, VIEWS),
                                (0.19, JOINING)):  # fmt: skip
            if pick < part:
                return f"v{len(self.lines)} = {self.filled(self.random.choice(templates))}", False
            pick -= part
        if pick < 0.12:
            return self.filled(self.random.choice(WRITES), apart=True), True
        if pick < 0.14:
            return self.filled(self.random.choice(MARKS)), False
        return self.filled(self.random.choice(PASSES)), True

    def filled(self, template: str, apart: bool = False) -> str:
        """A template with variables; with ``apart`` b shares no bytes with a, but may be a."""
        rnd = self.random
        a = rnd.choice(self.names[-8:] if rnd.random() < 0.7 else self.names)
        shape = tuple(self.ours[a].shape)
        names = [n for n in self.names if not apart or n == a or self.apart(a, n)]
        fitting = [n for n in names if self.fits(shape, tuple(self.ours[n].shape))]
        b = rnd.choice(fitting if fitting and rnd.random() < 0.93 else names)
        dims = range(-len(shape), len(shape)) if shape else (0, -1)
        order = list(range(len(shape)))
        rnd.shuffle(order)
        return template.format(
            a=a, b=b, d=rnd.choice(dims), e=rnd.choice(dims), k=self.key(shape),
            s=", ".join(map(str, shape)) or "1", p=", ".join(map(str, order)) or "()",
            o=", ".join("1" * len(shape)) or "1", l=rnd.choice(self.leaves),
            v=f"v{len(self.lines)}",
        )  # fmt: skip

    def apart(self, a: str, b: str) -> bool:
        xp = self.ours[a].kind.xp
        return not xp.may_share_memory(self.ours[a].array, self.ours[b].array)

    @staticmethod
    def fits(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        pairs = zip(reversed(a), reversed(b), strict=False)
        return all(m == n or 1 in (m, n) for m, n in pairs)

    def key(self, shape: tuple[int, ...]) -> str:
        choices = ["0", "-1", ":", "1:", ":2", "::2", "...", "None"]
        sizes = shape[: self.random.randint(0, len(shape))] or (1,)
        parts = [self.random.choice([*choices, str(max(size - 1, 0))]) for size in sizes]
        if parts.count("...") > 1 or parts == ["..."]:  # PyTorch refuses y[...] *= x for some y
            parts = [":" if part == "..." else part for part in parts]
        return ", ".join(parts)

    # ------------------------------------------------------------------------------------- running
    def run(self, statements: int = 24) -> None:
        """Runs the program; AssertionError where the libraries disagree."""
        for _ in range(statements):
            text, changes = self.statement()
            self.lines.append(text)
            ours, theirs = self.execute(text, self.ours), self.execute(text, self.theirs)
            first, second = exception_name(ours), exception_name(theirs)
            if self.device != "cpu" and any(part in str(theirs) for part in UNCHECKED):
                return
            if (listed(ours, theirs) or (theirs is None and self.of_nothing(text, ours))
                    or self.one_complains(text, ours, theirs)
                    or self.wrong_twice(text, ours, theirs)):  # fmt: skip
                if changes and first != second:
                    return
                continue
            assert first == second, f"{ours or 'no error'} is not {theirs or 'no error'}"
            by_index = any(part in text for part in ("index", "scatter", "[i]"))
            if first and ("backward" in text or (changes and by_index)):
                return  # PyTorch may have done half of it
            try:
                self.compare(text)
            except AssertionError:
                if not self.jumps(text) and not self.spreads_nan(text):
                    raise
                return

    @staticmethod
    def execute(text: str, scope: dict[str, Any]) -> Exception | None:
        """What a statement raises, if it raises."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(text, "program", "exec"), scope)
        except ERRORS as error:
            error.__context__ = error.__cause__ = None
            return error.with_traceback(None)  # which would keep what it passed through
        return None

    def compare(self, text: str) -> None:
        """What the variables are now; a new one is kept if it is small."""
        name = f"v{len(self.lines) - 1}"
        if text.startswith(f"{name} =") and name in self.ours and name in self.theirs:
            if self.ours[name] is None or self.theirs[name] is None:
                assert self.ours[name] is self.theirs[name]
                return
            self.names.append(name)
            if "requires_grad_()" in text:
                self.leaves.append(name)
        touched = [n for n in self.names if n in text] if "backward" not in text else self.names
        self.names = [n for n in self.names if not self.differs(n, n in touched and text)]
        for n in [n for n in touched if n in self.names]:
            self.same(n, self.ours[n], self.theirs[n])
            self.compared += 1
        if name in self.names and self.ours[name].numel() > LARGEST:
            self.names.remove(name)

    def of_nothing(self, text: str, ours: Exception | None) -> bool:
        """Whether an operand has no elements, on which PyTorch does not look at dtypes."""
        texts = ("the same dtype", "not implemented for", "out of bounds", "some elements of")
        wrong = any(part in str(ours) for part in texts)
        return wrong and any(n in text and not self.theirs[n].numel() for n in self.names)

    def jumps(self, text: str) -> bool:
        """Whether a statement decides by the sign or the order of numbers that are equal only up
        to rounding: cross(x, x) is 0 or 1e-17."""
        decides = any(part in text for part in DECISIONS)
        name = f"v{len(self.lines) - 1}"
        inputs = [n for n in self.names if n in text and n != name]
        exact = all(np.array_equal(host(self.ours[n]), host(self.theirs[n]), equal_nan=True)
                    for n in inputs)  # fmt: skip
        return decides and not exact

    def one_complains(self, text: str, ours: Exception | None, theirs: Exception | None) -> bool:
        """Whether one library alone raises, as docs/differences.md says of what the program has."""
        written = "modified by an inplace operation"
        if theirs is None:  # writes to what kron reads are noticed here only
            return written in str(ours) and "torch.kron(" in self.text
        if ours is None and "setStorage" in str(theirs):  # where an empty view begins
            return any(n in text and not self.theirs[n].numel() for n in self.names)
        return ours is None and written in str(theirs) and ".dist(" in self.text

    def spreads_nan(self, text: str) -> bool:
        """Whether a gradient that is NaN may have gone through amin or amax: in PyTorch it then is
        NaN everywhere, not only where the extreme is."""
        through = "backward" in text and ("amin(" in self.text or "amax(" in self.text)
        grads = [self.theirs[n].grad for n in self.leaves if through]
        return any(g is not None and np.isnan(host(g)).any() for g in grads)

    def wrong_twice(self, text: str, ours: Any, theirs: Any) -> bool:
        """Whether both complain, of different things: of an index, and of a shape or a leaf."""
        kinds = {exception_name(ours), exception_name(theirs)}
        small = any(n in text and self.theirs[n].numel() < 2 for n in self.names)
        return kinds == {"IndexError", "RuntimeError"} and (small or "leaf" in str(theirs))

    def differs(self, name: str, text: str | bool) -> bool:
        """Whether a variable is one of the listed differences, and not followed any further."""
        ours, theirs = self.ours[name], self.theirs[name]
        try:
            needs = theirs.requires_grad and (theirs.is_leaf or theirs.grad_fn is not None)
        except RuntimeError as error:
            if LISTED[0] not in str(error):
                raise
            return True  # PyTorch refuses to read it
        if not theirs.is_floating_point():
            return bool(needs)  # a gradient was written into integers
        # A gradient may have a graph here only because it chose a branch.
        return "create_graph" in str(text) and ours.requires_grad and not needs

    def same(self, name: str, ours: Any, theirs: Any) -> None:
        if name not in self.versions:  # PyTorch writes some results in place: these are not new
            self.versions[name] = {t: t._version for t in (ours, theirs)}
        facts = [(tuple(t.shape), str(t.dtype).partition(".")[2], t.requires_grad, t.is_leaf,
                  t._version - self.versions[name].get(t, 0)) for t in (ours, theirs)]  # fmt: skip
        assert facts[0] == facts[1], f"{name}: {facts[0]} is not {facts[1]}"
        self.single |= facts[0][1] == "float32"
        tolerance = 2e-5 if self.single else 1e-10
        assert_close(host(ours), host(theirs), tolerance, name)
        if theirs.is_leaf and theirs.grad is not None:
            assert ours.grad is not None, f"{name}.grad is None"
            assert_close(host(ours.grad), host(theirs.grad), max(tolerance, 1e-9), f"{name}.grad")
        elif theirs.is_leaf:
            assert ours.grad is None, f"{name}.grad is not None"

    @property
    def text(self) -> str:
        inputs = [f"{n} {self.ours[n].dtype} {tuple(self.theirs[n].shape)}" for n in self.names[:6]]
        return "\n".join([f"# {', '.join(inputs)}", *self.lines])
