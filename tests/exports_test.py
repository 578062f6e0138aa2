#!/usr/bin/env python3
"""Compares what the shared library exports, and under which version, with what its headers declare:
exports_test.py NM LIBRARY HEADER… -- COMPILER…"""

import re
import subprocess
import sys

VERSIONS = {"murre_": "MURRE_0", "wasm_": "WASM_C_API_0"}


def output(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def exported(nm, library):
    symbols = {line.split()[-1] for line in output([nm, "-D", "--defined-only", library]).splitlines()}
    return {name: version for name, _, version in (symbol.partition("@") for symbol in symbols) if name not in VERSIONS.values()}


def declared(compiler, headers):
    """The macros of wasm.h declare most of it, so the compiler has to expand them."""
    names = set()
    for header in headers:
        text = output([*compiler, "-E", "-P", header])
        names |= set(re.findall(r'__attribute__\s*\(\(visibility\("default"\)\)\)[^;{]*?\b(\w+)\s*\(', text))
    return names


def main():
    nm, library, *rest = sys.argv[1:]
    split = rest.index("--")
    versions, declarations = exported(nm, library), declared(rest[split + 1 :], rest[:split])
    exports = set(versions)
    for name in sorted(exports - declarations):
        print(f"{name} is exported, but no header declares it")
    for name in sorted(declarations - exports):
        print(f"{name} is declared as exported, but is not")
    wrong = [name for name in sorted(exports & declarations) if versions[name].lstrip("@") != VERSIONS.get(name.split("_")[0] + "_")]
    for name in wrong:
        print(f"{name} has the version '{versions[name]}'")
    failed = len(exports ^ declarations) + len(wrong)
    print(f"{len(exports & declarations) - len(wrong)} passed, {failed} failed")
    return 1 if failed or not declarations else 0


if __name__ == "__main__":
    sys.exit(main())
