"""The results as text, 100 columns wide.

Must not:  compute anything but averages of what was measured.
"""

from __future__ import annotations

from statistics import median

from gpugrad.errors import format_bytes

from .training import Result, Step

HEAD = (
    ("regime", 25, "<"),
    ("graphs hold", 11, ">"),
    ("per step", 10, ">"),
    ("device", 10, ">"),
    ("peak", 9, ">"),
    ("ms a step", 11, ">"),
    ("loss", 11, ">"),
)
RELEASE = (
    ("regime", 25, "<"),
    ("graphs", 7, ">"),
    ("ledger promised", 17, ">"),
    ("allocator returned", 18, ">"),
    ("held after", 11, ">"),
)


def render(results: list[Result]) -> str:
    """Both tables, then remarks."""
    growth = [row(HEAD, [name for name, _, _ in HEAD]), rule(HEAD)]
    growth += [row(HEAD, growth_cells(result)) for result in results if result.steps]
    back = [row(RELEASE, [name for name, _, _ in RELEASE]), rule(RELEASE)]
    back += [row(RELEASE, release_cells(result)) for result in results if result.release]
    return "\n".join([
        "TRAINING  Bytes that live graphs hold after the last step, their growth per step (fitted)",
        "          and the device's; the highest peak; time and loss of the first and last steps.",
        "", *growth, "",
        "RELEASE   The graphs left at the end, or one more step's graph where none was left:",
        "          what the ledger promised, and by how much the allocator's count then fell.",
        "", *back, "", *remarks(results),
    ])  # fmt: skip


def growth_cells(result: Result) -> list[str]:
    steps = result.steps
    few = max(1, min(5, len(steps) // 4))
    early, late = milliseconds(steps[:few]), milliseconds(steps[-few:])
    return [
        result.title,
        format_bytes(steps[-1].held),
        signed(result.held_slope),
        signed(result.allocated_slope),
        format_bytes(max(step.peak for step in steps)),
        f"{short(early)} → {short(late)}",
        f"{steps[0].loss:.2f} → {steps[-1].loss:.2f}",
    ]


def release_cells(result: Result) -> list[str]:
    release = result.release
    assert release is not None
    return [
        result.title,
        str(release.graphs),
        format_bytes(release.promised),
        format_bytes(release.returned),
        format_bytes(release.held_after),
    ]


def remarks(results: list[Result]) -> list[str]:
    lines = [
        f"{r.title}: stopped after {len(r.steps)} steps, {r.stopped}" for r in results if r.stopped
    ]
    used = [s.device_used for r in results for s in r.steps if s.device_used is not None]
    if used:
        low, high = format_bytes(min(used)), format_bytes(max(used))
        lines.append(f"NVML saw {low} to {high} of the device in use, other processes included.")
    return lines


def milliseconds(steps: list[Step]) -> float:
    return 1e3 * median(step.seconds for step in steps)


def signed(count: float) -> str:
    """A growth; anything below half a byte is none."""
    if abs(count) < 0.5:
        return "0 B"
    return ("+" if count > 0 else "−") + format_bytes(abs(count))


def short(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"


def row(head: tuple[tuple[str, int, str], ...], cells: list[str]) -> str:
    pairs = zip(cells, head, strict=True)
    return " ".join(f"{cell:{side}{width}}" for cell, (_, width, side) in pairs)


def rule(head: tuple[tuple[str, int, str], ...]) -> str:
    return "─" * (sum(width for _, width, _ in head) + len(head) - 1)
