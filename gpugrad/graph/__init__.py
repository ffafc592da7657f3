"""The graph: tensors' state, nodes, grad modes and the engine that runs graphs backwards.

Holds:     nothing here knows an operation, a device library or a report; whoever wants to know
           what a graph does listens (``listeners``) or looks at live nodes.
Must not:  form reference cycles.
"""

from . import access  # noqa: F401  (how users read saved values)
from .accumulate import add, as_tensor, deliver
from .base import (
    Origin,
    Size,
    TensorBase,
    become_view,
    live_views,
    make_storage,
    new_tensor,
    storage_of,
    tensor_class,
    use_class,
)
from .calls import backward, grad, is_leaf
from .edges import GradientEdge, get_gradient_edge
from .engine import listeners, run
from .grad_modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .live import live_nodes, live_storages, live_tensors, reachable, release_graph, root_nodes
from .lost import Lost, inherited, lose, why_no_grad
from .modes import (
    Diverted,
    Scope,
    enter_module,
    leave_module,
    local,
    next_step,
    step_number,
)
from .node import (
    Accumulator,
    GraphNode,
    Hooks,
    Node,
    Port,
    Release,
    Rule,
    SavingNode,
    graph_node,
    hooks_of,
    next_sequence,
)
from .packing import Holding, Packed, let_go, packed, saved_slots, saved_value
from .preserve import about_to_write, replace_saved
from .saved import (
    ACCOUNTED,
    Numbers,
    clock,
    increment_version,
    keep,
    mutated,
    release,
    release_one,
    release_two,
    unpack,
)
from .traced import NotConcrete, handed_over, is_traced, topmost
from .where import PRINTED, Location, here, location, noted_frame, user_files, user_frame

__all__ = [
    "ACCOUNTED",
    "PRINTED",
    "Accumulator",
    "Diverted",
    "GradientEdge",
    "GraphNode",
    "Holding",
    "Hooks",
    "Location",
    "Lost",
    "Node",
    "NotConcrete",
    "Numbers",
    "Origin",
    "Packed",
    "Port",
    "Release",
    "Rule",
    "SavingNode",
    "Scope",
    "Size",
    "TensorBase",
    "about_to_write",
    "add",
    "as_tensor",
    "backward",
    "become_view",
    "clock",
    "deliver",
    "enable_grad",
    "enter_module",
    "get_gradient_edge",
    "grad",
    "graph_node",
    "handed_over",
    "here",
    "hooks_of",
    "increment_version",
    "inference_mode",
    "inherited",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "is_leaf",
    "is_traced",
    "keep",
    "leave_module",
    "let_go",
    "listeners",
    "live_nodes",
    "live_storages",
    "live_tensors",
    "live_views",
    "local",
    "location",
    "lose",
    "make_storage",
    "mutated",
    "new_tensor",
    "next_sequence",
    "next_step",
    "no_grad",
    "noted_frame",
    "packed",
    "reachable",
    "release",
    "release_graph",
    "release_one",
    "release_two",
    "replace_saved",
    "root_nodes",
    "run",
    "saved_slots",
    "saved_value",
    "set_grad_enabled",
    "step_number",
    "storage_of",
    "tensor_class",
    "topmost",
    "unpack",
    "use_class",
    "user_files",
    "user_frame",
    "why_no_grad",
]  # fmt: skip
