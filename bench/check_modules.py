#!/usr/bin/env python3
"""Runs the real programs of bench/modules.json and compares their answers: a test, not a measurement.

    bench/check_modules.py [--murre PROGRAM] [--tiers auto,jit,interp] [--engines wasmtime,…] [--filter TEXT] [--skip-slow]

Without --engines it checks murre in each tier. The last line is "N passed, N failed". The programs must have been
fetched by deps/bench/modules.sh. PROGRAM may be a script: that of a cross build, BUILD/murre-emulated, runs murre in an
emulator (--filter cpython: AArch64 takes some ten minutes).
"""

import argparse
import os
import sys

from harness import engines, modules, places, process


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--murre", default=os.environ.get("MURRE", str(places.ROOT / "build/murre")))
    parser.add_argument("--tiers", default="auto,jit,interp")
    parser.add_argument("--engines", default="")
    parser.add_argument("--filter", default="")
    parser.add_argument("--skip-slow", action="store_true")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for one run")
    return parser.parse_args()


def main():
    options = arguments()
    process.build_launcher()
    if options.engines:
        chosen, _, _ = engines.choose(options.murre, options.engines.split(","))
    else:
        chosen = [engines.murre(options.murre, tier) for tier in options.tiers.split(",")]
    passed = failed = 0
    for run in modules.load():
        if options.filter not in run.name or (options.skip_slow and run.slow):
            continue
        for engine in chosen:
            outcome = modules.execute(run, engine.command, options.timeout)
            if outcome is None:
                continue
            finished, wrong = outcome
            print(f"{'FAIL' if wrong else 'ok  '} {run.name} on {engine.name} ({finished.wall:.2f} s)", flush=True)
            for sentence in wrong:
                print(f"     {sentence}")
            passed += not wrong
            failed += bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
