"""No op without a row: what the table's rows record, forward and backward, is every op there is."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import gpugrad
from gpugrad import ops
from gpugrad.graph import reachable
from gpugrad.ops.families import Custom, Elementwise, Linear
from tests.cases import CASES, CONDITIONS, NONDIFF, Case
from tests.ops.walk import gradient

# Where ops are tested that the table cannot call.
ELSEWHERE = {
    "dropout": "test_dropout.py", "random_slope": "test_elementwise_variants.py",
    "random": "test_random.py", "recurrent": "tests/nn/test_rnn.py",
    "ctc": "test_ctc.py", "row_mass_op": "test_loss.py",
    "put_op": "test_index.py", "without_op": "test_index.py",
    "put_copy_op": "tests/transforms/test_table.py",
    "without_region": "test_views.py", "put_region": "test_views.py", "replay": "test_views.py",
    "_convert": "test_conversions.py",
}  # fmt: skip

SIGNS = {
    "eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "bitwise_and": "&",
    "bitwise_or": "|", "bitwise_xor": "^", "bitwise_not": "~", "left_shift": "<<",
    "right_shift": ">>", "common_divisor": "torch.gcd(", "common_multiple": "torch.lcm(",
    "neighbour": "torch.nextafter(", "gamma_below": "torch.igamma(",
    "gamma_above": "torch.igammac(", "zeta_of": "torch.zeta(",
}  # fmt: skip


def declared() -> dict[str, str]:
    """The names of all ops, with the names of their modules."""
    found = {}
    for info in walk_packages(ops.__path__, f"{ops.__name__}."):
        module = import_module(info.name)
        for name, value in vars(module).items():
            op = getattr(value, "op", value)
            own = getattr(value, "__module__", module.__name__) == module.__name__
            if isinstance(op, (Custom, Linear)) or (isinstance(op, Elementwise) and own):
                found.setdefault(op.name if isinstance(op, Elementwise) else name, info.name)
    return found


def recorded(case: Case) -> set[Any]:
    """The ops that a row and its backward record."""
    tensors = case.tensors(case.arrays())
    value = case(tensors)
    if not value.requires_grad:
        return set()
    grads = gradient(case, tensors, gpugrad.ones_like(value).detach().requires_grad_(),
                     create_graph=True)  # fmt: skip
    return {node.rule.op for node in reachable([value, *grads]) if hasattr(node.rule, "op")}


def test_every_op_is_called_by_a_row() -> None:
    used = set().union(*map(recorded, CASES))
    names = {op.name for op in used if isinstance(op, Elementwise)}
    conditions = " ".join(case.call for case in (*CASES, *CONDITIONS, *NONDIFF))
    conditions = conditions.replace("torch.special.", "torch.")
    names |= {name for name in declared() if SIGNS.get(name, f"torch.{name}(") in conditions}
    objects = {id(op) for op in used}
    for name, module in declared().items():
        op = getattr(import_module(module), name, None)
        short = module.rpartition(".")[2]
        known = name in names or id(op) in objects or name in ELSEWHERE or short in ELSEWHERE
        assert known, f"{module}.{name} has no row in tests/cases"
