"""New tensors are the CPU's, and the garbage collector stays out of these tests."""

from tests.fixtures import device_of_the_test, no_garbage_collection

__all__ = ["device_of_the_test", "no_garbage_collection"]
