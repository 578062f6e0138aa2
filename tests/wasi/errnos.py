#!/usr/bin/env python3
"""Holds the errors of the 46 functions against the tables of doc/wasi.md.

    errnos.py MURRE TABLES [OPTION…]         what murre gives; options go to `murre run`
    errnos.py --wasmtime WASMTIME TABLES     what Wasmtime gives (by hand: nothing of the build brings it)
    errnos.py --show PROGRAM                 prints what a program gives, `murre` or `wasmtime` by its name

A module made here calls a function on a descriptor of each kind and writes the errors down. In the tables a row is a call, a column a kind of
descriptor; a cell is an error that both give, or `MURRE/WASMTIME` with the number of a reason behind (`NOTDIR/BADF ²` would be one). Every cell
that differs must have a reason that the text gives. Prints as the last line `N passed, N failed`.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from wasm import DROP, Module, call, const, sleb  # noqa: E402

SOURCE = Path(__file__).parent.parent.parent / "src" / "wasi"
SECONDS = 60
KINDS = ["closed", "stdin", "stdout", "folder", "file", "read", "write", "none"]
SOCKETS = ["listener"]  # of which Wasmtime 49 has none for these functions

# Where things lie in the module's memory.
RESULTS, SCRATCH, PATHS, OUT, SLOT, EVENTS = 4096, 1024, 16384, 256, 512, 2048
RIGHTS = (1 << 30) - 1
READ, WRITE = 1 << 1, 1 << 6
SEEKS = 1 << 2 | 1 << 5
CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8


def functions() -> "dict[str, str]":
    """Their parameters, by name."""
    text = (SOURCE / "functions.def").read_text()
    return dict(re.findall(r'^(?:FUNCTION|EXIT)\((\w+), "(\w*)"\)', text, re.M))


def errors() -> "list[str]":
    text = (SOURCE / "abi.h").read_text()
    names = {int(number): name for name, number in re.findall(r"^    WASI_(\w+) = (\d+),", text, re.M)}
    return [names[number] for number in range(max(names) + 1)]


class Load(int):
    """A parameter that lies in memory at this address."""


class Path_(str):
    """Two parameters: a pointer to this text, and its size."""


FD = "the descriptor"


class Program:
    """Calls one after the other; the error of each is the answer's next 32 bits."""

    def __init__(self) -> None:
        self.module = Module()
        self.types = functions()
        self.index = {
            name: self.module.imported(name, ["i64" if p == "I" else "i32" for p in params], [] if name == "proc_exit" else ["i32"])
            for name, params in self.types.items()
        }
        self.module.pages(2)
        self.module.bytes_at(SCRATCH, (OUT).to_bytes(4, "little") + (4).to_bytes(4, "little"))
        self.body = b""
        self.count = 0
        self.paths: "dict[str, int]" = {}
        self.end = PATHS

    def put(self, address: int, data: bytes) -> None:
        self.module.bytes_at(address, data)

    def path(self, text: str) -> int:
        if text not in self.paths:
            self.paths[text] = self.end
            self.put(self.end, text.encode())
            self.end += len(text.encode())
        return self.paths[text]

    def call(self, name: str, args: list, keep: bool) -> None:
        flat = []
        for arg in args:
            flat += [self.path(arg), len(arg.encode())] if isinstance(arg, Path_) else [arg]
        params = self.types[name]
        assert len(flat) == len(params), name
        code = const(RESULTS + 4 * self.count) if keep else b""
        for arg, param in zip(flat, params):
            if isinstance(arg, Load):
                code += const(arg) + b"\x28\x02\x00"
            else:
                code += (b"\x42" if param == "I" else b"\x41") + sleb(arg)
        code += call(self.index[name]) + (b"\x36\x02\x00" if keep else DROP)
        self.body += code
        self.count += keep

    def keep(self, address: int) -> None:
        """16 bits of memory as an answer."""
        self.body += const(RESULTS + 4 * self.count) + const(address) + b"\x2f\x01\x00" + b"\x36\x02\x00"
        self.count += 1

    def build(self) -> bytes:
        self.put(SCRATCH + 64, RESULTS.to_bytes(4, "little") + (4 * self.count).to_bytes(4, "little"))
        self.body += const(2) + const(SCRATCH + 64) + const(1) + const(OUT) + call(self.index["fd_write"]) + DROP
        self.module.function(self.body, export="_start")
        return self.module.build()


