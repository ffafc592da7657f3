"""A progress bar: tqdm's where it is installed, a plain line otherwise.

Must not:  print anything when the output is no terminal, but for one line per regime.
"""

from __future__ import annotations

import sys
from typing import Any

try:
    from tqdm import tqdm
except ImportError:
    tqdm = None


class Progress:
    """Counts steps of one regime and shows the bytes its graphs hold."""

    def __init__(self, title: str, steps: int) -> None:
        self.title, self.steps, self.done = title, steps, 0
        self.live = sys.stderr.isatty()
        self.bar: Any = None
        if self.live and tqdm is not None:
            layout = "{desc} {bar} {n_fmt:>3}/{total_fmt} steps, {postfix}"
            self.bar = tqdm(total=steps, desc=f"{title:<26}", bar_format=layout, ncols=96)

    def advance(self, note: str) -> None:
        self.done += 1
        if self.bar is not None:
            self.bar.set_postfix_str(note, refresh=False)
            self.bar.update()
        elif self.live:
            filled = 24 * self.done // self.steps
            line = f"{self.title:<26} {'#' * filled:<24} {self.done:>3}/{self.steps} steps, {note}"
            sys.stderr.write(f"\r{line:<96}")
            sys.stderr.flush()

    def close(self, note: str) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.live:
            sys.stderr.write("\n")
        else:
            sys.stderr.write(f"{self.title:<26} {self.done:>3}/{self.steps} steps, {note}\n")
