"""The message of a second backward: node, freer, variable, cause, fix."""

from __future__ import annotations

import textwrap

from .text import facts, format_bytes
from .tree import GraphFreedError

__all__ = ["graph_freed"]


def graph_freed(error: GraphFreedError) -> GraphFreedError:
    """The exception again, with cause, fix and message built from its other fields."""
    first = (
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed)."
    )
    if error.situation:
        words = _words(error)
        why = [sentence.format(**words) for sentence in _WHY[error.situation]]
        error.cause, error.fix, error.alternative = why
    released = f"which released {format_bytes(error.freed_bytes)}"
    steps = error.step or error.freed_step or error.root_step  # else nobody counts them
    step, freed_step = (error.step, error.freed_step) if steps else (None, None)
    freed = f"by {error.freed_by} at {_at(error.freed_where, '', freed_step)}, {released}"
    rows = (
        ("node", f"{error.node}, recorded at {_at(error.where, error.module, step)}"),
        ("freed", freed if error.freed_by else ""),
        ("reached", _reached(error, error.root_step if steps else None)),
        ("cause", error.cause),
        ("fix", error.fix),
        ("or", error.alternative),
        ("note", error.note),
    )
    error.args = (facts(first, *((name, _wrapped(text)) for name, text in rows)),)
    return error


def _wrapped(text: str) -> str:
    """``text`` in lines that fit beside the names of the rows."""
    return textwrap.fill(text, 88, subsequent_indent=" " * 11, break_long_words=False)


def _at(where: str, module: str, step: int | None) -> str:
    """A line with the module and the step, where there are any."""
    parts = [f"module {module}" if module else "", "" if step is None else f"step {step}"]
    inside = ", ".join(part for part in parts if part)
    return f"{where} ({inside})" if inside else where


def _reached(error: GraphFreedError, step: int | None) -> str:
    """From which root the node was reached, and through what."""
    if not error.root_where:
        return ""
    start = f"from {error.root or 'a tensor'}, {_at(error.root_where, '', step)}"
    if not error.variable or error.variable == error.root:
        return start
    of = f" of {error.owner}" if error.owner else ""
    known_as = f", which is {error.holder} here" if error.holder else ""
    return f"{start}, through {error.variable}{of}, {error.variable_where}{known_as}"


_WHY = {  # situation: cause, fix, alternative
    "same": (
        "{loss} was run backward before, and that released what its graph had saved",
        "pass retain_graph=True there ({keeps} alive), or compute {loss} again",
        "",
    ),
    "shared": (
        "{loss} and {first} share {part}; the first backward released what they share",
        "pass retain_graph=True there ({keeps} alive)",
        "run one backward of the sum: {sum}",
    ),
    "reused": (
        "{loss} was computed from {value} after the backward of {first} had released its graph",
        "pass retain_graph=True there ({keeps} alive)",
        "run one backward of the sum: {sum}; or give {value}.detach() to the loss that need not "
        "train what made {value}",
    ),
    "data": (
        "{value} was computed only once, from {leaves}: data (no Parameter) that requires grad, so "
        "every backward runs through the graph of {value}",
        "make {data} with requires_grad=False, or write {value} = {value}.detach() once",
        "pass retain_graph=True there ({keeps} alive)",
    ),
    "carried": (
        "{value} brings the graph of an earlier step into this one, and that was released",
        "at the start of each step write {value} = {detached}, or {anew}",
        "pass retain_graph=True there ({keeps} more alive every step)",
    ),
    "stale": (
        "{value} was computed only once and is used again after its graph was released",
        "compute {value} again before each backward, or write {value} = {detached} if what made it "
        "need not be trained",
        "pass retain_graph=True there ({keeps} alive)",
    ),
    "released": (
        "release_graph() has let go of this graph",
        "call release_graph() after the last backward, or compute the loss again",
        "",
    ),
}  # fmt: skip


def _words(e: GraphFreedError) -> dict[str, str]:
    """What the sentences of ``_WHY`` speak of."""
    loss, first, value = e.root or "this loss", e.first_root or "another loss", e.variable or "it"
    return {
        "loss": loss,
        "first": first,
        "value": value,
        "part": "part of their graph" if e.variable in (None, e.root) else value,
        "sum": f"({first} + {loss}).backward()" if e.root and e.first_root else "loss + other loss",
        "keeps": f"it would keep {format_bytes(e.freed_bytes)}",
        "leaves": ", ".join(e.leaves) or "a tensor",
        "data": e.leaves[0] if len(e.leaves) == 1 else "that data",
        "detached": f"tuple(t.detach() for t in {value})" if e.variable_is_tuple
                    else f"{value}.detach()",
        "anew": f"{value} = {e.initialiser}" if e.initialiser else f"make {value} anew",
    }