# ---- the calls -----------------------------------------------------------------------------------------------------------


def on_descriptors() -> "dict[str, tuple[str, list]]":
    """By the row's name; in an order in which those on a folder succeed. The last ones end the descriptor."""
    P = Path_
    return {
        "fd_advise": ("fd_advise", [FD, 0, 1, 0]),
        "fd_allocate": ("fd_allocate", [FD, 0, 8]),
        "fd_datasync": ("fd_datasync", [FD]),
        "fd_fdstat_get": ("fd_fdstat_get", [FD, OUT]),
        "fd_fdstat_set_flags none": ("fd_fdstat_set_flags", [FD, 0]),
        "fd_fdstat_set_flags APPEND": ("fd_fdstat_set_flags", [FD, 1]),
        "fd_fdstat_set_flags NONBLOCK": ("fd_fdstat_set_flags", [FD, 4]),
        "fd_fdstat_set_flags SYNC": ("fd_fdstat_set_flags", [FD, 16]),
        "fd_filestat_get": ("fd_filestat_get", [FD, OUT]),
        "fd_filestat_set_size": ("fd_filestat_set_size", [FD, 16]),
        "fd_filestat_set_times": ("fd_filestat_set_times", [FD, 0, 0, 2]),
        "fd_pread": ("fd_pread", [FD, SCRATCH, 1, 0, OUT + 32]),
        "fd_prestat_dir_name": ("fd_prestat_dir_name", [FD, OUT, 64]),
        "fd_prestat_get": ("fd_prestat_get", [FD, OUT]),
        "fd_pwrite": ("fd_pwrite", [FD, SCRATCH, 1, 0, OUT + 32]),
        "fd_read": ("fd_read", [FD, SCRATCH, 1, OUT + 32]),
        "fd_readdir": ("fd_readdir", [FD, OUT, 64, 0, OUT + 64]),
        "fd_seek": ("fd_seek", [FD, 1, 0, OUT]),
        "fd_sync": ("fd_sync", [FD]),
        "fd_tell": ("fd_tell", [FD, OUT]),
        "fd_write": ("fd_write", [FD, SCRATCH, 1, OUT + 32]),
        "path_create_directory": ("path_create_directory", [FD, P("made")]),
        "path_filestat_get": ("path_filestat_get", [FD, 0, P("made"), OUT]),
        "path_filestat_set_times": ("path_filestat_set_times", [FD, 0, P("made"), 0, 0, 2]),
        "path_remove_directory": ("path_remove_directory", [FD, P("made")]),
        "path_open": ("path_open", [FD, 0, P("thing"), CREAT, READ, 0, 0, OUT]),
        "path_link from": ("path_link", [FD, 0, P("thing"), 3, P("second")]),
        "path_link to": ("path_link", [3, 0, P("file"), FD, P("third")]),
        "path_rename from": ("path_rename", [FD, P("thing"), 3, P("fourth")]),
        "path_rename to": ("path_rename", [3, P("fourth"), FD, P("fifth")]),
        "path_symlink": ("path_symlink", [P("fifth"), FD, P("link")]),
        "path_readlink": ("path_readlink", [FD, P("link"), OUT, 64, OUT + 64]),
        "path_unlink_file": ("path_unlink_file", [FD, P("link")]),
        "sock_recv": ("sock_recv", [FD, SCRATCH, 1, 0, OUT + 32, OUT + 36]),
        "sock_send": ("sock_send", [FD, SCRATCH, 1, 0, OUT + 32]),
        "sock_accept": ("sock_accept", [FD, 4, OUT]),
        "sock_shutdown": ("sock_shutdown", [FD, 1]),
        "fd_fdstat_set_rights more": ("fd_fdstat_set_rights", [FD, RIGHTS, RIGHTS]),
        "fd_fdstat_set_rights fewer": ("fd_fdstat_set_rights", [FD, 0, 0]),
        "fd_renumber to closed": ("fd_renumber", [FD, 999]),
        "fd_renumber onto it": ("fd_renumber", [4, FD]),
        "fd_close": ("fd_close", [FD]),
    }


