#!/usr/bin/env python3
"""What is no module is called what it is: kinds.py [--emulated] MURRE [TIER…]."""

import bz2
import lzma
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
from run import expect, hello, murre, save  # noqa: E402

ZSTD = b"\x28\xb5\x2f\xfd"


def refused(folder: Path, content: bytes, message: str) -> None:
    path = save(folder, content)
    for command in ([], ["validate"], ["inspect"]):
        expect(murre(*command, path), 1, "", f"murre: {path}: {message}")


def test_a_compressed_file_is_called_by_its_format(folder: Path) -> None:
    module = hello().build()
    refused(folder, ZSTD + b"\x24\x08\x41\x00\x00" + module, "is compressed with zstd")
    refused(folder, lzma.compress(module), "is compressed with xz")
    refused(folder, bz2.compress(module), "is compressed with bzip2")
    refused(folder, b"PK\3\4" + bytes(40), "is a zip archive")


def test_what_is_no_module_is_not_called_malformed(folder: Path) -> None:
    refused(folder, b"/* hello.c */\n#include <stdio.h>\nint main(void) { return 0; }\n", "is not a WebAssembly module\n")
    refused(folder, b"(void)x;\n", "is not a WebAssembly module\n")
    refused(folder, b"\x89PNG\r\n", "is not a WebAssembly module\n")
    refused(folder, b"\0\0\0\0\1\0\0\0", "is not a WebAssembly module\n")
    refused(folder, b"!<arch>\nx.o/", "is a static library")
    refused(folder, b"BC\xc0\xde" + bytes(40), "is LLVM bitcode")


def test_text_is_called_text(folder: Path) -> None:
    for text in (b"(module)", b"\n\t( module $m)", b"(; a (; b ;) ;) (module)", b";; x", b"(component)", b"(@a) (func)", b"(assert_trap)"):
        refused(folder, text, "is WebAssembly text")


def test_a_component_of_any_version_is_called_one(folder: Path) -> None:
    for version in (0x0A, 0x0D, 0x0E):
        refused(folder, b"\0asm" + bytes([version, 0, 1, 0]) + b"\0\2\1x", "is a component")


if __name__ == "__main__":
    sys.exit(run.main(globals()))
