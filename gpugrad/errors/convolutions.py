"""What convolutions, unfold and fold can be given wrong."""

from __future__ import annotations

from collections.abc import Sequence

from .text import facts
from .tree import DTypeError, ShapeError

__all__ = [
    "bad_bias", "bad_block_argument", "bad_block_count", "bad_block_input", "bad_convolution_input",
    "bad_filters", "bad_padding_text", "conv_tbc_mismatch", "dtypes_differ", "empty_image",
    "kernel_too_large", "no_pixels", "not_a_positive_number", "not_implemented", "output_too_small",
    "same_needs_stride_one", "too_much_output_padding", "unexpected_gradient", "wrong_channels",
    "wrong_length", "wrong_rank",
]  # fmt: skip

_CPP_NAMES = {"float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float",
              "float64": "double", "int64": "long int", "int32": "int"}  # fmt: skip
_SCALAR_NAMES = {"float16": "Half", "bfloat16": "BFloat16", "float32": "Float",
                 "float64": "Double", "int64": "Long", "int32": "Int", "int16": "Short",
                 "int8": "Char", "uint8": "Byte", "bool": "Bool"}  # fmt: skip


def _by(sizes: Sequence[int]) -> str:
    return f"({' x '.join(map(str, sizes))})"


def wrong_rank(name: str, dims: int, shape: Sequence[int]) -> ShapeError:
    """An input that is neither one image nor a batch of them."""
    return ShapeError(
        f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input "
        f"of size: {list(shape)}"
    )


def bad_convolution_input(shape: Sequence[int], weight: Sequence[int]) -> ShapeError:
    """An input whose dimensions are not those of the weight."""
    n = len(weight)
    return ShapeError(
        f"Expected {n}-dimensional input for {n}-dimensional weight {list(weight)}, but got "
        f"{len(shape)}-dimensional input of size {list(shape)} instead"
    )


def wrong_length(argument: str, dims: int, got: Sequence[int]) -> ShapeError:
    """Strides and their like, of another number than there are spatial dimensions."""
    return ShapeError(
        f"expected {argument} to be a single integer value or a list of {dims} values to match the "
        f"convolution dimensions, but got {argument}={list(got)}"
    )


def not_a_positive_number(argument: str, got: object) -> ShapeError:
    """A stride, dilation or number of groups below one, or a padding below zero."""
    first = {
        "stride": "non-positive stride is not supported",
        "groups": "non-positive groups is not supported",
        "padding": "negative padding is not supported",
        "output_padding": "negative output_padding is not supported",
        "dilation": f"dilation should be greater than zero, but got {got}",
        "kernel": f"kernel size should be greater than zero, but got {got}",
    }[argument]
    return ShapeError(facts(first, ("got", got)))


def bad_filters(weight: Sequence[int], groups: int) -> ShapeError:
    """Filters that cannot be divided among the groups."""
    sizes = list(weight)
    if weight[0] < groups:
        return ShapeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {sizes} instead"
        )
    return ShapeError(
        f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
        f"got weight of size {sizes} instead"
    )


def wrong_channels(input: Sequence[int], weight: Sequence[int], groups: int, transposed: bool
                   ) -> ShapeError:  # fmt: skip
    """An input with more or fewer channels than the weight is for."""
    given = "transposed=1" if transposed else f"groups={groups}"
    need = weight[0] if transposed else weight[1] * groups
    return ShapeError(
        f"Given {given}, weight of size {list(weight)}, expected input{list(input)} to have {need} "
        f"channels, but got {input[1]} channels instead"
    )


def bad_bias(weight: Sequence[int], bias: Sequence[int], need: int, transposed: bool) -> ShapeError:
    """A bias that is not one number per output channel."""
    given = "transposed=1, " if transposed else ""
    return ShapeError(
        f"Given {given}weight of size {list(weight)}, expected bias to be 1-dimensional with "
        f"{need} elements, but got bias of size {list(bias)} instead"
    )


def no_pixels() -> ShapeError:
    """A weight that is no kernel."""
    return ShapeError("weight should have at least three dimensions")


def kernel_too_large(padded: Sequence[int], kernel: Sequence[int]) -> ShapeError:
    """A kernel that fits nowhere."""
    return ShapeError(
        f"Calculated padded input size per channel: {_by(padded)}. Kernel size: {_by(kernel)}. "
        "Kernel size can't be greater than actual input size"
    )


def output_too_small(size: Sequence[int], out: Sequence[int]) -> ShapeError:
    """A transposed convolution with nothing left after padding is taken off."""
    return ShapeError(
        f"Given input size per channel: {_by(size)}. Calculated output size per channel: "
        f"{_by(out)}. Output size is too small"
    )


