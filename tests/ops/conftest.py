"""New tensors are on the device of the test; the garbage collector stays out."""

import pytest

from tests.fixtures import device_of_the_test, no_garbage_collection

__all__ = ["device_of_the_test", "no_garbage_collection"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """PyTorch says once that index_reduce may still change."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore:index_reduce.* is in beta"))
