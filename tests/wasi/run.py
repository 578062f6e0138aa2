#!/usr/bin/env python3
"""Runs the preview1 modules of the WASI test suite: run.py [--without-openat2] MURRE FOLDER [OPTION…]

Beside NAME.wasm an optional NAME.json says args, env, root (a folder that the guest sees as /, of which each test gets a fresh copy),
exit_code, stdout and stderr. --without-openat2 makes that system call fail as on a kernel that lacks it. Options that follow FOLDER go to `murre run` (--tier=interp, …). Prints what failed, and as the last line
`N passed, N failed, N skipped`.
"""

import ctypes
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable

SECONDS = 60
# Folders of modules that need a feature which murre does not have.
NEED = {"wasi-threads": "threads"}


def command(murre: str, options: "list[str]", module: Path, spec: dict, root: "Path | None") -> "list[str]":
    line = [murre, "run", *options]
    if root:
        line.append(f"--dir={root}::/")
    line += [f"--env={name}={value}" for name, value in spec.get("env", {}).items()]
    return [*line, str(module), *spec.get("args", [])]


def differences(result: "subprocess.CompletedProcess[bytes]", spec: dict) -> "list[str]":
    faults = []
    if result.returncode != spec.get("exit_code", 0):
        faults.append(f"exit status {result.returncode}, not {spec.get('exit_code', 0)}")
    for stream in ("stdout", "stderr"):
        got = getattr(result, stream).decode(errors="replace")
        if stream in spec and got != spec[stream]:
            faults.append(f"{stream} is {got!r}, not {spec[stream]!r}")
    if faults:
        faults += [f"    {line}" for line in result.stderr.decode(errors="replace").strip().splitlines()[-8:]]
    return faults


def deny_openat2() -> None:
    """In the child: a seccomp filter that answers openat2 with ENOSYS."""
    number, allow, enosys = 437, 0x7FFF0000, 0x00050000 | 38
    program = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),  # load the number of the call
            (0x15, 0, 1, number),  # skip the next unless it is openat2
            (0x06, 0, 0, enosys),
            (0x06, 0, 0, allow),
        )
    )
    buffer = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def run(murre: str, options: "list[str]", module: Path, prepare: "Callable[[], None] | None") -> "list[str]":
    """What is wrong; empty when the test passes."""
    beside = module.with_suffix(".json")
    spec = json.loads(beside.read_text()) if beside.is_file() else {}
    with tempfile.TemporaryDirectory() as folder:
        root = None
        if "root" in spec:
            root = Path(folder) / "root"
            shutil.copytree(module.parent / spec["root"], root, symlinks=True)
        try:
            result = subprocess.run(
                command(murre, options, module, spec, root),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                preexec_fn=prepare,
            )
        except subprocess.TimeoutExpired:
            return [f"still runs after {SECONDS} s"]
    return differences(result, spec)


def main() -> int:
    args = sys.argv[1:]
    prepare = None
    if args and args[0] == "--without-openat2":
        prepare = deny_openat2
        del args[0]
    if len(args) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    murre, folder, options = args[0], Path(args[1]), args[2:]
    if not folder.is_dir():
        print("skipped: wasi test suite: 1\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    skipped: "dict[str, int]" = {}
    for module in sorted(folder.rglob("*.wasm")):
        need = NEED.get(module.parent.name)
        if need:
            skipped[need] = skipped.get(need, 0) + 1
            continue
        faults = run(murre, options, module, prepare)
        if faults:
            failed += 1
            print(f"FAIL {module.relative_to(folder)}: " + "\n".join(faults))
        else:
            passed += 1
    for need, count in sorted(skipped.items()):
        print(f"skipped: {need}: {count}")
    print(f"{passed} passed, {failed} failed, {sum(skipped.values())} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
