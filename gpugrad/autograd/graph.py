"""The graph and its hooks under PyTorch's names, ``torch.autograd.graph``."""

from ..graph import GradientEdge, get_gradient_edge, increment_version
from ..graph import GraphNode as Node
from ..transforms.multi_grad import register_multi_grad_hook
from ..transforms.preserve import allow_mutation_on_saved_tensors
from ..transforms.saved_hooks import (
    disable_saved_tensors_hooks,
    save_on_cpu,
    saved_tensors_hooks,
)

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip
