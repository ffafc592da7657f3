"""Functions of functions: derivatives and batching, under the names of ``torch.func``."""

from ..transforms.func import grad, grad_and_value, jvp, linearize, vjp
from ..transforms.functional_call import functional_call, stack_module_state
from ..transforms.jacobians import hessian, jacfwd, jacrev
from ..transforms.vmap import vmap

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "stack_module_state", "vjp", "vmap",
]  # fmt: skip
