"""A function of scalars, applied to every element of arrays: what an elementwise op is made of.

Holds:     positional parameters are arrays, keyword-only ones are numbers that every element sees;
           derivatives are functions again, made once per set of inputs that need gradients, with
           fresh names, so that no variable of the original is captured.
Must not:  know tensors, nodes or how a program for it is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import no_such_attribute, untraceable
from .collect import collect
from .derive import ZERO, cost, cotangents, scaled, tangents
from .nodes import Expr, Operand, free_variables, lift, postorder, replace, variable
from .scalars import condition, value

__all__ = ["Bool", "Float", "Function", "Number", "Param", "Vjp", "trace"]


if TYPE_CHECKING:
    # To a type checker the body of a declaration works on expressions.
    Number: TypeAlias = Expr
    Float: TypeAlias = Expr
    Bool: TypeAlias = Expr
else:

    class Number:
        """Annotation of a parameter that takes any dtype."""

    class Float:
        """Annotation of a parameter whose integers are promoted to the default floating dtype."""

    class Bool:
        """Annotation of a parameter that is a condition."""


_RESERVED = frozenset({"result", "out", "axes"})
"""What a parameter may not be called, since Vjp.saves and programs mean something by it: an
underscore is added."""

_KINDS = {"Number": "number", "Float": "float", "Bool": "bool", "bool": "bool"}


@dataclass(frozen=True)
class Param:
    """One array parameter: ``kind`` is "number", "float" or "bool"."""

    name: str
    kind: str = "number"

    @property
    def variable(self) -> Expr:
        return variable(self.name, boolean=self.kind == "bool")


@dataclass(frozen=True, eq=False)
class Vjp:
    """The backward of a function, for one set of inputs that need gradients.

    function     cotangents, then saved values -> one output per needed input
    saves        what those saved values are: parameters' names, or "result"
    attrs        the keyword arguments it uses
    passthrough  per output: it is the cotangent itself
    zero         per output: it is zero everywhere
    kernel       ``function`` with only the outputs that are neither; None if there are none
    """

    function: Function
    saves: tuple[str, ...]
    attrs: tuple[str, ...]
    passthrough: tuple[bool, ...]
    zero: tuple[bool, ...]
    kernel: Function | None


@dataclass(eq=False)
class Function:
    """``outs`` as expressions of ``params`` (arrays) and ``attrs`` (numbers)."""

    name: str
    params: tuple[Param, ...]
    attrs: tuple[str, ...]
    outs: tuple[Expr, ...]
    doc: str = ""
    attr_defaults: dict[str, Any] = field(default_factory=dict)
    boolean_attrs: frozenset[str] = frozenset()
    programs: dict[Any, Any] = field(default_factory=dict, repr=False)
    _vjps: dict[tuple[bool, ...], Vjp] = field(default_factory=dict, repr=False)
    _jvp: Function | None = field(default=None, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the array parameters."""
        return tuple(param.name for param in self.params)

    @property
    def floating(self) -> bool:
        """Whether some part exists for floating point only, so that integers are promoted."""
        return any(
            part.function.floating if part.function is not None else isinstance(part.leaf, float)
            for part in postorder(self.outs)
        )

    @property
    def bitwise(self) -> bool:
        """Whether it works on the bits of integers and booleans: no gradient, no floats."""
        root = self.outs[0].function
        return root is not None and root.cotangents is None and not (root.boolean or root.constant)

    @property
    def constant(self) -> bool:
        """Whether no gradient flows through it."""
        root = self.outs[0]
        return root.boolean or (root.function is not None and root.function.cotangents is None)

    def attr_variable(self, name: str) -> Expr:
        """The variable that stands for a keyword argument."""
        return variable(name, boolean=name in self.boolean_attrs, uniform=True)

    def inline(self, args: tuple[Operand, ...], attrs: dict[str, Any]) -> Any:
        """The outputs with expressions in place of the parameters: an Expr, or a tuple of them."""
        by: dict[Expr, Expr] = {}
        for param, arg in zip(self.params, args, strict=True):
            by[param.variable] = _fit(lift(arg), param.kind == "bool")
        unknown = attrs.keys() - set(self.attrs)
        if unknown:
            raise no_such_attribute(self.name, sorted(unknown)[0], self.attrs)
        for name in self.attrs:
            given = attrs[name] if name in attrs else self.attr_defaults[name]
            by[self.attr_variable(name)] = _fit(lift(given), name in self.boolean_attrs)
        outs = replace(self.outs, by)
        return outs[0] if len(outs) == 1 else outs

    def vjp(self, needs: tuple[bool, ...]) -> Vjp:
        """The backward for the inputs marked in ``needs``, made once."""
        known = self._vjps.get(needs)
        if known is None:
            known = self._vjps.setdefault(needs, _make_vjp(self, needs))
        return known

    def jvp(self) -> Function:
        """Forward mode: parameters, then one tangent per parameter that is no condition."""
        if self._jvp is None:
            self._jvp = _make_jvp(self)
        return self._jvp

    def derived(self, name: str, params: Iterable[Param], outs: Iterable[Expr]) -> Function:
        """Another function over the same keyword arguments, of which it has those it uses."""
        outs = tuple(outs)
        used = {part.leaf for part in free_variables(outs) if part.uniform}
        attrs = tuple(attr for attr in self.attrs if attr in used)
        defaults = {attr: self.attr_defaults[attr] for attr in attrs if attr in self.attr_defaults}
        return Function(name, tuple(params), attrs, outs, self.doc, defaults,
                        self.boolean_attrs & used)  # fmt: skip


