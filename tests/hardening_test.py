#!/usr/bin/env python3
"""Reads the built program and library: what the loader makes read-only, what is executable, what guards their stacks and copies.

Usage: hardening_test.py READELF [--not-fortified] [--emulator 'WORDS'] [--program MURRE] --library LIBMURRE.so. Last line: `N passed, N failed`.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "cli"))
import wasm  # noqa: E402

passed = failed = 0


def judge(what: str, good: bool, detail: object = "") -> None:
    global passed, failed
    passed, failed = passed + good, failed + (not good)
    if not good:
        print(f"FAIL: {what} {detail}")


def look(readelf: str, option: str, path: str) -> str:
    return subprocess.run([readelf, "-W", option, path], capture_output=True, text=True, check=True).stdout


def segments(headers: str) -> "list[tuple[str, str]]":
    """Type and flags of each program header."""
    return re.findall(r"^ +(\w+) +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ (.{3}) ", headers, re.MULTILINE)


def check_file(readelf: str, path: str, fortified: bool) -> None:
    name = os.path.basename(path)
    headers, dynamic, symbols = (look(readelf, option, path) for option in ("-l", "-d", "--dyn-syms"))
    found = segments(headers)
    judge(f"{name} has segments that this test can read", any(kind == "LOAD" for kind, _ in found), headers)
    judge(f"{name} can lie anywhere", "DYN (" in headers)
    judge(f"{name} has a part that is read-only after relocation", any(kind == "GNU_RELRO" for kind, _ in found))
    judge(f"{name} is bound at start, so that this part has all addresses of functions", re.search(r"BIND_NOW|Flags:.*NOW", dynamic) is not None)
    judge(f"{name} wants no executable stack", [flags for kind, flags in found if kind == "GNU_STACK"] == ["RW "], found)
    judge(f"{name} has no segment that is writable and executable", not any("W" in flags and "E" in flags for _, flags in found), found)
    judge(f"{name} has no relocations in its text", "TEXTREL" not in dynamic)
    judge(f"{name} loads no library of mathematics, which would take 5 % of a short run", "libm.so" not in dynamic)
    judge(f"{name} has no path of its own to libraries", not re.search(r"RPATH|RUNPATH", dynamic))
    judge(f"{name} guards its stack", "__stack_chk_fail" in symbols)
    judge(f"{name} checks the sizes of copies", not fortified or re.search(r"__\w+_chk", symbols.replace("__stack_chk", "")) is not None)


def check_privileges(command: "list[str]", folder: str) -> None:
    """A program that runs for ever, looked at from outside."""
    path = os.path.join(folder, "forever.wasm")
    with open(path, "wb") as file:
        file.write(
            b"\0asm\1\0\0\0"
            + wasm.section(1, wasm.vector([wasm.functype([], [])]))
            + wasm.section(3, wasm.vector([b"\0"]))
            + wasm.section(7, wasm.vector([wasm.text("_start") + b"\0\0"]))
            + wasm.section(10, wasm.vector([b"\x07\0" + wasm.FOREVER + wasm.END]))
        )
    runner = subprocess.Popen([*command, "run", "--timeout=20s", path])
    status = ""
    try:
        for _ in range(100):
            with open(f"/proc/{runner.pid}/status") as file:
                status = file.read()
            if "NoNewPrivs:\t1" in status:
                break
            time.sleep(0.05)
    finally:
        runner.kill()
        runner.wait()
    judge("the program can gain no privileges by starting others", "NoNewPrivs:\t1" in status, status)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("readelf")
    parser.add_argument("--not-fortified", action="store_true")
    parser.add_argument("--emulator", default="")
    parser.add_argument("--program")
    parser.add_argument("--library")
    options = parser.parse_args()
    for path in filter(None, (options.program, options.library)):
        check_file(options.readelf, path, not options.not_fortified)
    if options.program:
        with tempfile.TemporaryDirectory() as folder:
            check_privileges([*shlex.split(options.emulator), options.program], folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