def on_arguments() -> "dict[str, tuple[str, list]]":
    """On descriptor 3, a folder, or 4, a file in it; what is there: make_folder. In order."""
    P = Path_

    def opened(path: str, oflags: int = 0, rights: int = READ, follow: int = 1) -> "tuple[str, list]":
        return ("path_open", [3, follow, P(path), oflags, rights, 0, 0, OUT])

    return {
        "open empty": opened(""),
        "open missing": opened("missing"),
        "open /file": opened("/file"),
        "open ../file": opened("../file"),
        "open folder/..": opened("folder/.."),
        "open folder/../..": opened("folder/../.."),
        "open file/": opened("file/"),
        "open file/x": opened("file/x"),
        "open file\\0": opened("file\0"),
        "open long name": opened("n" * 256),
        "open link": opened("link"),
        "open link, no follow": opened("link", follow=0),
        "open folderlink, no follow": opened("folderlink", follow=0),
        "open folderlink, DIRECTORY, no follow": opened("folderlink", DIRECTORY, follow=0),
        "open dangling": opened("dangling"),
        "open dangling, CREAT": opened("dangling", CREAT),
        "open loop": opened("loop"),
        "open outside": opened("outside"),
        "open absolute": opened("absolute"),
        "open file, DIRECTORY": opened("file", DIRECTORY),
        "open file, CREAT EXCL": opened("file", CREAT | EXCL),
        "open link, CREAT EXCL": opened("dangling", CREAT | EXCL),
        "open file, EXCL": opened("file", EXCL),
        "open new, CREAT DIRECTORY": opened("new", CREAT | DIRECTORY),
        "open new/, CREAT": opened("new/", CREAT),
        "open missing/new, CREAT": opened("missing/new", CREAT),
        "open folder, CREAT": opened("folder", CREAT),
        "open folder, TRUNC": opened("folder", TRUNC),
        "open folder, to write": opened("folder", 0, READ | WRITE),
        "open folder, DIRECTORY, to write": opened("folder", DIRECTORY, READ | WRITE),
        "open file, TRUNC": opened("empty", TRUNC),
        "stat empty": ("path_filestat_get", [3, 1, P(""), OUT]),
        "stat missing": ("path_filestat_get", [3, 1, P("missing"), OUT]),
        "stat file/": ("path_filestat_get", [3, 1, P("file/"), OUT]),
        "stat ..": ("path_filestat_get", [3, 1, P(".."), OUT]),
        "stat /": ("path_filestat_get", [3, 1, P("/"), OUT]),
        "stat loop": ("path_filestat_get", [3, 1, P("loop"), OUT]),
        "stat loop, no follow": ("path_filestat_get", [3, 0, P("loop"), OUT]),
        "stat outside": ("path_filestat_get", [3, 1, P("outside"), OUT]),
        "times both": ("path_filestat_set_times", [3, 0, P("file"), 0, 0, 3]),
        "times missing": ("path_filestat_set_times", [3, 0, P("missing"), 0, 0, 2]),
        "mkdir there": ("path_create_directory", [3, P("folder")]),
        "mkdir file": ("path_create_directory", [3, P("file")]),
        "mkdir .": ("path_create_directory", [3, P(".")]),
        "mkdir ..": ("path_create_directory", [3, P("..")]),
        "mkdir missing/new": ("path_create_directory", [3, P("missing/new")]),
        "mkdir made/": ("path_create_directory", [3, P("made/")]),
        "rmdir hollow/": ("path_remove_directory", [3, P("hollow/")]),
        "rmdir file": ("path_remove_directory", [3, P("file")]),
        "rmdir full": ("path_remove_directory", [3, P("folder")]),
        "rmdir missing": ("path_remove_directory", [3, P("missing")]),
        "rmdir .": ("path_remove_directory", [3, P(".")]),
        "rmdir ..": ("path_remove_directory", [3, P("..")]),
        "rmdir folderlink": ("path_remove_directory", [3, P("folderlink")]),
        "unlink folder": ("path_unlink_file", [3, P("folder")]),
        "unlink missing": ("path_unlink_file", [3, P("missing")]),
        "unlink file/": ("path_unlink_file", [3, P("file/")]),
        "unlink .": ("path_unlink_file", [3, P(".")]),
        "unlink ..": ("path_unlink_file", [3, P("..")]),
        "rename missing": ("path_rename", [3, P("missing"), 3, P("new")]),
        "rename folder onto file": ("path_rename", [3, P("folder"), 3, P("file")]),
        "rename file onto folder": ("path_rename", [3, P("file"), 3, P("folder")]),
        "rename folder onto full": ("path_rename", [3, P("hollow"), 3, P("folder")]),
        "rename folder into itself": ("path_rename", [3, P("folder"), 3, P("folder/sub")]),
        "rename file to new/": ("path_rename", [3, P("file"), 3, P("new/")]),
        "rename ..": ("path_rename", [3, P(".."), 3, P("new")]),
        "rename file to itself": ("path_rename", [3, P("file"), 3, P("file")]),
        "link missing": ("path_link", [3, 0, P("missing"), 3, P("new")]),
        "link folder": ("path_link", [3, 0, P("folder"), 3, P("new")]),
        "link onto file": ("path_link", [3, 0, P("file"), 3, P("empty")]),
        "link, follow": ("path_link", [3, 1, P("file"), 3, P("new")]),
        "link to new/": ("path_link", [3, 0, P("file"), 3, P("new/")]),
        "symlink onto file": ("path_symlink", [P("x"), 3, P("file")]),
        "symlink of nothing": ("path_symlink", [P(""), 3, P("sym1")]),
        "symlink to /": ("path_symlink", [P("/x"), 3, P("sym2")]),
        "symlink to ..": ("path_symlink", [P("../x"), 3, P("sym3")]),
        "symlink at sym4/": ("path_symlink", [P("x"), 3, P("sym4/")]),
        "readlink file": ("path_readlink", [3, P("file"), OUT, 64, OUT + 64]),
        "readlink missing": ("path_readlink", [3, P("missing"), OUT, 64, OUT + 64]),
        "readlink, no room": ("path_readlink", [3, P("link"), OUT, 1, OUT + 64]),
        "advise 9": ("fd_advise", [4, 0, 1, 9]),
        "allocate nothing": ("fd_allocate", [4, 0, 0]),
        "allocate far": ("fd_allocate", [4, -1, 1]),
        "set_size far": ("fd_filestat_set_size", [4, -1]),
        "set_times both": ("fd_filestat_set_times", [4, 0, 0, 12]),
        "pread far": ("fd_pread", [4, SCRATCH, 1, -1, OUT + 32]),
        "pwrite far": ("fd_pwrite", [4, SCRATCH, 1, -1, OUT + 32]),
        "seek before": ("fd_seek", [4, -1, 0, OUT]),
        "seek whence 3": ("fd_seek", [4, 0, 3, OUT]),
        "readdir far": ("fd_readdir", [3, OUT, 64, 1 << 40, OUT + 64]),
        "prestat name, no room": ("fd_prestat_dir_name", [3, OUT, 0]),
        "fdstat flags 32": ("fd_fdstat_set_flags", [4, 32]),
        "clock 9": ("clock_time_get", [9, 0, OUT]),
        "clock_res 9": ("clock_res_get", [9, OUT]),
        "clock CPU": ("clock_time_get", [2, 0, OUT]),
        "clock_res CPU": ("clock_res_get", [2, OUT]),
        "poll nothing": ("poll_oneoff", [EVENTS, EVENTS + 512, 0, OUT]),
        "raise 99": ("proc_raise", [99]),
        "sched_yield": ("sched_yield", []),
        "random": ("random_get", [OUT, 8]),
        "args": ("args_sizes_get", [OUT, OUT + 4]),
        "args_get": ("args_get", [SCRATCH + 256, SCRATCH + 512]),
        "environ": ("environ_sizes_get", [OUT, OUT + 4]),
        "environ_get": ("environ_get", [OUT, OUT + 64]),
    }


