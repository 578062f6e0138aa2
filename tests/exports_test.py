#!/usr/bin/env python3
"""Compares what the shared library exports with what its headers declare: exports_test.py NM LIBRARY HEADER…"""

import re
import subprocess
import sys
from pathlib import Path


def exported(nm, library):
    lines = subprocess.run([nm, "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines()}


def declared(headers):
    names = set()
    for header in headers:
        text = re.sub(r"/\*.*?\*/|//[^\n]*|^\s*#(?:[^\n]*\\\n)*[^\n]*", "", Path(header).read_text(), flags=re.S | re.M)
        names |= set(re.findall(r"MURRE_API\b[^;{]*?\b(\w+)\s*(?:\(|\[|;)", text))
    return names


def main():
    nm, library, headers = sys.argv[1], sys.argv[2], sys.argv[3:]
    exports, declarations = exported(nm, library), declared(headers)
    for name in sorted(exports - declarations):
        print(f"{name} is exported, but no header declares it")
    for name in sorted(declarations - exports):
        print(f"{name} is declared with MURRE_API, but not exported")
    failed = len(exports ^ declarations)
    print(f"{len(exports & declarations)} passed, {failed} failed")
    return 1 if failed or not declarations else 0


if __name__ == "__main__":
    sys.exit(main())
