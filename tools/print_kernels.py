"""Writes ``kernels/elementwise/*.cu``: the kernels of every built-in elementwise op.

    python tools/print_kernels.py            writes the files
    python tools/print_kernels.py --check    only says which ones differ, and fails if any does

Run it after changing an elementwise op or the printer; a test holds that nobody forgets.
"""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import walk_packages

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gpugrad import ops  # noqa: E402
from gpugrad.expr import Function  # noqa: E402
from gpugrad.expr.print_cuda import body  # noqa: E402
from gpugrad.ops.families import Elementwise  # noqa: E402

DIRECTORY = ROOT / "kernels" / "elementwise"


def declared() -> dict[str, list[Function]]:
    """Per module of ``gpugrad.ops``, the functions of the elementwise ops it declares."""
    found: dict[str, list[Function]] = {}
    for info in walk_packages(ops.__path__, f"{ops.__name__}."):
        module = import_module(info.name)
        for value in vars(module).values():
            op = getattr(value, "op", None)
            if isinstance(op, Elementwise) and value.__module__ == module.__name__:
                functions = found.setdefault(info.name.rpartition(".")[2], [])
                if op.function not in functions:  # a module may give an op a second name
                    functions.append(op.function)
    return found


def kernels_of(function: Function) -> list[tuple[str, Function]]:
    """The forward function and its derivatives, each with a comment."""
    texts = [(first_line(function), function)]
    if function.outs[0].boolean or not is_differentiable(function):
        return texts
    values = [param.kind != "bool" for param in function.params]
    choices = [(True, False) if value and sum(values) < 3 else (value,) for value in values]
    for needs in product(*choices):
        vjp = function.vjp(needs) if any(needs) else None
        if vjp is not None and vjp.kernel is not None:
            kept = ", ".join(vjp.saves) or "nothing"
            texts.append((f"Saves {kept}.", vjp.kernel))
    return texts


def is_differentiable(function: Function) -> bool:
    """Whether every scalar function in it has derivatives (bitwise ones have none)."""
    return not function.outs[0].function or all(
        part.boolean or part.function is None or part.function.cotangents is not None
        for part in (function.outs[0], *function.outs[0].args)
    )


def first_line(function: Function) -> str:
    """What the op is, from its docstring, as plain text."""
    return function.doc.partition("\n")[0].replace("``", "")


def text_of(module: str, functions: list[Function]) -> str:
    """The whole file for one module."""
    lines = [
        f"// kernels/elementwise/{module}.cu",
        f"// The elementwise ops of gpugrad/ops/{module}.py, forward and backward, for every",
        "// combination of inputs that need gradients (all of them from three on).",
        "//",
        "// Printed by tools/print_kernels.py from the declarations: change those, not this file.",
        '#include "../scalar.cuh"',
        "",
        "namespace gg {",
        "namespace op {",
    ]
    for function in functions:
        for comment, part in kernels_of(function):
            lines += ["", f"// {comment}", body(part)]
    return "\n".join([*lines, "", "}  // namespace op", "}  // namespace gg", ""])


def texts() -> dict[str, str]:
    """File name -> text, for all files of the directory."""
    return {f"{module}.cu": text_of(module, functions) for module, functions in declared().items()}


def main() -> int:
    """Writes or compares; returns the exit status."""
    wanted = texts()
    present = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.cu")}
    changed = sorted(n for n in wanted.keys() | present.keys() if wanted.get(n) != present.get(n))
    for name in changed:
        print(f"{'differs' if '--check' in sys.argv else 'written'}: {name}")
        if "--check" in sys.argv:
            continue
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        if name in wanted:
            (DIRECTORY / name).write_text(wanted[name], "utf-8")
        else:
            (DIRECTORY / name).unlink()
    return 1 if changed and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
