"""Every exception gpugrad raises, and every sentence in it.

    GpugradError
    ├── ShapeError         (RuntimeError)   sizes that do not fit together
    ├── DTypeError         (RuntimeError)   a dtype an operation cannot take
    ├── DeviceError        (RuntimeError)   operands on different devices, or a missing device
    ├── LinAlgError        (RuntimeError)   a matrix without the inverse or factors asked for
    ├── OutOfMemoryError   (RuntimeError, MemoryError)
    ├── IndexRangeError    (IndexError)     an index, or a class, outside what it counts
    ├── KernelFilesError   (FileNotFoundError)  an installation without its CUDA texts
    └── GraphError         (RuntimeError)   what a graph cannot do
        ├── CheckpointError      a second run that differs from the first
        ├── GraphFreedError      a second backward through released nodes
        ├── InplaceError         a saved value, or a leaf, was written to
        ├── NoGradError          nothing to differentiate
        └── UnusedInputError     an input the result does not depend on

Holds:     the first line keeps the phrase PyTorch users search for; the facts follow, one per line,
           and are fields of the exception too.
Must not:  import any other room, hold tensors or arrays, or print values.
"""

from .attention import *  # noqa: F403
from .convolutions import *  # noqa: F403
from .devices import *  # noqa: F403
from .expressions import *  # noqa: F403
from .functional import *  # noqa: F403
from .functions import *  # noqa: F403
from .graphs import *  # noqa: F403
from .hooks import *  # noqa: F403
from .indexing import *  # noqa: F403
from .matrices import *  # noqa: F403
from .modules import *  # noqa: F403
from .normalization import *  # noqa: F403
from .operands import *  # noqa: F403
from .second_backward import *  # noqa: F403
from .text import *  # noqa: F403
from .traced import *  # noqa: F403
from .tree import *  # noqa: F403

for _shown in list(vars().values()):
    if isinstance(_shown, type):
        _shown.__module__ = __name__  # tracebacks say gpugrad.errors, not the file inside
