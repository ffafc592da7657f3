"""Functions of neural networks under PyTorch's names and argument orders.

Most stand beside their ops, which publish them (ops/surface.py); here are those that sort out
arguments an op does not have.

Holds:     each function only sorts out its arguments; an op computes, and says what it saves.
           ``inplace=True`` overwrites the input, as in PyTorch.
Must not:  keep state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..graph import new_tensor
from ..ops import activation as act
from ..ops import activation_variants as variants
from ..ops.catalogue import PLACES
from ..ops.writes import write

globals().update(PLACES["F"])  # those whose arguments are an op's own

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


# ------------------------------------------------------------------------------------ activations
def _run(op: Callable[..., Any], input: Any, inplace: bool, **settings: Any) -> Any:
    if not inplace:
        return op(input, **settings)
    return write(input, lambda old: op(old, **settings))


def relu(input: Any, inplace: bool = False) -> Any:
    """The positive part. See ``gpugrad.relu``."""
    return write(input, act.relu) if inplace else act.relu(input)


def relu6(input: Any, inplace: bool = False) -> Any:
    """``input`` clamped to 0..6."""
    return _run(act.relu6, input, inplace)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """Identity above zero, ``negative_slope * input`` below."""
    return _run(act.leaky_relu, input, inplace, negative_slope=negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """Identity above zero, ``alpha * (exp(input) - 1)`` below."""
    return _run(act.elu, input, inplace, alpha=alpha)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """Identity above zero, ``alpha * (exp(input / alpha) - 1)`` below."""
    return _run(act.celu, input, inplace, alpha=alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    """ELU scaled so that activations normalise themselves."""
    return _run(act.selu, input, inplace)


def silu(input: Any, inplace: bool = False) -> Any:
    """``input * sigmoid(input)``."""
    return _run(act.silu, input, inplace)


def mish(input: Any, inplace: bool = False) -> Any:
    """``input * tanh(softplus(input))``."""
    return _run(act.mish, input, inplace)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0,
             inplace: bool = False) -> Any:
    """``input`` clamped to ``min_val``..``max_val``."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _run(act.hardtanh, input, inplace, min_val=min_val, max_val=max_val)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """``relu6(input + 3) / 6``."""
    return _run(act.hardsigmoid, input, inplace)


def hardswish(input: Any, inplace: bool = False) -> Any:
    """``input * relu6(input + 3) / 6``."""
    return _run(act.hardswish, input, inplace)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """``input`` above ``threshold``, ``value`` elsewhere."""
    return _run(act.threshold, input, inplace, threshold=threshold, value=value)


def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
          inplace: bool = False) -> Any:
    """Identity above zero, a slope drawn from lower..upper below (their mean out of training)."""
    return (variants.rrelu_ if inplace else variants.rrelu)(input, lower, upper, training)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``log(1 + exp(beta * input)) / beta``, the identity where ``beta * input > threshold``."""
    return act.softplus(input, beta=beta, threshold=threshold)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """``input`` moved towards zero by ``lambd``, zero where it would cross."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return act.softshrink(input, lambd=lambd)


def relu_(input: Any) -> Any:
    """``relu`` in place."""
    return relu(input, True)


def leaky_relu_(input: Any, negative_slope: float = 0.01) -> Any:
    """``leaky_relu`` in place."""
    return leaky_relu(input, negative_slope, True)


def elu_(input: Any, alpha: float = 1.0) -> Any:
    """``elu`` in place."""
    return elu(input, alpha, True)


def hardtanh_(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """``hardtanh`` in place."""
    return hardtanh(input, min_val, max_val, True)


# ---------------------------------------------------------------------------------------- lookups
def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Integers as rows with a single 1; the number of classes is read from the data if -1."""
    array, xp = tensor.array, tensor.kind.xp
    if tensor.kind.dtype.name != "int64":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if num_classes == -1:
        if not array.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(array.max()) + 1
    if array.size and (int(array.min()) < 0 or int(array.max()) >= num_classes):
        raise RuntimeError("Class values must be non-negative and smaller than num_classes.")
    rows = (array[..., None] == xp.arange(num_classes)).astype(tensor.kind.numpy)
    return new_tensor(rows, tensor.kind)
