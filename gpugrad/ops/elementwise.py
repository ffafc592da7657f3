"""The family ``elementwise``: one expression; everything else is derived.

    forward        the expression, printed for NumPy or CUDA
    backward       the vector-Jacobian product of the expression, again elementwise: one kernel
    create_graph   the backward is itself an op of this family, called on tensors
    broadcasting   a cotangent that has to be summed is computed and summed in one kernel
    numbers        an operand that is a Python number becomes a kernel argument

Holds:     what an op saves is what its derivative mentions, for the inputs that need gradients;
           never more on one device or for one size than on another.
Must not:  contain anything about a particular op.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from types import FunctionType
from typing import Any, overload

import numpy as np

from ..array import Kind, bool_, kind_of_array, run_again
from ..errors import not_integral, not_on_booleans
from ..expr import Expr, Function, trace
from ..graph import NotConcrete, Numbers, TensorBase, handed_over, inherited, local, lose
from . import printed
from .operands import broadcast_shapes, prepare
from .programs import compiled, single_ufunc, with_numbers
from .record import record, wrap
from .rules import ElementwiseRule

__all__ = ["Elementwise", "elementwise", "keeping_numbers"]

_NUMBERS = (bool, int, float, np.generic)


class Elementwise:
    """An elementwise op: any number of tensors that broadcast, keyword numbers, one result."""

    def __init__(self, name: str, function: Callable[[], Function], node_name: str,
                 frees_numbers: bool = False) -> None:  # fmt: skip
        self.name = name
        self.frees_numbers = frees_numbers
        self.node_name = node_name
        self.key = f"{name}_{len(_ops)}"
        self.takes_out = False
        _ops.append(self)
        self._make = function
        self.entries: dict[Kind, Any] = {}
        self._forwards: dict[Kind, Any] = {}
        self._rules: dict[Any, ElementwiseRule] = {}
        self._variants: dict[frozenset[str], Elementwise] = {}
        self._by_classes: dict[tuple[type, ...], Any] = {}
        self.call: FunctionType = printed.stub(name, f"op_{self.key}", self)

    # ----------------------------------------------------------------------------- the declaration
    @cached_property
    def function(self) -> Function:
        """The traced expression."""
        return self._make()

    @cached_property
    def params(self) -> tuple[str, ...]:
        """Names of the tensor parameters."""
        return tuple(p.name for p in self.function.params)

    @property
    def attrs(self) -> tuple[str, ...]:
        """Names of the keyword parameters."""
        return self.function.attrs

    @cached_property
    def boolean(self) -> bool:
        """Whether the result is a condition, through which no gradient flows."""
        return self.function.outs[0].boolean

    @cached_property
    def bitwise(self) -> bool:
        """Whether it works on the bits of integers and booleans: no gradient, no floats."""
        return self.function.bitwise

    @cached_property
    def constant(self) -> bool:
        """Whether no gradient flows through it."""
        return self.function.constant

    @cached_property
    def conditions(self) -> tuple[bool, ...]:
        """Which parameters are conditions (boolean tensors)."""
        return tuple(p.kind == "bool" for p in self.function.params)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The parameters that are no conditions."""
        return tuple(p for p, c in zip(self.params, self.conditions, strict=True) if not c)

    @cached_property
    def needs_variants(self) -> list[tuple[bool, ...]]:
        """Every way in which at least one of the values needs a gradient, the first counting up."""
        ways = range(1, 2 ** len(self.params))
        masks = [tuple(bool(way >> i & 1) for i in range(len(self.params))) for way in ways]
        pairs = [(mask, zip(mask, self.conditions, strict=True)) for mask in masks]
        return [mask for mask, pair in pairs if not any(need and c for need, c in pair)]

    def result_kind(self, kind: Kind) -> Kind:
        """The kind of the result of operands of ``kind``."""
        return kind.with_dtype(bool_) if self.boolean else kind

    def accepts(self, kind: Kind) -> bool:
        """Whether operands of ``kind`` can be computed with as they are."""
        return kind.is_floating_point or not any(p.kind == "float" for p in self.function.params)

    def direct(self, kind: Kind) -> bool:
        """Whether tensors of ``kind`` need no conversion, whatever the numbers are."""
        if kind.is_floating_point:
            return not self.bitwise
        if kind.dtype is bool_ and not_on_booleans(self.name) is not None:
            return False  # as ``prepare`` says
        return not self.attrs and self.accepts(kind)

    # ------------------------------------------------------------------------------------- calling
    def first_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Prints the op's function, puts it in the stub's place and calls it."""
        real = printed.print_call(self, self.key)
        self.call.__defaults__ = real.__defaults__
        self.call.__kwdefaults__ = real.__kwdefaults__
        self.call.__code__ = real.__code__
        return self.call(*args, **kwargs)

    def entry(self, kind: Kind) -> Any:
        """What the printed call needs for ``kind``, or False where ``general`` must do it."""
        if self.bitwise and kind.is_floating_point:
            raise not_integral(self.name, kind.dtype.name)
        made: Any = False
        if self.direct(kind):
            forward = compiled(self.function, kind)
            small = single_ufunc(self.function, kind) or forward
            rules = [
                None if self.constant else self.rule(needs, kind) for needs in self.needs_variants
            ]
            made = (kind.with_dtype(bool_), small, forward, self.result_kind(kind), *rules)
        self.entries[kind] = made
        return made

    def rule(self, needs: tuple[bool, ...], kind: Kind, broadcast: bool = False) -> ElementwiseRule:
        """The backward rule for these needs."""
        key = needs, kind, broadcast
        found = self._rules.get(key)
        if found is None:
            found = self._rules.setdefault(key, ElementwiseRule(self, needs, kind, broadcast))
        return found

    def general(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """Calls the op on anything it takes: tensors, raw arrays, numbers, expressions."""
        variant = self._by_classes.get(tuple(map(type, inputs)))
        if variant is not None:
            call, order = variant
            return call(*[inputs[i] for i in order], *attrs.values())
        kind = self._common_kind(inputs)
        if kind is not None:
            return self._compute(inputs, kind, [attrs[name] for name in self.attrs])
        if any(isinstance(x, Expr) for x in inputs):
            return self.function.inline(inputs, attrs)
        if not any(isinstance(x, TensorBase) for x in inputs):
            return self._on_arrays(inputs, attrs)
        op, operands = self, inputs
        if any(isinstance(x, _NUMBERS) for x in inputs):
            op, operands, numbers = self._with_numbers(inputs)
            attrs = {**attrs, **numbers}
            kind = op._common_kind(operands)
            if kind is not None:
                return op._compute(operands, kind, [attrs[name] for name in op.attrs])
        tensors, kind, _ = prepare(op, operands, list(attrs.values()), self.name)
        if op.bitwise and kind.is_floating_point:
            raise not_integral(self.name, kind.dtype.name)
        return op._compute(tensors, kind, [attrs[name] for name in op.attrs])

    def _common_kind(self, inputs: tuple[Any, ...]) -> Kind | None:
        """The kind of all operands, if they agree and can be computed with as they are."""
        kind: Any = None
        account: Any = None
        for x, condition in zip(inputs, self.conditions, strict=True):
            if not isinstance(x, TensorBase) or (account and x.kind.account is not account):
                return None
            account = x.kind.account
            if condition:
                if x.kind.dtype is not bool_:
                    return None
            elif x.kind is not kind:
                if kind is not None:
                    return None
                kind = x.kind
        return kind if kind is not None and self.direct(kind) else None

    def _compute(self, tensors: Sequence[Any], kind: Kind, values: list[Any]) -> Any:
        """The op on tensors of one kind (conditions: boolean) that may broadcast."""
        forward = self._forwards.get(kind)
        if forward is None:
            forward = compiled(self.function, kind)
            if len(self.params) > 1:  # operands that agree take the printed call: these broadcast
                forward = single_ufunc(self.function, kind) or forward
            self._forwards[kind] = forward
        mode = local.mode
        try:
            arrays = [t.array for t in tensors]
        except NotConcrete:
            return handed_over(self, tensors, dict(zip(self.attrs, values, strict=True)))
        try:
            y = mode.compute(forward, *arrays, *values)
        except ValueError:
            broadcast_shapes(self.name, tensors, self.params)  # says what does not fit
            raise
        except RuntimeError as error:
            y = run_again(error, forward, *arrays, *values)
        out = wrap(y, self.result_kind(kind))
        if self.constant:
            lose(out, tensors, "op", self.name)
        elif not any(t.node is not None for t in tensors):
            out.lost = inherited(tensors)
        elif mode.grad:
            self._record(out, tensors, kind, values)
        else:
            out.lost = inherited(tensors) or mode.lost
        return out

    def overwrite(self, target: Any, others: tuple[Any, ...]) -> bool:
        """Writes the op's result of ``target`` and ``others`` over ``target``, if that is all.

        False, and nothing done, where anything has to be converted, recorded or refused, or where
        an operand looks at some of the bytes in another way.
        """
        kind, shape, storage = target.kind, target.shape, target.storage
        op = self
        if len(others) + 1 != len(self.params) or self.attrs:
            return False
        if not target.array.flags.c_contiguous:  # NumPy 2.4's negative is wrong on such in place
            return False
        arrays: list[Any] = [target.array]
        numbers: list[Any] = []
        for name, x in zip(self.params[1:], others, strict=True):
            if isinstance(x, TensorBase):
                shared = x.storage is not None and x.storage is storage
                if x.kind is not kind or not _broadcasts(x.shape, shape):
                    return False
                if shared and x.array is not target.array:
                    return False
                arrays.append(x.array)
            elif x.__class__ is float or x.__class__ is int:
                op = op.variant(frozenset([name]))
                numbers.insert(0, x)  # a variant's numbers come before those it had
            else:
                return False
        if not op.direct(kind) or any(op.conditions) or op.result_kind(kind) is not kind:
            return False
        local.mode.compute(compiled(op.function, kind), *arrays, *numbers, out=target.array)
        return True

    def _record(self, out: Any, tensors: Sequence[Any], kind: Kind, values: list[Any]) -> None:
        shape = out.shape
        shapes = tuple([t.shape for t in tensors])
        broadcast = any(s != shape for s in shapes)
        rule = self.rule(tuple([t.node is not None for t in tensors]), kind, broadcast)
        saved = [out if source < 0 else tensors[source] for source in rule.sources]
        numbers = tuple([values[place] for place in rule.number_places])
        if numbers and not saved and not self.frees_numbers:
            numbers = Numbers(numbers)
        record(rule, out, tensors, saved, numbers, (kind, shapes) if broadcast else kind)

    def _on_arrays(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        inputs = tuple([np.asarray(x) if isinstance(x, np.generic) else x for x in inputs])
        arrays = [x for x in inputs if hasattr(x, "dtype")]
        if not arrays:
            got = ", ".join(type(x).__name__ for x in inputs)
            raise TypeError(f"{self.name}(): argument must be Tensor, not {got}")
        if len(arrays) < len(inputs):
            op, operands, numbers = self._with_numbers(inputs)
            return op._on_arrays(operands, {**attrs, **numbers})
        kind = kind_of_array(next(a for a, c in zip(arrays, self.conditions, strict=True) if not c))
        values = (attrs.get(n, self.function.attr_defaults.get(n)) for n in self.attrs)
        return compiled(self.function, kind)(*arrays, *values)

    def variant(self, names: frozenset[str]) -> Elementwise:
        """The op with some of its parameters turned into numbers."""
        op = self._variants.get(names)
        if op is None:
            op = Elementwise(self.name, lambda: with_numbers(self.function, names), self.node_name,
                             self.frees_numbers)  # fmt: skip
            op = self._variants.setdefault(names, op)
        return op

    def _with_numbers(self, inputs: tuple[Any, ...]) -> tuple[Elementwise, tuple[Any, ...], Any]:
        """The op for those operands that are numbers, the tensors left, and the numbers."""
        given = {
            name: x.item() if isinstance(x, np.generic) else x
            for name, x in zip(self.params, inputs, strict=True)
            if isinstance(x, _NUMBERS)
        }
        rest = tuple(x for x in inputs if not isinstance(x, _NUMBERS))
        op = self.variant(frozenset(given))
        if all(x.__class__ in (int, float) or isinstance(x, TensorBase) for x in inputs):
            numbers = [i for i, x in enumerate(inputs) if x.__class__ in (int, float)]
            tensors = [i for i in range(len(inputs)) if i not in numbers]
            self._by_classes[tuple(map(type, inputs))] = op.call, [*tensors, *numbers]
        return op, rest, given

    def derived(self, function: Function) -> Elementwise:
        """The op of a part of this op's derivative."""
        return Elementwise(function.name, lambda: function, f"{self.node_name}Backward",
                           self.frees_numbers)  # fmt: skip

    def __repr__(self) -> str:
        return f"<gpugrad op {self.name}>"


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether ``shape`` broadcasts to ``target``."""
    if shape == target:
        return True
    pairs = zip(reversed(shape), reversed(target), strict=False)
    return len(shape) <= len(target) and all(n in (1, m) for n, m in pairs)


_ops: list[Elementwise] = []


Declared = Callable[..., Any]


@overload
def elementwise(declaration: Declared, *, node_name: str = "",
                frees_numbers: bool = False) -> Declared: ...  # fmt: skip


@overload
def elementwise(*, node_name: str = "",
                frees_numbers: bool = False) -> Callable[[Declared], Declared]: ...  # fmt: skip


def elementwise(declaration: Declared | None = None, *, node_name: str = "",
                frees_numbers: bool = False) -> Any:  # fmt: skip
    """Declares an elementwise op by one expression; the result is the op's function.

    Positional parameters are tensors, keyword-only ones numbers. The function takes tensors,
    numbers, raw arrays and expressions; called on expressions it is inlined, so ops made of ops are
    one kernel. ``gpugrad.fuse`` is this decorator's public name.

    node_name      the name of its nodes, if it is not the function's
    frees_numbers  a backward pass releases numbers that are all its nodes keep, as PyTorch does for
                   a product; otherwise a second pass may use them

    >>> import gpugrad
    >>> @gpugrad.fuse
    ... def swish(x, *, beta: float = 1.0):
    ...     return x * gpugrad.sigmoid(beta * x)
    >>> swish(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """
    if declaration is None:
        return lambda function: elementwise(function, node_name=node_name,
                                            frees_numbers=frees_numbers)  # fmt: skip
    name = declaration.__name__
    shown = node_name or "".join(part.title() for part in name.split("_"))
    op = Elementwise(name, lambda: trace(declaration), shown, frees_numbers)
    call: Any = op.call
    call.op = op
    call.__doc__ = declaration.__doc__
    call.__module__ = declaration.__module__
    call.__wrapped__ = declaration
    return call


def keeping_numbers(declared: Any) -> Declared:
    """An op's function, for parts of other ops: no backward pass releases its numbers."""
    op: Elementwise = declared.op
    return Elementwise(op.name, lambda: op.function, op.node_name).call