def empty_image(shape: Sequence[int]) -> ShapeError:
    """Images without pixels."""
    return ShapeError(
        f"Only zero batch or zero channel inputs are supported, but got input shape: {list(shape)}"
    )


def too_much_output_padding(output_padding: Sequence[int], stride: Sequence[int],
                            dilation: Sequence[int]) -> ShapeError:  # fmt: skip
    """More output padding than there are sizes that one input size can come from."""
    return ShapeError(facts(
        "output padding must be smaller than either stride or dilation",
        ("got", f"output_padding={list(output_padding)}"),
        ("need", f"less than stride={list(stride)} or dilation={list(dilation)}"),
    ))


def unexpected_gradient(need: Sequence[int], got: Sequence[int]) -> ShapeError:
    """A cotangent of another shape than the convolution's output."""
    return ShapeError(facts(
        f"Expected grad_output to have shape {list(need)}, but got {list(got)}",
        ("need", "the shape of the convolution's output"),
    ))


def bad_padding_text(got: str) -> RuntimeError:
    """A padding that is neither 'same' nor 'valid'."""
    return RuntimeError(f"Invalid padding string: '{got}'")


def same_needs_stride_one() -> RuntimeError:
    """Strides shrink the output, so it cannot be as large as the input."""
    return RuntimeError("padding='same' is not supported for strided convolutions")


def dtypes_differ(role: str, input: str, other: str) -> DTypeError:
    """Operands of different dtypes."""
    return DTypeError(facts(
        f"expected scalar type {_SCALAR_NAMES[input]} but found {_SCALAR_NAMES[other]}: Input type "
        f"({_CPP_NAMES.get(input, input)}) and {role} type ({_CPP_NAMES.get(other, other)}) should "
        "be the same",
        ("fix", f"{role}.to({input}), or convert the input"),
    ))


def not_implemented(name: str, dtype: str) -> NotImplementedError:
    """A dtype for which PyTorch has no such op either."""
    return NotImplementedError(f'"{name}" not implemented for \'{_SCALAR_NAMES[dtype]}\'')


def conv_tbc_mismatch(what: str) -> ShapeError:
    """Operands of conv_tbc that do not fit together."""
    return ShapeError({
        "input": "Input must have 3 dims: time, batch, in_channel",
        "weight": "Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.",
        "channels": "Input dim 2 (input channels) is not == dim 1 in the weight tensor",
        "bias": "Bias must be 1-D",
        "filters": "Bias size must equal dim 2 in the weight tensor (output channels).",
    }[what])  # fmt: skip


# ------------------------------------------------------------------------------- unfold and fold
def bad_block_argument(argument: str, got: Sequence[int]) -> ShapeError:
    """A kernel size, stride, dilation or padding that no block can have."""
    if len(got) != 2:
        return ShapeError(f"It is expected {argument} equals to 2, but got size {len(got)}")
    name = {"kernel_size": "kernel", "padding": "pad"}.get(argument, argument)
    need = "be non-negative" if argument == "padding" else "be greater than zero"
    return ShapeError(
        f"{argument.replace('_', ' ')} should {need}, but got {name}_height: {got[0]} "
        f"{name}_width: {got[1]}"
    )


def bad_block_input(expected: str, got: Sequence[int]) -> ShapeError:
    """An input of the wrong rank, or without elements along a dimension."""
    return ShapeError(f"Expected {expected} dimensions for input, but got: {list(got)}")


def bad_block_count(output_size: Sequence[int] | None, size: Sequence[int], blocks: Sequence[int],
                    channels: int, **arguments: Sequence[int]) -> ShapeError:  # fmt: skip
    """Blocks that do not fit into the image, or are not as many as the input has columns."""
    given = ", ".join(f"{name}={tuple(value)}" for name, value in arguments.items())
    if output_size is None:
        return ShapeError(
            f"Given input with spatial size {tuple(size)}, {given}, calculated shape of the array "
            f"of sliding blocks as {tuple(blocks)}, but its components must be at least one."
        )
    kernel = tuple(arguments["kernel_size"])
    if channels % (kernel[0] * kernel[1]):
        return ShapeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={channels} and kernel_size={kernel}."
        )
    return ShapeError(
        f"Given output_size={tuple(output_size)}, {given}, expected size of input's dimension 2 to "
        f"match the calculated number of sliding blocks {blocks[0]} * {blocks[1]} = "
        f"{blocks[0] * blocks[1]}, but got input.size(2)={size[0]}."
    )
