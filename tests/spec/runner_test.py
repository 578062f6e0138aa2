#!/usr/bin/env python3
"""Tests the runner of the official suite with small scripts: what it counts as passed, failed and skipped, and under which feature.

Usage: runner_test.py [--emulator 'WORDS'] RUNNER. Last line: `N passed, N failed`.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from wasm import const, functype, section, text, vector  # noqa: E402

HEAD = b"\0asm\1\0\0\0"
FUNC, MEMORY = 0, 2
TYPES = section(1, vector([functype([], []), functype([], ["i32"])]))
SHARED = b"\x03\x01\x01"  # limits of a shared memory, which murre has not got


def module(*sections: bytes) -> bytes:
    return HEAD + b"".join(sections)


def exported(name: str, kind: int, index: int) -> bytes:
    return section(7, vector([text(name) + bytes([kind, index])]))


def body(code: bytes) -> bytes:
    content = b"\0" + code + b"\x0b"
    return bytes([len(content)]) + content


def returning(value: int, name: str = "f") -> bytes:
    """A module whose function of that name returns the value."""
    return module(TYPES, section(3, vector([b"\1"])), exported(name, FUNC, 0), section(10, vector([body(const(value))])))


def importing(from_module: str, name: str, memory: bytes = b"\0\1") -> bytes:
    """A module that imports a memory and whose start function traps."""
    memory_import = section(2, vector([text(from_module) + text(name) + bytes([MEMORY]) + memory]))
    return module(TYPES, memory_import, section(3, vector([b"\0"])), section(8, b"\0"), section(10, vector([body(b"\0")])))


def reading(name: str) -> bytes:
    """A module that exports its memory under the name, and a function "f" that loads its first word."""
    return module(
        TYPES,
        section(3, vector([b"\1"])),
        section(5, vector([b"\0\1"])),
        section(7, vector([text(name) + bytes([MEMORY, 0]), text("f") + bytes([FUNC, 0])])),
        section(10, vector([body(const(0) + b"\x28\2\0")])),
    )


SHARED_MEMORY = module(section(5, vector([SHARED])), exported("mem", MEMORY, 0))
THROWING = module(TYPES, section(3, vector([b"\0"])), section(13, vector([b"\0\0"])), exported("f", FUNC, 0), section(10, vector([body(b"\x08\0")])))


def call(field: str = "f", of: "str | None" = None) -> dict:
    return {"type": "invoke", "field": field, "args": []} | ({"module": of} if of else {})


def returns(value: int, field: str = "f", of: "str | None" = None) -> dict:
    return {"type": "assert_return", "action": call(field, of), "expected": [{"type": "i32", "value": str(value)}]}


def make(kind: str, wasm: bytes, **more: str) -> dict:
    return {"type": kind, "wasm": wasm} | more


# (what it shows, commands, (passed, failed, skipped), skipped features, text that must appear)
CASES = [
    ("a surrogate pair is one character", [make("module", returning(7, "\U0001f600")), returns(7, "\U0001f600")], (2, 0, 0), {}, ""),
    ("every plane is decoded", [c for n in ("\u00e9", "\uffff", "\U00010000", "\U0010ffff") for c in (make("module", returning(1, n)), returns(1, n))],
     (8, 0, 0), {}, ""),
    ("a wrong result is a failure", [make("module", returning(7)), returns(8)], (1, 1, 0), {}, "expected 8"),
    ("an unnamed definition is the one that the next instance is made of",
     [make("module_definition", returning(3)), {"type": "module_instance"}, returns(3)], (3, 0, 0), {}, ""),
    ("an unnamed instance of a named definition",
     [make("module_definition", returning(3), name="D"), make("module_definition", returning(4)), {"type": "module_instance", "module": "D"}, returns(3)],
     (4, 0, 0), {}, ""),
    ("a named instance of an unnamed definition",
     [make("module_definition", returning(3)), {"type": "module_instance", "instance": "I"}, make("module", returning(4)), returns(3, of="I")], (4, 0, 0), {}, ""),
    ("a module is a definition, too", [make("module", returning(5), name="M"), {"type": "module_instance", "instance": "I", "module": "M"}, returns(5, of="I")],
     (3, 0, 0), {}, ""),
    ("no instance without a definition", [{"type": "module_instance"}], (0, 1, 0), {}, "no such definition"),
    ("an instance of a refused unnamed definition is skipped with its feature",
     [make("module_definition", SHARED_MEMORY), {"type": "module_instance"}, returns(1)], (0, 0, 3), {"threads": 3}, ""),
    ("an exception of a refused module is skipped with its feature", [make("module", THROWING), {"type": "assert_exception", "action": call()}],
     (0, 0, 2), {"exceptions": 2}, ""),
    ("an exception that does not come is a failure", [make("module", returning(1)), {"type": "assert_exception", "action": call()}], (1, 1, 0), {},
     "expected an exception"),
    ("a suspension that does not come is a failure", [make("module", returning(1)), {"type": "assert_suspension", "action": call(), "text": "x"}], (1, 1, 0),
     {}, "expected a suspension"),
    ("a thread's commands count", [make("module", returning(1), name="M"),
     {"type": "thread", "name": "T", "shared_module": "M", "commands": [returns(1, of="M"), make("module", returning(2)), returns(2)]},
     {"type": "wait", "thread": "T"}, returns(1)], (7, 0, 0), {}, ""),
    ("a failure in a thread is a failure", [{"type": "thread", "name": "T", "commands": [make("module", returning(2)), returns(3)]}], (2, 1, 0), {}, "expected 3"),
    ("a thread sees no other names than its shared module's",
     [make("module", returning(1), name="M"), {"type": "thread", "name": "T", "commands": [returns(1, of="M")]}], (2, 1, 0), {}, "no instance to act on"),
    ("waiting for no thread is a failure", [{"type": "wait", "thread": "T"}], (0, 1, 0), {}, "no such thread"),
    ("a thread that shares a refused module is skipped with its feature",
     [make("module", SHARED_MEMORY, name="M"),
      {"type": "thread", "name": "T", "shared_module": "M", "commands": [{"type": "register", "name": "M", "as": "mem"}, make("module", importing("mem", "mem"))]},
      {"type": "wait", "thread": "T"}], (0, 0, 5), {"threads": 5}, ""),
    ("assert_uninstantiable with an import of a refused module is skipped with its feature",
     [make("module", SHARED_MEMORY), {"type": "register", "as": "M"}, make("assert_uninstantiable", importing("M", "mem"), text="unreachable")],
     (0, 0, 3), {"threads": 3}, ""),
    ("assert_unlinkable with an import of a refused module is skipped with its feature",
     [make("module", SHARED_MEMORY), {"type": "register", "as": "M"}, make("assert_unlinkable", importing("M", "mem"), text="incompatible import type")],
     (0, 0, 3), {"threads": 3}, ""),
    ("what imports nothing of a refused module is judged",
     [make("module", SHARED_MEMORY), {"type": "register", "as": "M"}, make("module", reading("mem")), {"type": "register", "as": "N"},
      make("assert_uninstantiable", importing("N", "mem"), text="unreachable"), make("assert_unlinkable", importing("O", "mem"), text="unknown import")],
     (4, 0, 2), {"threads": 2}, ""),
    ("a name that is registered again is judged",
     [make("module", SHARED_MEMORY), {"type": "register", "as": "M"}, make("module", reading("mem")), {"type": "register", "as": "M"},
      make("assert_uninstantiable", importing("M", "mem"), text="unreachable")], (3, 0, 2), {"threads": 2}, ""),
    ("a result that a refused module may have changed is skipped with its feature, a right one passes",
     [make("module", reading("mem"), name="A"), {"type": "register", "as": "M"}, make("module", importing("M", "mem", SHARED)), returns(1, of="A"), returns(0, of="A")],
     (3, 0, 2), {"threads": 2}, ""),
    ("a result that no refused module can have changed is judged",
     [make("module", reading("mem"), name="A"), {"type": "register", "as": "M"}, make("module", importing("N", "mem", SHARED)), returns(1, of="A")],
     (2, 1, 1), {"threads": 1}, "expected 1"),
    ("an unknown command is a failure", [{"type": "assert_nothing"}], (0, 1, 0), {}, "unknown command"),
]

# Texts that are no scripts: (what it shows, text, failures)
TEXTS = [
    ("half a surrogate pair is no JSON", '{"commands":[{"type":"x","field":"\\ud83d"}]}', 1),
    ("two first halves are no JSON", '{"commands":[{"type":"x","field":"\\ud83d\\ud83d"}]}', 1),
    ("a second half alone is no JSON", '{"commands":[{"type":"x","field":"\\ude00"}]}', 1),
    ("an escape has four hexadecimal digits", '{"commands":[{"type":"x","field":"\\u+12f"}]}', 1),
    ("what is no JSON is a failure", '{"commands":[', 1),
    ("an index is no failure", '{"files":[]}', 0),
]


def write(commands: list, folder: Path, name: str) -> list:
    """The commands with lines and files, as wasm-tools writes them."""
    out = []
    for i, command in enumerate(commands):
        command = {"line": i + 1} | command
        if "commands" in command:
            command["commands"] = write(command["commands"], folder, f"{name}.{i}")
        if wasm := command.pop("wasm", None):
            command |= {"filename": f"{name}.{i}.wasm", "module_type": "binary"}
            (folder / command["filename"]).write_bytes(wasm)
        out.append(command)
    return out


def run(runner: list, script: Path):
    done = subprocess.run([*runner, "--tier=interp", str(script)], capture_output=True, text=True, errors="replace", timeout=60)
    lines = done.stdout.splitlines()
    skipped = {line.split(": ")[1]: int(line.split(": ")[2]) for line in lines if line.startswith("skipped: ")}
    counts = tuple(int(n) for n in lines[-1].replace(",", "").split() if n.isdigit()) if lines else None
    return counts, skipped, done.stdout + done.stderr


def main() -> int:
    arguments = sys.argv[1:]
    runner = shlex.split(arguments[1]) + arguments[2:] if arguments[0] == "--emulator" else arguments
    passed = failed = 0

    def judge(what: str, good: bool, output: str) -> None:
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAIL: {what}\n{output}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "script.json"
        for what, commands, wanted, features, words in CASES:
            script.write_text(json.dumps({"commands": write(commands, folder, "m")}))
            counts, skipped, output = run(runner, script)
            judge(what, counts == wanted and skipped == features and words in output, output)
        for what, contents, failures in TEXTS:
            script.write_text(contents)
            counts, _, output = run(runner, script)
            judge(what, counts == (0, failures, 0), output)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
