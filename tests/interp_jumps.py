#!/usr/bin/env python3
"""Checks in the disassembly of the interpreter's object files that handlers end in jumps.

A handler calls the next one in tail position; where the compiler makes no jump of that call, C frames pile up until the stack overflows. So no
function of the files of handlers may contain an indirect call, and the handlers must contain indirect jumps.
Usage: interp_jumps.py OBJDUMP ARCHIVE. Last line: `N passed, N failed`.
"""

import re
import subprocess
import sys

# What the files of handlers may call: nothing through a pointer. x86-64: `call *…`; AArch64: `blr`.
INDIRECT_CALL = re.compile(r"\t(call\s+\*|blr\s)")
INDIRECT_JUMP = re.compile(r"\t(jmp\s+\*|br\s)")


def main():
    objdump, archive = sys.argv[1:3]
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", archive], capture_output=True, text=True, check=True).stdout
    passed = failed = 0
    member = function = None
    jumps = calls = 0

    def close():
        nonlocal passed, failed
        if member and "handlers_" in member:
            if calls:
                print(f"{member}: {calls} indirect calls, which should be jumps, the last in {function}")
            if not jumps:
                print(f"{member}: no indirect jumps: has the objdump another syntax?")
            if calls or not jumps:
                failed += 1
            else:
                passed += 1

    name = None
    for line in text.splitlines():
        if "file format" in line:
            close()
            member, jumps, calls = line.split(":")[0], 0, 0
        elif line.endswith(">:"):
            name = line.split("<")[1][:-2]
        elif INDIRECT_CALL.search(line):
            calls += 1
            function = name
        elif INDIRECT_JUMP.search(line):
            jumps += 1
    close()
    if not passed and not failed:
        print("no files of handlers in the archive")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
