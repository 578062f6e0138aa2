#!/usr/bin/env python3
"""What programs do with files and sockets: descriptors.py [--emulated] MURRE [TIER…]."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
import wasm  # noqa: E402
from programs import Program, build  # noqa: E402
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


def test_the_memory_of_processes_is_not_in_the_folder_of_everything(folder: Path, tier: str) -> None:
    me = os.getpid()
    for path in ("self/mem", "thread-self/mem", f"{me}/mem", f"{me}/task/{me}/mem", "self/environ", f"{me}/environ"):
        for rights in (0, 1 << 1, 1 << 6):
            expect(murre(f"--tier={tier}", "--dir=/", save(folder, opener(f"proc/{path}", 0, rights).finish())), 63)
            expect(murre(f"--tier={tier}", "--dir=/proc", save(folder, opener(path, 0, rights).finish())), 63)
    expect(murre("--dir=/", save(folder, opener("proc/self/status", 0, 1 << 1).finish())), 0)
    link = folder / "link"
    link.symlink_to("../" * (len(folder.resolve().parts) - 1) + "proc/self/mem")
    expect(murre("--dir=/", save(folder, opener(str(link.parent.resolve() / "link")[1:], 0, 1 << 1).finish())), 32)  # LOOP: not followed
    m = Caller("path_open")
    text = str(folder.resolve() / "link")[1:]
    m.text(72, text)
    m.do("path_open", 3, 1, 72, len(text), 0, 1 << 1, 0, 0, 8)
    expect(murre("--dir=/", save(folder, m.finish())), 63)


SEEK_IN_FOLDER = r"""
#include <dirent.h>
#include <stdio.h>
#include <string.h>
int main(void) {
    static char names[400][32];
    static long places[400];
    int count = 0, wrong = 0;
    DIR *dir = opendir(".");
    for (struct dirent *entry; places[count] = telldir(dir), count < 399 && (entry = readdir(dir)); count++)
        strncpy(names[count], entry->d_name, sizeof names[0] - 1);
    for (int i = 0; i < count; i++) {
        int at = i * 7 % count;
        seekdir(dir, places[at]);
        struct dirent *entry = readdir(dir);
        wrong += !entry || strcmp(entry->d_name, names[at]) != 0;
    }
    printf("%d entries, %d wrong\n", count, wrong);
    return 0;
}
"""


def test_a_program_in_c_goes_back_and_forth_in_a_folder(folder: Path) -> None:
    """A long holds the place: 32 bits."""
    path = build(Program("seek_in_folder", SEEK_IN_FOLDER, "c"), folder)
    box = folder / "box"
    box.mkdir()
    for i in range(300):
        (box / f"file-{i}").touch()
    expect(murre(f"--dir={box}::.", path), 0, "302 entries, 0 wrong\n")


# ---- sockets ---------------------------------------------------------------------------------------------------------------

LISTENER, AGAIN = 3, 6


def subscriptions(m: Module, at: int, fd: int, milliseconds: int) -> None:
    """To a descriptor's being readable, and to time."""
    record = bytearray(96)
    record[0], record[8], record[16] = 1, 1, fd
    record[48], record[64] = 2, 1  # the monotonic clock
    record[72:80] = (milliseconds * 1000000).to_bytes(8, "little")
    m.bytes_at(at, bytes(record))


def leave_unless(m: Caller, wanted: int, code: bytes, status: int) -> None:
    """Ends the program where code gives something else."""
    m.body += code + const(wanted) + b"\x47\x04\x40" + const(status) + call(m.leave) + b"\x0b"  # i32.ne, if


def server() -> Caller:
    """Would wait, waits a little, then waits for a connection and what comes through it, and sends that back."""
    m = Caller("poll_oneoff", "sock_accept", "sock_recv", "sock_send")
    subscriptions(m, 1024, LISTENER, 50)
    subscriptions(m, 1152, LISTENER, 30000)
    subscriptions(m, 1280, LISTENER + 1, 30000)
    m.bytes_at(56, (4096).to_bytes(4, "little") + (64).to_bytes(4, "little"))
    accept = const(LISTENER) + const(0) + const(16) + call(m.index["sock_accept"])
    leave_unless(m, AGAIN, accept, 101)
    for at, ready in ((1024, 2), (1152, 1)):
        m.do("poll_oneoff", at, 2048, 2, 16)
        leave_unless(m, ready, load(2048), 101 + ready)
    m.do("sock_accept", LISTENER, 4, 16)
    leave_unless(m, LISTENER + 1, load(16), 110)
    m.do("poll_oneoff", 1280, 2048, 2, 16)
    leave_unless(m, 1, load(2048), 111)
    m.do("sock_recv", LISTENER + 1, 56, 1, 0, 24, 28)
    m.body += const(60) + load(24) + b"\x36\x02\x00"  # as much goes back
    m.do("sock_send", LISTENER + 1, 56, 1, 0, 24)
    return m


def talk(address: "tuple[str, int]", family: int) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(30)
        client.connect(address)
        client.sendall(b"hello")
        assert client.recv(64) == b"hello"


def expect_served(family: int, host: str, path: Path, tier: str) -> None:
    command = [run.MURRE, "run", f"--tier={tier}", f"--listen={host}:0", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = process.stderr.readline()
            assert said.startswith(f"murre: listening on {host}:"), said
            time.sleep(0.2)  # the program has waited for its clock by now, or not yet
            talk((host.strip("[]"), int(said.rsplit(":", 1)[1])), family)
            assert process.wait(30) == 0, process.stderr.read()
        finally:
            process.kill()


def test_a_program_serves_what_listen_opens(folder: Path, tier: str) -> None:
    expect_served(socket.AF_INET, "127.0.0.1", save(folder, server().finish()), tier)


def test_listen_takes_addresses_of_ipv6(folder: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as fault:
        raise run.Skipped("IPv6") from fault
    expect_served(socket.AF_INET6, "[::1]", save(folder, server().finish()), "interp")


def test_an_inherited_socket_does_not_block_the_program(folder: Path, tier: str) -> None:
    path = save(folder, server().finish())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listener.getblocking()
        command = [run.MURRE, "run", f"--tier={tier}", f"--socket={listener.fileno()}", str(path)]
        with subprocess.Popen(command, pass_fds=[listener.fileno()]) as process:
            try:
                time.sleep(0.2)
                talk(listener.getsockname(), socket.AF_INET)
                assert process.wait(30) == 0
            finally:
                process.kill()


def test_listen_says_what_is_wrong(folder: Path) -> None:
    path = save(folder, server().finish())
    for text in ("8080", ":8080", "host:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[::1:80", "[]:80"):
        expect(murre(f"--listen={text}", path), 2, "", "is not of the form HOST:PORT")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expect(murre(f"--listen=127.0.0.1:{port}", path), 1, "", f"--listen=127.0.0.1:{port}: Address already in use")
    expect(murre("--listen=192.0.2.1:80", path), 1, "", "--listen=192.0.2.1:80: ")


if __name__ == "__main__":
    sys.exit(run.main(globals()))
