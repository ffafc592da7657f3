"""What graphs keep, which line made them keep it, and what the device says.

Holds:     the same functions mean the same on a GPU and on the CPU.
Must not:  change what a program does: everything here looks, except ``release``, ``step``,
           ``empty_cache`` and ``reset_peak``, which say so.
"""

from .allocator import (
    empty_cache,
    mem_get_info,
    nvml_used,
    peak_bytes,
    reserved_bytes,
    reset_peak,
    used_bytes,
)
from .graphs import GraphSummary, GraphTable, graphs
from .ledger import Step, held, peak_held, step, steps
from .report import Bytes, GraphReport, NodeReport, Slot, graph
from .summary import summary

__all__ = [
    "Bytes", "GraphReport", "GraphSummary", "GraphTable", "NodeReport", "Slot", "Step",
    "empty_cache", "graph", "graphs", "held", "mem_get_info", "nvml_used", "peak_bytes",
    "peak_held", "reserved_bytes", "reset_peak", "step", "steps", "summary", "used_bytes",
]  # fmt: skip
