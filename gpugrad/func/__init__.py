"""Functions of functions: derivatives and batching, under the names of ``torch.func``."""
