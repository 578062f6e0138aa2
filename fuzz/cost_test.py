#!/usr/bin/env python3
"""A unit that takes too long is a finding: cost_test.py FUZZ_TARGET… with modules in the folder of each target's corpus."""

import os
import subprocess
import sys
from pathlib import Path


def ends(target: Path, cost: str) -> "tuple[int, str]":
    corpus = Path(__file__).parent / "corpus" / target.name.removeprefix("fuzz_")
    unit = max(corpus.iterdir(), key=lambda path: path.stat().st_size)
    done = subprocess.run([target, unit], env={**os.environ, "MURRE_FUZZ_COST": cost}, capture_output=True, check=False)
    return done.returncode, done.stderr.decode(errors="replace")


def main() -> int:
    failed = 0
    for target in map(Path, sys.argv[1:]):
        for cost, found in (("0", True), ("1000000000", False)):
            status, messages = ends(target, cost)
            right = status != 0 and "the bound is" in messages if found else status == 0
            failed += not right
            if not right:
                print(f"FAILED {target.name}: at {cost} ns per byte status {status}: {messages[-300:]}")
    print(f"{2 * len(sys.argv[1:]) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
