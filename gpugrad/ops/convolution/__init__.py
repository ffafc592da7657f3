"""Convolution in one to three dimensions, its transpose, and unfold and fold."""

from . import folding, functions, gradients

__all__ = ["folding", "functions", "gradients"]
