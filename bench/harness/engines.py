"""The engines that can be measured, and how each is told to run a WASI program.

An engine is given a module, its arguments, folders {guest: host} and a path for standard input. `kind` says where it
takes part: native, jit or interp.
"""

import datetime
import functools
import shutil
import subprocess
from dataclasses import dataclass, field

from . import places


@functools.cache
def first_line_of(*command):
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    lines = (answer.stdout or answer.stderr).strip().splitlines()
    return lines[0] if lines and answer.returncode == 0 else "unknown"


@dataclass
class Engine:
    name: str
    kind: str
    program: str
    before: list = field(default_factory=list)  # options, before folders and file
    folder: str | None = None  # how a folder is given; None where it cannot be
    version_args: tuple = ("--version",)

    def available(self):
        return shutil.which(self.program) is not None

    def command(self, module, args=(), dirs=None):
        """The command line, or None where this engine cannot do it."""
        folders = []
        for guest, host in (dirs or {}).items():
            if self.folder is None:
                return None
            folders += self.folder.format(host=host, guest=guest).split(" ")
        return [self.program, *self.before, *folders, str(module), *args]

    def version(self):
        return first_line_of(self.program, *self.version_args)


class Native(Engine):
    """The same program compiled for this machine; stands in for FILE.wasm by name."""

    def __init__(self):
        super().__init__("native", "native", "cc")

    def command(self, module, args=(), dirs=None):
        program = places.NATIVE / module.stem
        return None if dirs or not program.exists() else [str(program), *args]


def murre(path, tier):
    name = "murre" if tier == "auto" else f"murre-{tier}"
    kind = "interp" if tier == "interp" else "jit"
    return Engine(name, kind, path, ["run", f"--tier={tier}"], "--dir {host}::{guest}")


def peers():
    here = places.PEERS
    node = ["--no-warnings"]
    host = str(places.BENCH / "peers" / "node_host.mjs")
    return [
        Engine("wasmtime", "jit", str(here / "wasmtime"), ["run", "-C", "cache=n"], "--dir {host}::{guest}"),
        Engine("winch", "jit", str(here / "wasmtime"), ["run", "-C", "cache=n", "-C", "compiler=winch"], "--dir {host}::{guest}"),
        Engine("wazero", "jit", str(here / "wazero"), ["run"], "-mount={host}:{guest}", ("version",)),
        Engine("v8", "jit", "node", [*node, host], "--dir {host}::{guest}"),
        Engine("v8-liftoff", "jit", "node", [*node, "--liftoff-only", host], "--dir {host}::{guest}"),
        Engine("wasmi", "interp", str(here / "wasmi"), [], None),
        Engine("wasm3", "interp", str(here / "wasm3"), [], None),
    ]


# A release that is older is no measure of its project any more: it takes part only when it is named.
OLD = datetime.timedelta(days=3 * 365)


@functools.cache
def releases():
    """{peer: date of the release that deps/bench/peers.sh installs, as text: a day or a month}"""
    lines = places.PEER_LIST.read_text().splitlines()
    return {name: date for name, _, date, _ in (line.split("\t") for line in lines if line and not line.startswith("#"))}


def released(engine):
    """The date of an engine's release where we know it: Winch is Wasmtime's. What the system brings has none."""
    return releases().get("wasmtime" if engine.name == "winch" else engine.name, "")


def is_old(engine, today=None):
    date = released(engine)
    day = date if date.count("-") == 2 else f"{date}-01"
    return bool(date) and (today or datetime.date.today()) - datetime.date.fromisoformat(day) > OLD


def all_engines(murre_path):
    return [Native(), *(murre(murre_path, tier) for tier in ("auto", "jit", "interp")), *peers()]


def choose(murre_path, wanted):
    """The engines of that list of names (of all that are not old) that are present, the names that are not, and who is too old."""
    engines = [e for e in all_engines(murre_path) if not wanted or e.name in wanted]
    unknown = set(wanted) - {e.name for e in engines}
    if unknown:
        raise SystemExit(f"unknown engines: {', '.join(sorted(unknown))}")
    old = [] if wanted else [e for e in engines if is_old(e)]
    engines = [e for e in engines if e not in old]
    return [e for e in engines if e.available()], [e.name for e in engines if not e.available()], old
