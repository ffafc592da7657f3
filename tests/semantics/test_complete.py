"""Every row of section D1 of the semantics has a test; this is where each of them is.

A row is named as in the table; what covers it is a row of a file beside this one, or a test of
another file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics import test_errors_and_edges, test_hooks_and_modes

TESTS = Path(__file__).resolve().parents[1]
EDGES = {*test_errors_and_edges.ROWS, *test_errors_and_edges.ERRORS}
HOOKS = {*test_hooks_and_modes.ROWS, *test_hooks_and_modes.ERRORS}

D1 = {
    "2nd backward, grad(), saved access after free": "second backward:",
    "tensor kept as ctx attribute": "autograd/test_function_memory.py",
    "partial failure": "graph/test_failing_middle.py",
    "non-scalar root": "non-scalar root:",
    "seed wrong shape": "seed of another shape:",
    "seed wrong float dtype": "seed of another floating dtype:",
    "seed a Python float": "a_number_is_a_seed",
    "root without grad": "root without grad:",
    "leaf_scalar.backward()": "leaf as root:",
    "grad wrt input with requires_grad=False": "input without grad:",
    "unused input": "unused input:",
    "materialize_grads": "materialize_grads:",
    "empty inputs": "empty inputs:",
    "backward(inputs=[nonleaf])": "backward(inputs): non_leaf",
    "backward(inputs=[x]) then backward(inputs=[w])": "backward(inputs): one_input",
    "grad(y, h): nodes below h": "nodes below an input:",
    "requires_grad on int": "requires_grad of integers:",
    "y.requires_grad=False on non-leaf": "requires_grad of a non-leaf:",
    "argmax, compare, .long()": "ops without gradient:",
    "leaf in-place": "leaf written:",
    "version mismatch, non-leaf": "version mismatch: of_a_result",
    "version mismatch, leaf": "version mismatch: of_a_leaf",
    "same, anomaly on": "version mismatch: with_anomaly_mode",
    "changes torch does NOT see": "a_write_through_data_is_noticed",
    "version rules": "version rules:",
    "accumulate, no create_graph": "accumulation: adds_in_place",
    "accumulate, create_graph": "accumulation: with_create_graph",
    "grad layout": "layout of gradients:",
    "first create_graph backward": "create_graph_warns_of_nothing",
    "retain_graph default": "retain_graph:",
    "backward inside no_grad with create_graph": "backward inside no_grad:",
    "non-leaf .grad": "grad of a non-leaf:",
    "retain_grad": "retain_grad:",
    ".grad = wrong": "assigned grad:",
    "hook order at one node": "the_order_at_one_node",
    "hooks and grad()": "leaf_hooks_fire_for_grad",
    "hook misuse": "a_hook_of_another_size",
    "execution order": "execution order:",
    "exception in a hook": "an_exception_in_a_hook",
    "saved_tensors_hooks": "pack_is_called_for_every_slot",
    "nan in anomaly": "a_nan_is_found",
    "custom Function": "autograd/test_function.py",
    "views": "written views:",
    "inference tensors": "tensors_of_inference_mode",
    "grad mode": "grad mode:",
    "conversions": "conversions:",
    "zero_grad": "zero_grad:",
    "optimizer": "optimizers:",
    "shapes": "shapes:",
    "repr": "repr:",
}


@pytest.mark.parametrize("row", D1)
def test_the_row_has_a_test(row: str) -> None:
    where = D1[row]
    if where.endswith(".py"):
        assert (TESTS / where).read_text("utf-8").count("def test_") > 2
        return
    own = vars(test_errors_and_edges).keys() | vars(test_hooks_and_modes).keys()
    assert any(where in name for name in EDGES | HOOKS | own)
