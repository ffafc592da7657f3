"""The families of ops, under one roof: ``elementwise``, ``linear`` and ``custom``."""

from .elementwise import Elementwise, elementwise
from .generic import Custom, Linear, custom, linear

__all__ = ["Custom", "Elementwise", "Linear", "custom", "elementwise", "linear"]
