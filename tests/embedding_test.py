#!/usr/bin/env python3
"""Compares doc/embedding.md with the files that it quotes: embedding_test.py ROOT. Last line: `N passed, N failed`.

A quote is a block of C. It must occur, line for line, in one of the files that the paragraphs of its section link to. Links must lead
somewhere, and every public function that the text names must be declared.
"""

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"^```c\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)]+)\)")


def occurs(quote: str, text: str) -> bool:
    return ("\n" + quote) in ("\n" + text)


def check(page: str, folder: Path, declared: str) -> "list[str]":
    faults = []
    for section in re.split(r"^## ", page, flags=re.M):
        links = [folder / link for link in LINK.findall(section)]
        faults += [f"no such file: {link}" for link in links if not link.exists()]
        texts = [link.read_text() for link in links if link.is_file()]
        for quote in BLOCK.findall(section):
            if not any(occurs(quote, text) for text in texts):
                faults.append(f"not in the files of its section:\n{quote}")
    for name in set(re.findall(r"\bmurre_\w+(?=`|\()", page)):
        if not re.search(rf"\b{name}\b", declared):
            faults.append(f"not declared: {name}")
    return faults


def main():
    root = Path(sys.argv[1])
    declared = "".join((root / "include" / name).read_text() for name in ("murre.h", "wasi.h", "wasm.h"))
    folder = root / "doc"
    page = (folder / "embedding.md").read_text()
    bad = "## A\n[x](../README.md) [y](nowhere.c) `murre_nothing`\n```c\nint no_such_line;\n```\n"
    proofs = len(check(bad, folder, declared)) == 3
    if not proofs:
        print("a page full of faults passes")
    faults = check(page, folder, declared)
    quotes = len(BLOCK.findall(page))
    if quotes < 5:
        faults.append("where are the quotes?")
    for fault in faults:
        print(fault)
    failed = len(faults) + (not proofs)
    print(f"{quotes + 1 - min(failed, quotes + 1)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
