#!/usr/bin/env python3
"""smith.py WASM-TOOLS DIR: 300 modules made by `wasm-tools smith`, DIR/smith-N.wasm, the same at every run.

Small, without endless loops, and within what murre has: a module that needs more would be refused at once.
"""

import random
import subprocess
import sys
from pathlib import Path

COUNT = 300
OFF = [
    "simd", "relaxed-simd", "exceptions", "gc", "tail-call", "threads", "memory64", "custom-page-sizes", "custom-descriptors",
    "compact-imports", "shared-everything-threads", "wide-arithmetic", "extended-const",
]  # fmt: skip
ON = ["bulk-memory", "reference-types", "multi-value", "sign-extension-ops", "saturating-float-to-int"]
SHAPES = [
    ["--max-memories=1", "--max-instructions=60"],
    ["--max-memories=1", "--max-instructions=300", "--canonicalize-nans=true", "--min-funcs=2", "--export-everything=true"],
    ["--max-memories=1", "--min-memories=1", "--min-tables=1", "--min-funcs=3", "--max-imports=0", "--max-instructions=100", "--export-everything=true"],
]


def main() -> int:
    tool, out = sys.argv[1], Path(sys.argv[2])
    features = [f"--{name}-enabled=false" for name in OFF] + [f"--{name}-enabled=true" for name in ON]
    made = 0
    for number in range(COUNT):
        source = random.Random(number).randbytes(200 + 30 * number % 3000)
        command = [tool, "smith", "--ensure-termination", *features, *SHAPES[number % len(SHAPES)]]
        result = subprocess.run([*command, "-o", out / f"smith-{number}.wasm"], input=source, capture_output=True)
        made += result.returncode == 0
        if result.returncode != 0 and made == 0:
            sys.stderr.write(result.stderr.decode(errors="replace"))
    print(f"{made} of {COUNT} modules made", file=sys.stderr)
    return made == 0


if __name__ == "__main__":
    sys.exit(main())
