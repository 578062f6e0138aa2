"""The parts of the benchmark's driver, bench/run.py."""
