"""Reads a source tree and says where it breaks the rules of the house.

Holds:     every check returns sentences, "file:line what is wrong"; an empty list is a pass.
Must not:  import the code it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# Rooms in dependency order; those that share a line do not see each other.
ROOMS = (
    ("errors",),
    ("array",),
    ("expr",),
    ("graph",),
    ("ops",),
    ("tensor",),
    ("memory",),
    ("transforms",),
    ("autograd", "func", "linalg", "random", "special"),
    ("nn", "optim", "utils"),
    ("amp", "cuda", "distributed", "serialization"),
    ("__init__",),
)
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}

OPTIONAL = {"cupy", "cupyx", "cupy_backends", "matplotlib", "ml_dtypes", "pynvml", "scipy", "tqdm"}
DEVICE_PACKAGES = {"cupy", "cupyx", "cupy_backends", "pynvml"}
DEVICE_PLACES = ("array/", "expr/compile.py", "memory/allocator.py")

FILE_LINES, FUNCTION_LINES, LINE_COLUMNS, NESTING = 450, 40, 100, 3
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.AsyncFor, ast.AsyncWith)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    """One imported module as the text names it, and whether a function holds the statement."""

    module: str
    line: int
    inside_function: bool


@dataclass
class Source:
    """One Python file of the package."""

    path: Path
    name: str  # dotted: "gpugrad.array.devices"
    is_package: bool
    text: str
    tree: ast.Module
    imports: list[Import] = field(default_factory=list)

    @property
    def room(self) -> str:
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"


def read_package(directory: Path) -> dict[str, Source]:
    """All files of the package in ``directory``, by dotted name, with their imports resolved."""
    sources: dict[str, Source] = {}
    for path in sorted(directory.rglob("*.py")):
        parts = [directory.name, *path.relative_to(directory).with_suffix("").parts]
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        text = path.read_text("utf-8")
        sources[name] = Source(path, name, is_package, text, ast.parse(text))
    for source in sources.values():
        source.imports = list(find_imports(source, sources))
    return sources


def find_imports(source: Source, sources: dict[str, Source]) -> Iterator[Import]:
    """Every import, wherever it stands: at the top, in a function, for type checkers only."""
    inside = {
        id(node)
        for function in ast.walk(source.tree)
        if isinstance(function, FUNCTIONS)
        for node in ast.walk(function)
    }
    for node in ast.walk(source.tree):
        for module in imported_modules(node, source, sources):
            line = getattr(node, "lineno", 0)
            yield Import(module, line, inside_function=id(node) in inside)


def imported_modules(node: ast.AST, source: Source, sources: dict[str, Source]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = absolute(node.module or "", node.level, source)
        # `from room import name` may name a module of the room or something inside its __init__.
        names = [f"{base}.{alias.name}" for alias in node.names]
        return list(dict.fromkeys(name if name in sources else base for name in names))
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        name = node.args[0].value
        if called in ("import_module", "__import__") and isinstance(name, str):
            level = len(name) - len(name.lstrip("."))
            return [absolute(name.lstrip("."), level, source)]
    return []


def absolute(module: str, level: int, source: Source) -> str:
    """The full name of a module named relative to ``source``."""
    if level == 0:
        return module
    parts = source.name.split(".")
    keep = len(parts) - level + (1 if source.is_package else 0)
    return ".".join([*parts[:keep], *([module] if module else [])])


# ---------------------------------------------------------------------------------------- imports
def rooms_out_of_order(sources: dict[str, Source]) -> list[str]:
    """Imports of a room that is not to the left, and files that belong to no room."""
    package = next(iter(sources)).split(".")[0]
    wrong = [
        f"{s.path}: {s.room!r} is no room" for s in sources.values() if s.room not in RANK
    ]
    for source in sources.values():
        for found in source.imports:
            if found.module.split(".")[0] != package:
                continue
            target = found.module.split(".")[1] if "." in found.module else "__init__"
            if target == source.room:
                continue
            if RANK.get(target, -1) >= RANK.get(source.room, 0):
                wrong.append(f"{source.path}:{found.line} {source.room} imports {target}")
    return wrong


def import_cycles(sources: dict[str, Source]) -> list[str]:
    """Modules that import each other, directly or round a corner."""
    graph = {
        source.name: {f.module for f in source.imports if f.module in sources} - {source.name}
        for source in sources.values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(reversed(error.args[1]))]
    return []


def imports_in_functions(sources: dict[str, Source]) -> list[str]:
    """Imports inside functions, other than of optional packages."""
    return [
        f"{source.path}:{found.line} imports {found.module} inside a function"
        for source in sources.values()
        for found in source.imports
        if found.inside_function and found.module.split(".")[0] not in OPTIONAL
    ]


def stray_device_imports(sources: dict[str, Source], directory: Path) -> list[str]:
    """CuPy or pynvml outside the three places that may touch them."""
    return [
        f"{source.path}:{found.line} imports {found.module}"
        for source in sources.values()
        for found in source.imports
        if found.module.split(".")[0] in DEVICE_PACKAGES
        and not source.path.relative_to(directory).as_posix().startswith(DEVICE_PLACES)
    ]


# ------------------------------------------------------------------------------------------ sizes
def oversized_text(path: Path, text: str) -> list[str]:
    """A file with too many lines, or lines with too many columns."""
    lines = text.splitlines()
    wrong = [
        f"{path}:{number} has {len(line)} columns"
        for number, line in enumerate(lines, 1)
        if len(line) > LINE_COLUMNS
    ]
    if len(lines) > FILE_LINES:
        wrong.append(f"{path} has {len(lines)} lines")
    return wrong


def oversized_functions(source: Source) -> list[str]:
    """Functions that are too long, their docstring apart, or nested too deeply."""
    wrong = []
    for function in ast.walk(source.tree):
        if not isinstance(function, FUNCTIONS):
            continue
        where = f"{source.path}:{function.lineno} {function.name}"
        if (lines := function_lines(function)) > FUNCTION_LINES:
            wrong.append(f"{where} has {lines} lines")
        if (depth := nesting(function.body)) > NESTING:
            wrong.append(f"{where} nests {depth} deep")
    return wrong


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def nesting(body: list[ast.stmt]) -> int:
    """How many blocks stand inside each other; an ``elif`` is no deeper than its ``if``."""
    return max((statement_nesting(statement) for statement in body), default=0)


def statement_nesting(statement: ast.stmt) -> int:
    if isinstance(statement, FUNCTIONS) or not isinstance(statement, BLOCKS):
        return 0
    inner = [nesting(part) for part in blocks_of(statement)]
    orelse = getattr(statement, "orelse", [])
    if isinstance(statement, ast.If) and len(orelse) == 1 and isinstance(orelse[0], ast.If):
        return max(1 + max(inner, default=0), statement_nesting(orelse[0]))
    return 1 + max([*inner, nesting(orelse)], default=0)


def blocks_of(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The statement lists directly inside a block, except ``orelse``."""
    found = [getattr(statement, name, []) for name in ("body", "finalbody")]
    for name in ("handlers", "cases"):
        found += [part.body for part in getattr(statement, name, [])]
    return found
