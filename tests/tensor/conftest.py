"""New tensors are on the device of the test; the garbage collector stays out."""

from tests.fixtures import device_of_the_test, no_garbage_collection

__all__ = ["device_of_the_test", "no_garbage_collection"]
