#!/usr/bin/env python3
"""Peak memory of small modules that ask for much (bombs.py), measured from outside:
memory.py [--skip=FEATURE] [--bounds=MODE] MURRE [TIER…].

With default options it is at most 64 MiB and eight times the module, decompressed. How such a run ends is not looked at here, but for the
signals of a crash.

With --bounds=explicit the bombs run so, and nothing else is tried. Compilations may work with three times as much then (most_memory in
src/runtime/tier_queue.c): three quarters of what code may take, which is at most 36 MiB and six times the module, three times instead of
once. That is 54 MiB and nine times the module more.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

BOMBS = Path(__file__).parent / "bombs.py"
MIB = 1 << 20
TIMEOUT = "5s"
SECONDS = 120
# MiB, and bytes for each byte of the module, by the way of checking bounds ("": murre's choice, guard regions).
BOUNDS = {"": (64, 8), "guard": (64, 8), "explicit": (64 + 2 * 27, 8 + 2 * 4.5)}


def run(arguments: "list[str]", messages: Path) -> "tuple[int, int, str]":
    """The exit status (negative: a signal), the peak of resident memory in bytes, and what was said first."""
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(SECONDS)
            output = os.open(messages, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            # Meson lets malloc fill blocks, which touches what nobody would.
            environment = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
            os.execve(arguments[0], arguments, environment)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    with messages.open("rb") as file:
        said = file.read(300).decode(errors="replace")
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024, said


def check(name: str, size: int, arguments: "list[str]", messages: Path, bounds: str = "") -> bool:
    status, peak, said = run(arguments, messages)
    always, each = BOUNDS[bounds]
    most = always * MIB + each * size
    good = 0 <= status < 127 or status in (124, 134)
    if good and peak <= most:
        return True
    print(f"FAIL {name}: status {status}, {peak / MIB:.1f} MiB of {most / MIB:.1f} MiB for {size} bytes; {said!r}")
    return False


def make(bomb: str, path: Path) -> int:
    """In a process of its own: what a child takes is measured from fork on, and this one must stay small."""
    with path.open("wb") as file:
        subprocess.run([sys.executable, str(BOMBS), bomb], stdout=file, check=True)
    return path.stat().st_size


def check_bomb(program: str, tiers: "list[str]", bounds: str, bomb: str, folder: Path) -> "list[bool]":
    path, messages = folder / "bomb.wasm", folder / "messages"
    size = make(bomb, path)
    results = [] if bounds else [check(f"{bomb} validated", size, [program, "validate", str(path)], messages)]
    for tier in tiers:
        for options in [[f"--bounds={bounds}"]] if bounds else [[], ["--max-memory=1M"]]:
            command = [program, "run", f"--timeout={TIMEOUT}", f"--tier={tier}", *options, str(path)]
            results.append(check(f"{bomb} {tier} {' '.join(options)}", size, command, messages, bounds))
    return results


def check_compressed(program: str, folder: Path) -> bool:
    path, packed = folder / "bomb.wasm", folder / "bomb.wasm.gz"
    size = make("three_million_custom_sections", path)
    subprocess.run(["gzip", "--keep", str(path)], check=True)
    return check("three_million_custom_sections, compressed", size, [program, "run", str(packed)], folder / "messages")


# What happens beyond a limit that is set: options, bomb, status, what is said.
REFUSALS = [
    ("--max-code-memory=300K", "code_of_many_functions_that_wait", 134, "register code takes more than its limit (max_code_memory)"),
    ("--max-code-memory=300K", "code_of_many_functions", 0, ""),  # nothing waits: room is made
    ("--max-table-memory=1K", "a_large_table_filled", 1, "a table of 10000000 elements: tables may take 1024 bytes together"),
    ("--max-memory=2M", "a_large_table_filled", 1, "tables may take 2097152 bytes together"),
    ("--max-table-memory=80M", "a_large_table_filled", 0, ""),
    ("--validate-all", "millions_of_constants", 1, "more than 262144 operands on the stack"),
    ("--validate-all", "a_branch_table_of_millions", 1, "7600000 br_table targets, the limit is 65520"),
    ("--tier=interp", "ten_million_element_segments", 1, "what the module declares takes more than"),
]


def check_refusals(program: str, folder: Path) -> "list[bool]":
    results = []
    for option, bomb, status, words in REFUSALS:
        path = folder / "bomb.wasm"
        make(bomb, path)
        tier = [] if option.startswith("--tier") else ["--tier=interp"]
        found, _, said = run([program, "run", *tier, option, str(path)], folder / "messages")
        results.append(found == status and words in said if words else found == status and said == "")
        if not results[-1]:
            print(f"FAIL {bomb} {option}: status {found}, {said!r}; {status} and {words!r} expected")
    return results


def main() -> int:
    arguments = sys.argv[1:]
    if arguments[0].startswith("--skip="):
        print(f"skipped: {arguments[0][7:]}: 1\n0 passed, 0 failed, 1 skipped")
        return 77
    bounds = arguments.pop(0)[len("--bounds=") :] if arguments[0].startswith("--bounds=") else ""
    program, tiers = os.path.abspath(arguments[0]), arguments[1:] or ["interp"]
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for bomb in subprocess.run([sys.executable, str(BOMBS)], stdout=subprocess.PIPE, text=True, check=True).stdout.split():
            results += check_bomb(program, tiers, bounds, bomb, folder)
        if not bounds:
            results.append(check_compressed(program, folder))
            results += check_refusals(program, folder)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