def make_folder(top: Path) -> Path:
    guest = top / "guest"
    for name in ("guest", "guest/folder", "guest/folder/inner", "guest/hollow"):
        (top / name).mkdir()
    (top / "secret").write_text("secret")
    (guest / "file").write_text("the file's text")
    (guest / "empty").write_text("")
    for name, target in {
        "link": "file",
        "folderlink": "folder",
        "dangling": "nowhere",
        "loop": "loop",
        "outside": "../secret",
        "absolute": str(top / "secret"),
    }.items():
        (guest / name).symlink_to(target)
    return guest


OPENED = {
    "folder": ("folder", DIRECTORY, RIGHTS & ~WRITE, 0),
    "file": ("file", 0, RIGHTS, 0),
    "read": ("file", 0, READ | SEEKS, 0),
    "write": ("file", 0, WRITE | SEEKS, 0),
    "none": ("file", 0, 0, 0),
}
POLLS = {"poll_oneoff read": 1, "poll_oneoff write": 2}


def prepare(program: Program, kind: str) -> "int | Load":
    """The descriptor; where it is one to be opened, code that does so."""
    program.call("path_open", [3, 0, Path_("file"), 0, RIGHTS, 0, 0, SLOT + 4], False)  # for fd_renumber, and as descriptor 4
    fixed = {"closed": 777, "stdin": 0, "stdout": 1, "listener": 3}
    if kind in fixed:
        return fixed[kind]
    path, oflags, base, inheriting = OPENED[kind]
    program.call("path_open", [3, 0, Path_(path), oflags, base, inheriting, 0, SLOT], False)
    return Load(SLOT)


