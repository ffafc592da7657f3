"""Weekly carbon dioxide at Mauna Loa, as batches of consecutive weeks.

Holds:     the trend is removed with a parabola over all years and the rest scaled to unit variance,
           so that what is left to learn is the season's swing.
Must not:  know about models or memory.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "data" / "co2_weekly.csv"


@dataclass(frozen=True)
class Series:
    """Detrended weeks (float32, unit variance) and how many ppm one unit is."""

    values: np.ndarray
    ppm: float

    def window(self, step: int, batch: int, window: int) -> tuple[np.ndarray, np.ndarray]:
        """Step's weeks and the week after each: two arrays of shape (batch, window, 1).

        Row i walks through its own stretch of the series, so step k + 1 continues where step k
        ended; a hidden state may be carried from one to the next.
        """
        starts = np.arange(batch) * (len(self.values) // batch) + step * window
        weeks = (starts[:, None] + np.arange(window + 1)) % len(self.values)
        rows = self.values[weeks][:, :, None]
        return rows[:, :-1], rows[:, 1:]


def load() -> Series:
    """The series that ships with the repository; weeks without a measurement are interpolated."""
    with FILE.open(newline="") as file:
        text = [row["co2"] for row in csv.DictReader(file)]
    week = np.arange(len(text))
    measured = np.array([value != "" for value in text])
    known = np.array([float(value) for value in text if value])
    co2 = np.interp(week, week[measured], known)
    centred = week / len(week) - 0.5
    rest = co2 - np.polyval(np.polyfit(centred, co2, 2), centred)
    ppm = float(rest.std())
    return Series((rest / ppm).astype(np.float32), ppm)
