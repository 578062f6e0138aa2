#!/usr/bin/env python3
"""What programs do with files and sockets: descriptors.py [--emulated] MURRE [TIER…]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
import wasm  # noqa: E402
from run import expect, murre, save  # noqa: E402
from wasm import Module, call, const, load, local_get  # noqa: E402

CREAT = 1


def long_const(value: int) -> bytes:
    return b"\x42" + wasm.sleb(value)


def check(leave: int) -> bytes:
    """Ends the program with the error on the stack, when it is one."""
    return b"\x22\x00\x04\x40" + local_get(0) + call(leave) + b"\x0b"  # local.tee 0, if


class Caller(Module):
    """Calls functions of WASI one after the other; the first error is the exit status. One local, for that."""

    TYPES = {
        "path_open": ["i32"] * 5 + ["i64"] * 2 + ["i32"] * 2,
        "fd_write": ["i32"] * 4,
        "fd_read": ["i32"] * 4,
        "fd_filestat_get": ["i32"] * 2,
        "poll_oneoff": ["i32"] * 4,
        "sock_accept": ["i32"] * 3,
        "sock_recv": ["i32"] * 6,
        "sock_send": ["i32"] * 5,
        "fd_fdstat_get": ["i32"] * 2,
    }

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.index = {name: self.imported(name, self.TYPES[name], ["i32"]) for name in names}
        self.leave = self.imported("proc_exit", ["i32"], [])
        self.pages()
        self.body = b""

    def do(self, name: str, *args: "int | bytes") -> None:
        """args: numbers, or code that gives them."""
        for arg, kind in zip(args, self.TYPES[name]):
            self.body += arg if isinstance(arg, bytes) else long_const(arg) if kind == "i64" else const(arg)
        self.body += call(self.index[name]) + check(self.leave)

    def text(self, at: int, text: str) -> None:
        """With the buffer that holds it, 8 bytes in front."""
        self.bytes_at(at - 8, at.to_bytes(4, "little") + len(text).to_bytes(4, "little") + text.encode())

    def finish(self) -> bytes:
        code = b"\x01\x01\x7f" + self.body + wasm.END
        self.functions.append((self.type([], []), wasm.uleb(len(code)) + code))
        self.exports.append(wasm.text("_start") + b"\x00" + wasm.uleb(len(self.imports)))
        return self.build()


def opener(path: str, oflags: int = 0, rights: int = 0, write: "str | None" = None) -> Caller:
    """Opens a file in descriptor 3, and writes to it."""
    m = Caller("path_open", "fd_write")
    m.text(72, path)
    m.do("path_open", 3, 0, 72, len(path), oflags, rights, 0, 0, 8)
    if write is not None:
        m.text(264, write)
        m.do("fd_write", load(8), 256, 1, 16)
    return m


def test_a_program_that_opens_with_no_rights_writes(folder: Path, tier: str) -> None:
    path = save(folder, opener("new", CREAT, 0, "some text").finish())
    box = folder / "box"
    box.mkdir()
    expect(murre(f"--tier={tier}", f"--dir={box}", path), 0)
    assert (box / "new").read_text() == "some text"
    expect(murre(f"--tier={tier}", f"--dir={box}", "--enforce-rights", path), 76)
    expect(murre(f"--tier={tier}", f"--dir-ro={box}", path), 76)


def test_what_was_opened_for_reading_is_not_written(folder: Path) -> None:
    (folder / "file").write_text("old")
    path = save(folder, opener("file", 0, 1 << 1, "new").finish())
    expect(murre(f"--dir={folder}", path), 8)
    expect(murre(f"--dir={folder}", "--enforce-rights", path), 76)
    assert (folder / "file").read_text() == "old"


if __name__ == "__main__":
    sys.exit(run.main(globals()))
