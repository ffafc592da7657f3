"""The graph: tensors' state, nodes, grad modes and the engine that runs graphs backwards.

Holds:     nothing here knows an operation, a device library or a report; whoever wants to know
           what a graph does listens (``listeners``) or looks at live nodes.
Must not:  form reference cycles.
"""

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
from .engine import listeners, run
from .live import live_nodes, live_storages, live_tensors, reachable, release_graph, root_nodes
from .modes import (
    Scope,
    enable_grad,
    enter_module,
    is_grad_enabled,
    leave_module,
    local,
    next_step,
    no_grad,
    set_grad_enabled,
    step_number,
)
from .node import (
    Accumulator,
    Hooks,
    Node,
    Port,
    Release,
    Rule,
    SavingNode,
    graph_node,
    next_sequence,
)
from .saved import (
    ACCOUNTED,
    clock,
    keep,
    mutated,
    release,
    release_one,
    release_two,
    saved_slots,
    unpack,
)
from .where import PRINTED, Location, here, location, user_files, user_frame

__all__ = [
    "ACCOUNTED",
    "PRINTED",
    "Accumulator",
    "Hooks",
    "Location",
    "Node",
    "Origin",
    "Port",
    "Release",
    "Rule",
    "SavingNode",
    "Scope",
    "Size",
    "TensorBase",
    "add",
    "as_tensor",
    "backward",
    "become_view",
    "clock",
    "deliver",
    "enable_grad",
    "enter_module",
    "grad",
    "graph_node",
    "here",
    "is_grad_enabled",
    "is_leaf",
    "keep",
    "leave_module",
    "listeners",
    "live_nodes",
    "live_storages",
    "live_tensors",
    "live_views",
    "local",
    "location",
    "make_storage",
    "mutated",
    "new_tensor",
    "next_sequence",
    "next_step",
    "no_grad",
    "reachable",
    "release",
    "release_graph",
    "release_one",
    "release_two",
    "root_nodes",
    "run",
    "saved_slots",
    "set_grad_enabled",
    "step_number",
    "storage_of",
    "tensor_class",
    "unpack",
    "use_class",
    "user_files",
    "user_frame",
]  # fmt: skip
