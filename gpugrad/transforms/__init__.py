"""What is made of whole functions and whole graphs: custom functions, derivatives of functions,
forward mode, batching, recomputation, numerical checks.

Holds:     every transformation is written in terms of tensors, ops and backward passes.
Must not:  know modules or optimizers, or publish names: ``autograd``, ``func`` and ``utils`` do.
"""
