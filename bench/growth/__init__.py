"""The parts of `bench/vram_growth.py`: data, regimes, meter, report."""