def descriptor_program(kind: str) -> "tuple[Program, list[str]]":
    program = Program()
    names = []
    record = bytearray(96)
    record[0:8] = (7).to_bytes(8, "little")
    record[16:20] = (777).to_bytes(4, "little")
    record[48:56] = (8).to_bytes(8, "little")
    record[48 + 16 : 48 + 20] = (1).to_bytes(4, "little")
    for at, tag in enumerate(POLLS.values()):
        record[8] = tag
        program.put(EVENTS + 128 * at, bytes(record))
    for name, (function, args) in on_descriptors().items():
        fd = prepare(program, kind)
        program.call(function, [fd if arg is FD else Load(SLOT + 4) if arg == 4 and function == "fd_renumber" else arg for arg in args], True)
        names.append(name)
        if name == "sock_send":
            for at, poll in enumerate(POLLS):
                fd = prepare(program, kind)
                code = const(int(fd)) + (b"\x28\x02\x00" if isinstance(fd, Load) else b"")
                program.body += const(EVENTS + 128 * at + 16) + code + b"\x36\x02\x00"
                program.call("poll_oneoff", [EVENTS + 128 * at, EVENTS + 512, 2, OUT], True)
                program.keep(EVENTS + 512 + 8)
                names += [poll, poll + " event"]
    return program, names


def argument_program(name: str) -> "tuple[Program, list[str]]":
    program = Program()
    prepare(program, "closed")
    program.call(*on_arguments()[name], True)
    return program, [name]


# ---- running them --------------------------------------------------------------------------------------------------------


def command(program: str, wasmtime: bool, options: "list[str]", kind: str, guest: Path) -> "list[str]":
    if wasmtime:
        return [program, "run", f"--dir={guest}::/guest"]
    more = ["--listen=127.0.0.1:0"] if kind in SOCKETS else [f"--dir={guest}::/guest"]
    return [program, "run", *options, *more]


