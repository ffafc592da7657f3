"""Backward passes as functions and what goes with them, under PyTorch's names."""

from ..graph import (
    backward,
    enable_grad,
    grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from . import anomaly_mode, graph
from .anomaly_mode import detect_anomaly, set_detect_anomaly

__all__ = [
    "anomaly_mode", "backward", "detect_anomaly", "enable_grad", "grad", "graph", "inference_mode",
    "is_grad_enabled", "no_grad", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip
