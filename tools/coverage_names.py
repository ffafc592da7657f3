"""Which of the names that programs use are there: ``make coverage-names``.

names/usage_counts.tsv counts what 146 public training scripts call; names/expected_names.tsv ranks
what people expect; names/left_out.tsv says what is left out, and why. A name counts as there if it
can be reached; whether it does what it should is for the tests.

Holds:     what is left out weighs as much as what is missing: it is only said apart.
"""

from __future__ import annotations

import csv
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
NAMES = ROOT / "tools" / "names"
sys.path.insert(0, str(ROOT))

import gpugrad  # noqa: E402

CATEGORIES = ("torch", "method", "F", "kwarg")
FIELDS = ("torch.linalg.", "torch.special.", "torch.nn.functional.")
EXPECTED_RANK = 600


class Row(NamedTuple):
    rank: int
    name: str
    weight: int
    kind: str


def main() -> int:
    usage = list(usage_rows())
    tensor = [row for row in usage if row.kind != "kwarg" and not of_modules(row)]
    first = [row for row in tensor if row.rank <= 150]
    expected = list(expected_rows())
    wanted = [row for row in expected if row.name not in left_out()]
    report("torch, Tensor, F, nn.init and keyword arguments, as scripts use them", usage, 0)
    report(f"expected tensor names of the first {EXPECTED_RANK}", expected, 0)
    ok = report("tensor functions and methods among them", tensor, 0.99)
    ok &= report("these, of rank 150 or less", first, 1)
    ok &= report("expected tensor names that are not left out", wanted, 1)
    return 0 if ok else 1


def report(what: str, rows: list[Row], least: float) -> bool:
    """Prints the share by weight and what is not there; whether that share is reached."""
    why = left_out()
    missing = [row for row in rows if not exists(row.name)]
    total = sum(row.weight for row in rows)
    share = 1 - sum(row.weight for row in missing) / total
    bar = f"; {least:.0%} is wanted" if least else ""
    print(f"\n{share:.2%} of {what} ({len(rows)} names, weight {total}{bar})")
    for row in missing:
        print(f"  {row.rank:>5}  {row.name:<32} {row.weight:>3}  {why.get(row.name, 'MISSING')}")
    return share >= least


# ------------------------------------------------------------------------------------- the lists
def usage_rows() -> Iterator[Row]:
    """What scripts call, weighted by how often."""
    for row in read("usage_counts.tsv"):
        if row["category"] in CATEGORIES or row["name"].startswith("nn.init."):
            notes = row["note"].split()
            kind = "module" if notes and "Tensor" not in notes[0] else row["category"]
            yield Row(int(row["rank"]), row["name"], int(row["count"]), kind)


def expected_rows() -> Iterator[Row]:
    """Tensor functions, methods and properties among what people expect first."""
    for row in read("expected_names.tsv"):
        name, kind, rank = row["name"], row["kind"], int(row["rank"])
        plain = name.count(".") == 1 or name.startswith(FIELDS)
        if rank <= EXPECTED_RANK and plain and kind in ("function", "method", "property"):
            yield Row(rank, name, 1, kind)


def of_modules(row: Row) -> bool:
    """Whether it is a method of modules or optimizers only, or an initialiser."""
    return row.kind == "module" or row.name.startswith("nn.init.")


def left_out() -> dict[str, str]:
    return {row["name"]: row["reason"] for row in read("left_out.tsv")}


def read(name: str) -> Iterable[dict[str, str]]:
    with (NAMES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


# ------------------------------------------------------------------------------------- resolution
def exists(name: str) -> bool:
    """Whether a program that says ``name`` finds it in gpugrad."""
    if name.startswith("method:."):
        attribute = name.removeprefix("method:.").removesuffix("()")
        return any(hasattr(owner, attribute) for owner in owners())
    if name.startswith("kwarg:"):
        return name.removeprefix("kwarg:").removesuffix("=") in keywords()
    place: Any = gpugrad
    path = name.removeprefix("torch.")
    path = path.replace("F.", "nn.functional.", 1) if path.startswith("F.") else path
    for part in path.split("."):
        place = getattr(place, part, None)
        if place is None:
            return False
    return True


def owners() -> list[Any]:
    """The classes whose methods scripts call."""
    module = gpugrad.nn.Linear(1, 1, device="cpu")
    return [gpugrad.Tensor, module, gpugrad.optim.SGD(module.parameters(), lr=1.0)]


def keywords(found: set[str] = set()) -> set[str]:  # noqa: B006  (a cache)
    """The parameters of every public function, method and class."""
    if not found:
        places = [gpugrad, gpugrad.Tensor, gpugrad.nn, gpugrad.nn.Module, gpugrad.optim,
                  gpugrad.optim.Optimizer, gpugrad.serialization,
                  import_module("gpugrad.nn.functional")]  # fmt: skip
        for place in places:
            for name in dir(place):
                if callable(value := getattr(place, name)):
                    found.update(parameters(value))
    return found


def parameters(function: Callable[..., Any]) -> Iterable[str]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()


if __name__ == "__main__":
    sys.exit(main())