def answers(line: "Callable[[Path], list[str]]", made: "tuple[Program, list[str]]") -> "dict[str, str]":
    program, names = made
    known = errors()
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "m.wasm"
        module.write_bytes(program.build())
        guest = make_folder(Path(folder))
        ours, theirs = os.pipe()  # standard input: a pipe that has ended
        os.close(theirs)
        with os.fdopen(ours) as stdin:
            done = subprocess.run([*line(guest), str(module)], stdin=stdin, capture_output=True, timeout=SECONDS, check=False)
    said = done.stderr
    if said.startswith(b"murre: listening on "):
        said = said.partition(b"\n")[2]
    if len(names) == 1 and done.returncode in (1, 134):
        return {names[0]: "trap"}
    if done.returncode != 0 or len(said) != 4 * len(names):
        raise SystemExit(f"status {done.returncode}: {done.stderr.decode(errors='replace')[:600]}")
    result = {}
    for i, name in enumerate(names):
        number = int.from_bytes(said[4 * i : 4 * i + 4], "little")
        result[name] = "ok" if number == 0 else known[number] if number < len(known) else str(number)
    for poll in POLLS:
        if poll in result:
            event = result.pop(poll + " event")
            result[poll] = event if result[poll] == "ok" else result[poll]
    return result


def everything(program: str, wasmtime: bool, options: "list[str]") -> "dict[tuple[str, str], str]":
    """By row and column."""
    cells = {}
    for kind in KINDS if wasmtime else [*KINDS, *SOCKETS]:
        for row, answer in answers(lambda guest, kind=kind: command(program, wasmtime, options, kind, guest), descriptor_program(kind)).items():
            cells[row, kind] = answer
    for row in on_arguments():
        cells[row, "error"] = answers(lambda guest: command(program, wasmtime, options, "", guest), argument_program(row))[row]
    return cells


# ---- the tables ----------------------------------------------------------------------------------------------------------


def read_tables(path: Path) -> "dict[tuple[str, str], tuple[str, str, str]]":
    """By row and column: what murre gives, what Wasmtime gives, the reason's number where they differ."""
    cells = {}
    columns: "list[str]" = []
    for line in path.read_text().splitlines():
        if not line.startswith("|"):
            columns = []
            continue
        fields = [field.strip().strip("`") for field in line.strip().strip("|").split("|")]
        if not columns:
            columns = fields[1:]
        elif not set(fields[0]) <= set("-: "):
            for column, field in zip(columns, fields[1:]):
                both, _, reason = field.partition(" ")
                murre, _, wasmtime = both.partition("/")
                cells[fields[0], column] = (murre, wasmtime or murre, reason)
    return cells


def main() -> int:
    args = sys.argv[1:]
    wasmtime = bool(args) and args[0] == "--wasmtime"
    show = bool(args) and args[0] == "--show"
    if wasmtime or show:
        del args[0]
    if len(args) < 2 - show:
        print(__doc__, file=sys.stderr)
        return 2
    if show:
        for (row, column), answer in everything(args[0], "wasmtime" in Path(args[0]).name, []).items():
            print(f"{row}\t{column}\t{answer}")
        return 0
    tables = Path(args[1])
    expected = {cell: both for cell, both in read_tables(tables).items() if not (wasmtime and cell[1] in SOCKETS)}
    reasons = set(re.findall(r"^(\d+)\. ", tables.read_text(), re.M))
    got = everything(args[0], wasmtime, args[2:])
    passed = failed = 0
    for cell in sorted(set(got) | set(expected)):
        wanted = expected[cell][wasmtime] if cell in expected else "no entry in the table"
        fault = "" if got.get(cell) == wanted else f"gives {got.get(cell, 'nothing')}, not {wanted}"
        if cell in expected and expected[cell][0] != expected[cell][1] and expected[cell][2] not in reasons:
            fault = fault or "differs without a reason"
        passed, failed = passed + (not fault), failed + bool(fault)
        if fault:
            print(f"FAIL {' on '.join(cell)}: {fault}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