def trace(python_function: Callable[..., Any], name: str | None = None) -> Function:
    """Calls a Python function once, with variables, and keeps what it computes."""
    name = name or python_function.__name__
    params, attrs, defaults, booleans = _signature(python_function, name)
    variables = [variable(n, boolean=kind == "bool") for n, kind in params.items()]
    keywords = {a: variable(a, boolean=a in booleans, uniform=True) for a in attrs}
    returned = python_function(*variables, **keywords)
    outs = tuple(map(lift, returned if isinstance(returned, (tuple, list)) else (returned,)))
    if not outs:
        raise untraceable(name, "it returns nothing")
    made = Function(name, (), attrs, outs, inspect.getdoc(python_function) or "", defaults,
                    frozenset(booleans))  # fmt: skip
    for position, taken in enumerate(list(params)):
        if taken in _RESERVED:
            renamed = variable(f"{taken}_", boolean=params[taken] == "bool")
            outs = replace(outs, {variables[position]: renamed})
            params = {(f"{n}_" if n == taken else n): kind for n, kind in params.items()}
    unannotated = "float" if made.floating else "number"
    made.outs = outs
    made.params = tuple(Param(n, kind or unannotated) for n, kind in params.items())
    return made


def _signature(function: Callable[..., Any], name: str) -> tuple[Any, Any, Any, Any]:
    """Kinds of positional parameters, names of keyword ones, their defaults, which are bool."""
    params: dict[str, str] = {}
    attrs: list[str] = []
    defaults: dict[str, Any] = {}
    booleans: set[str] = set()
    for parameter in inspect.signature(function).parameters.values():
        annotation = parameter.annotation
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
        kind = _KINDS.get(text.rpartition(".")[2], "")
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise untraceable(name, f"its number of parameters is open (*{parameter.name})")
        if parameter.kind is not parameter.KEYWORD_ONLY:
            if parameter.default is not parameter.empty:
                raise untraceable(name, f"'{parameter.name}' has a default: make it keyword-only")
            params[parameter.name] = kind
            continue
        attrs.append(parameter.name)
        if kind == "bool":
            booleans.add(parameter.name)
        if parameter.default is not parameter.empty:
            defaults[parameter.name] = parameter.default
    return params, tuple(attrs), defaults, booleans


def _fit(part: Expr, boolean: bool) -> Expr:
    return condition(part) if boolean else value(part)


def fresh(name: str, taken: Iterable[str]) -> str:
    """``name``, or the first of name1, name2, ... that is not taken."""
    taken = set(taken)
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free


# ------------------------------------------------------------------------------------ derivatives
def _make_vjp(function: Function, needs: tuple[bool, ...]) -> Vjp:
    taken = {*function.names, *function.attrs}
    seeds: list[Param] = []
    for index in range(len(function.outs)):
        name = fresh("g" if len(function.outs) == 1 else f"g{index}", taken)
        taken.add(name)
        seeds.append(Param(name))
    needed = [p for p, need in zip(function.params, needs, strict=True) if need]
    bars = _bars(function, seeds, [param.variable for param in needed])
    saved, bars, names = _choose_saves(function, bars, seeds, fresh("y", taken))
    suffix = "" if all(needs) else "_" + "_".join(param.name for param in needed)
    made = function.derived(f"{function.name}_vjp{suffix}", (*seeds, *saved), bars)
    passthrough = tuple(any(bar is s.variable for s in seeds) for bar in bars)
    zero = tuple(bar is ZERO for bar in bars)
    rest = [b for b, p, z in zip(bars, passthrough, zero, strict=True) if not (p or z)]
    kernel = made if len(rest) == len(bars) else function.derived(made.name, made.params, rest)
    return Vjp(made, names, made.attrs, passthrough, zero, kernel if rest else None)


def _bars(function: Function, seeds: list[Param], wrt: list[Expr]) -> list[Expr]:
    """The cotangents of ``wrt``, in the cheapest of several equal forms."""
    carried = cotangents(function.outs, [seed.variable for seed in seeds], wrt)
    forms = [carried, collect(carried)]
    if len(seeds) == 1 and not function.outs[0].boolean:
        late = scaled(function.outs, seeds[0].variable, wrt)
        forms += [late, collect(late)]
    return min(forms, key=cost)  # the first of equally cheap ones


def _choose_saves(function: Function, bars: list[Expr], seeds: list[Param], y: str
                  ) -> tuple[list[Param], list[Expr], tuple[str, ...]]:  # fmt: skip
    """What to keep: the result where it stands in for more, or where its row asks for it."""
    own = {seed.name for seed in seeds}

    def kept(bars: Iterable[Expr]) -> list[Param]:
        free = {part.leaf for part in free_variables(bars)} - own
        return [param for param in function.params if param.name in free]

    inputs = kept(bars)
    root = function.outs[0]
    if len(function.outs) > 1 or root.function is None or root.boolean:
        return inputs, bars, tuple(param.name for param in inputs)
    result = Param(y)
    by_result = list(replace(bars, {root: result.variable}))
    if all(new is old for new, old in zip(by_result, bars, strict=True)):
        return inputs, bars, tuple(param.name for param in inputs)
    rest = kept(by_result)
    direct = root.function.result and all(arg.function is None for arg in root.args)
    if len(rest) + 1 < len(inputs) + (1 if direct else 0):
        return [*rest, result], by_result, (*(param.name for param in rest), "result")
    return inputs, bars, tuple(param.name for param in inputs)


def _make_jvp(function: Function) -> Function:
    taken = {*function.names, *function.attrs}
    given: dict[Expr, Expr] = {}
    extra: list[Param] = []
    for param in function.params:
        if param.kind != "bool":
            extra.append(Param(fresh(f"t_{param.name}", taken)))
            taken.add(extra[-1].name)
            given[param.variable] = extra[-1].variable
    outs = tangents(function.outs, given)
    return function.derived(f"{function.name}_jvp", (*function.params, *extra), outs)
