#!/usr/bin/env python3
"""Modules that are printed and parsed again are the same: round_trip.py MURRE WASM_TOOLS [--every=N] [--smith=N] [FILE | FOLDER…].

Each module goes through `murre print` (flat, folded, and flat with offsets) and `wasm-tools parse`, and must have the same bytes outside of custom
sections, and the same function names. Where the format leaves a choice that `wasm-tools print` and `parse` do not keep either, murre's text
must give what theirs gives. What murre cannot read must be what wasm-tools cannot read. --every: only
each N-th of the files; --smith: N generated modules as well.
Last line: `N passed, N failed`.
"""

import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FORMS = [[], ["--fold"], ["--offsets"]]


def leb(data: bytes, at: int) -> "tuple[int, int]":
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def sections(data: bytes) -> "list[tuple[int, bytes]]":
    found, at = [], 8
    while at < len(data):
        size, start = leb(data, at + 1)
        found.append((data[at], data[start : start + size]))
        at = start + size
    return found


def customs(data: bytes) -> "dict[bytes, bytes]":
    found = {}
    for number, contents in sections(data):
        if number == 0:
            size, start = leb(contents, 0)
            found.setdefault(contents[start : start + size], contents[start + size :])
    return found


def plain(data: bytes) -> "list[tuple[int, bytes]]":
    return [s for s in sections(data) if s[0] != 0]


def function_names(data: bytes) -> bytes:
    names, at = customs(data).get(b"name", b""), 0
    while at < len(names):
        number = names[at]
        size, start = leb(names, at + 1)
        if number == 1:
            return names[start : start + size]
        at = start + size
    return b""


class Tools:
    def __init__(self, murre: str, wasm_tools: str):
        self.murre, self.wasm_tools = murre, wasm_tools

    def run(self, *command: str, text: "bytes | None" = None) -> "tuple[bytes | None, str]":
        done = subprocess.run(command, input=text, capture_output=True, check=False)
        return (done.stdout if done.returncode == 0 else None), done.stderr.decode(errors="replace")

    def parse(self, text: bytes) -> "tuple[bytes | None, str]":
        return self.run(self.wasm_tools, "parse", "-", text=text)

    def theirs(self, path: Path) -> "bytes | None":
        """What wasm-tools makes of a module; None where it cannot print or parse it."""
        text, _ = self.run(self.wasm_tools, "print", str(path))
        return None if text is None else self.parse(text)[0]

    def check(self, path: Path, forms: "list[list[str]]" = FORMS) -> "tuple[int, list[str]]":
        data, faults, passed = path.read_bytes(), [], 0
        for form in forms:
            text, why = self.run(self.murre, "print", *form, str(path))
            if text is None:
                if "crashed" in why or "murre: " not in why:
                    faults.append(f"{path}: {form}: ended with {why}")
                elif self.run(self.wasm_tools, "print", str(path))[0] is not None:
                    faults.append(f"{path}: cannot be printed: {why.strip()}")
                else:
                    passed += 1
                continue
            again, why = self.parse(text)
            if again is not None and plain(again) == plain(data) and function_names(again) == function_names(data):
                passed += 1
                continue
            theirs = self.theirs(path)
            if again is None and theirs is None:
                passed += 1
            elif again is None:
                faults.append(f"{path}: {form}: does not parse: {why.strip()}")
            elif theirs is not None and plain(again) == plain(theirs) and function_names(again) == function_names(theirs):
                passed += 1
            else:
                faults.append(f"{path}: {form}: gives other bytes")
        return passed, faults


def smith(tools: Tools, count: int, folder: Path) -> "list[Path]":
    paths, generator = [], random.Random(20261201)
    for number in range(count):
        path = folder / f"smith-{number}.wasm"
        options = ["--generate-custom-sections", "true"] if number % 4 == 0 else []
        for feature in ("gc", "simd", "exceptions", "memory64", "threads", "tail-call", "relaxed-simd", "wide-arithmetic", "custom-page-sizes"):
            options += [f"--{feature}-enabled", "true"] if generator.random() < 0.7 else []
        seed = generator.randbytes(generator.randrange(100, 4000))
        made = subprocess.run([tools.wasm_tools, "smith", *options, "-o", str(path)], input=seed, capture_output=True, check=False)
        if made.returncode == 0:
            paths.append(path)
    return paths


def main() -> int:
    options = [a for a in sys.argv[1:] if a.startswith("--")]
    murre, wasm_tools, *places = [a for a in sys.argv[1:] if not a.startswith("--")]
    tools, passed, faults = Tools(murre, wasm_tools), 0, []
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        paths = [p for place in places for p in (sorted(Path(place).rglob("*.wasm")) if Path(place).is_dir() else [Path(place)])]
        for option in sorted(options):
            if option.startswith("--every="):
                paths = paths[:: int(option.split("=")[1])]
            elif option.startswith("--smith="):
                paths += smith(tools, int(option.split("=")[1]), Path(name))
        if not paths:
            faults.append("no modules")
        for good, bad in pool.map(tools.check, paths):
            passed += good
            faults += bad
    for fault in faults[:50]:
        print(fault)
    print(f"{passed} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
