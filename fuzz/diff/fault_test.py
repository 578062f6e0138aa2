"""fuzz_diff finds a broken lowering of the compiler, and finds nothing where none is broken.

    fault_test.py FUZZ_DIFF
"""

import re
import subprocess
import sys

MODULES = 200


def run(*options):
    return subprocess.run([sys.argv[1], *options], capture_output=True, text=True, timeout=300)


def main():
    broken = run("--fault", "--generate=1", f"--runs={MODULES}")
    seed = re.search(r"--generate=(\d+)", broken.stderr)
    found = broken.returncode < 0 and "differs from the interpreter" in broken.stderr and seed
    print(f"the fault is {'found by module ' + seed[1] if found else 'not found: ' + broken.stdout + broken.stderr}")
    sound = run("--generate=1", f"--runs={max(40, int(seed[1])) if seed else MODULES}")
    print(sound.stdout + sound.stderr)
    passed = bool(found) + (sound.returncode == 0)
    print(f"{passed} passed, {2 - passed} failed")
    return passed != 2


sys.exit(main())
