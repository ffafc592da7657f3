"""Devices, dtypes, the array modules and the identity of bytes; the room every other one stands on.

Holds:     nothing here knows of tensors or graphs.
Must not:  import CuPy before CUDA is asked for.
"""

from .devices import (
    as_device,
    cpu,
    cuda_available,
    cupy,
    default_device,
    device,
    loaded_cupy,
    on_first_cuda,
    set_default_device,
)
from .dtypes import (
    DTYPES,
    as_dtype,
    bfloat16,
    bool_,
    can_cast,
    default_dtype,
    dtype,
    float16,
    float32,
    float64,
    from_numpy_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_operands,
    promote_types,
    scalar_dtype,
    set_default_dtype,
    uint8,
)
from .kinds import Account, Kind, accounts, kind_of, kind_of_array, module_of
from .limits import finfo, iinfo
from .pinned import holder, is_pinned, pinned
from .quiet import hush, quiet, quiet_runner, run_again, unhush
from .storage import Storage, new_storage, storage_of_array

__all__ = [
    "DTYPES",
    "Account",
    "Kind",
    "Storage",
    "accounts",
    "as_device",
    "as_dtype",
    "bfloat16",
    "bool_",
    "can_cast",
    "cpu",
    "cuda_available",
    "cupy",
    "default_device",
    "default_dtype",
    "device",
    "dtype",
    "finfo",
    "float16",
    "float32",
    "float64",
    "from_numpy_dtype",
    "holder",
    "hush",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_pinned",
    "kind_of",
    "kind_of_array",
    "loaded_cupy",
    "module_of",
    "new_storage", "on_first_cuda",
    "pinned",
    "promote_operands",
    "promote_types",
    "quiet",
    "quiet_runner",
    "run_again",
    "scalar_dtype",
    "set_default_device",
    "set_default_dtype",
    "storage_of_array",
    "uint8",
    "unhush",
]  # fmt: skip
