"""Recomputation: a region of the graph keeps its arguments and computes its values again.

A checkpointed function is recorded like any other, but its nodes keep Cells instead of arrays
(graph/packing.py). The first cell that backward asks for runs the function again, under the random
state and modes of the first time, and fills all of them.

Holds:     the arguments are kept like saved values: counted, or packed by whoever packs outside
           (a checkpoint within a checkpoint keeps nothing at all). A value is let go when its node
           has run; another pass computes it again.
Must not:  connect the second run to the graph: its nodes are dropped as soon as it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any
from weakref import WeakSet

from ..array import Storage
from ..errors import CheckpointError, recomputed_count, recomputed_metadata
from ..graph import Accumulator, Holding, TensorBase, enable_grad, local, storage_of
from ..ops.generators import fork_rng, rng_states, set_rng_states

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "set_checkpoint_early_stop"]

_early_stop = [True]


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None,
               context_fn: Callable[[], tuple[Any, Any]] | None = None,
               determinism_check: str = "default", debug: bool = False,
               preserve_rng_state: bool = True, early_stop: bool = True, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``, which keeps its arguments and is computed again for backward.

    args                tensors among them, also in tuples, lists and dicts, are what is kept
    preserve_rng_state  the second run draws the same random numbers
    context_fn          returns two context managers: for the first run and for the second
    determinism_check   "default" compares shapes and dtypes of both runs, "none" does not
    early_stop          the second run ends with the last value that is needed
    use_reentrant       accepted; both values mean this one implementation

    Raises:  CheckpointError (RuntimeError) in backward if the second run saves other values
    >>> import gpugrad
    >>> x = gpugrad.ones(1000, requires_grad=True)
    >>> y = checkpoint(lambda t: t.sin().cos().exp(), x)
    >>> gpugrad.memory.graph(y).unique_bytes
    4000
    """
    first, second = context_fn() if context_fn is not None else (nullcontext(), nullcontext())
    if not local.mode.grad:
        with first:
            return function(*args, **kwargs)
    frame = Frame(function, args, kwargs, second, check=determinism_check != "none",
                  stop=early_stop and _early_stop[0], keep_rng=preserve_rng_state)  # fmt: skip
    with frame.recording(), first:
        return function(*args, **kwargs)


def checkpoint_sequential(functions: Any, segments: int, input: Any,
                          use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """Runs ``functions`` (a Sequential or a list) on ``input``, all but the last of ``segments``
    parts checkpointed.
    """
    if hasattr(functions, "children"):
        functions = list(functions.children())
    size = len(functions) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(_run_all(functions[start:end]), input, use_reentrant=use_reentrant,
                           **kwargs)  # fmt: skip
    return _run_all(functions[end:])(input)


def _run_all(functions: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def run(input: Any) -> Any:
        for function in functions:
            input = function(input)
        return input

    return run


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether checkpoints made inside stop their second run at the last value needed."""
    before, _early_stop[0] = _early_stop[0], enable
    try:
        yield
    finally:
        _early_stop[0] = before


# ---------------------------------------------------------------------------------- the first run
class Cell:
    """What a node of a region keeps in the place of one saved tensor.

    avoided  bytes that are not kept because of it: those of the storage, if none before it stood
             for the same
    """

    __slots__ = ("avoided", "frame", "index", "what")

    def __init__(self, frame: Frame, index: int, tensor: Any, avoided: int) -> None:
        self.frame = frame
        self.index = index
        self.what = tuple(tensor.shape), tensor.kind
        self.avoided = avoided

    def slots(self) -> list[tuple[str, Any, Storage]]:
        """The region's arguments, which its first cell answers for."""
        return self.frame.arguments.slots() if not self.index else []


class Frame:
    """One checkpointed call; it packs what its nodes save (graph.packing.Packing)."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any],
                 again: Any, *, check: bool, stop: bool, keep_rng: bool) -> None:
        self.function = function
        self.arguments = Holding((args, kwargs))
        self.again = again
        self.check, self.stop = check, stop
        self.rng = rng_states() if keep_rng else None
        self.cells: list[tuple[Any, Any]] = []  # shape and kind of each
        self.values: list[Holding | None] = []
        self.seen: WeakSet[Storage] = WeakSet(s for _, _, s in self.arguments.slots())

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Inside, nodes keep cells of this frame."""
        mode = local.mode
        before = mode.pack_with((*mode.packing, self))
        try:
            yield
        finally:
            mode.pack_with(before)

    def pack(self, tensor: Any) -> Cell:
        """A cell in the place of ``tensor``."""
        storage = storage_of(tensor)
        avoided = 0 if storage in self.seen else storage.nbytes
        self.seen.add(storage)
        cell = Cell(self, len(self.cells), tensor, avoided)
        self.cells.append(cell.what)
        return cell

    def unpack(self, cell: Cell) -> Any:
        """The value of ``cell``, computed now if it is not there."""
        if cell.index >= len(self.values) or self.values[cell.index] is None:
            self.values = Rerun(self).values
        value, self.values[cell.index] = self.values[cell.index], None
        return None if value is None else value.value()


# --------------------------------------------------------------------------------- the second run
class _Enough(BaseException):
    """Ends a second run that has computed all that is needed."""


class Rerun:
    """Runs the function of a frame again and catches what its nodes save."""

    def __init__(self, frame: Frame) -> None:
        self.cells, self.check, self.stop = frame.cells, frame.check, frame.stop
        self.values: list[Holding | None] = []
        args, kwargs = frame.arguments.value(_fresh)
        mode = local.mode
        before = mode.pack_with((self,))
        try:
            with enable_grad(), _random_state(frame.rng), frame.again:
                frame.function(*args, **kwargs)
        except _Enough:
            pass
        finally:
            mode.pack_with(before)
        if len(self.values) != len(self.cells) and self.check:
            raise recomputed_count(len(self.cells), len(self.values))
        self.values += [None] * (len(self.cells) - len(self.values))

    def pack(self, tensor: Any) -> None:
        """Keeps the next value."""
        index = len(self.values)
        what = tuple(tensor.shape), tensor.kind
        if self.check and index < len(self.cells) and what != self.cells[index]:
            raise recomputed_metadata(index, self.cells[index], what)
        self.values.append(Holding(tensor))
        if self.stop and len(self.values) == len(self.cells):
            raise _Enough

    def unpack(self, packed: None) -> Any:
        """Nobody runs the nodes of a second run."""
        raise AssertionError("the second run of a checkpoint has no backward")


def _fresh(tensor: TensorBase, required_grad: bool) -> TensorBase:
    """An argument for the second run: a leaf of its own."""
    if required_grad:
        tensor.node = Accumulator(tensor)
    return tensor


@contextmanager
def _random_state(states: Any) -> Iterator[None]:
    """Random numbers go on from ``states`` inside; outside, as if nothing had been drawn."""
    if states is None:
        yield
        return
    with fork_rng():
        set_rng_states(states)
        yield
