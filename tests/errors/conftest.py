"""The garbage collector stays out of these tests."""

from tests.fixtures import no_garbage_collection

__all__ = ["no_garbage_collection"]
