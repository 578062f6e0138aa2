"""Runs one process and reports wall time (seconds), CPU time (seconds), peak resident memory (bytes) and its output."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import places

LAUNCHER = places.OUT / "launch"


@dataclass
class Finished:
    code: int  # exit status, or minus the signal's number
    wall: float
    cpu: float
    memory: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False


def build_launcher():
    source = Path(__file__).with_name("launch.c")
    if LAUNCHER.exists() and LAUNCHER.stat().st_mtime >= source.stat().st_mtime:
        return
    LAUNCHER.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-static", str(source), "-o", str(LAUNCHER)], check=True)


def run(command, stdin=None, timeout=300):
    """`stdin` is a path or None for an empty input; `timeout` is in whole seconds."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=places.OUT) as folder:
        out, err, result = (os.path.join(folder, name) for name in ("out", "err", "result"))
        subprocess.run([str(LAUNCHER), str(timeout), str(stdin or os.devnull), out, err, result, *map(str, command)], check=True)
        if not os.path.exists(err):
            raise FileNotFoundError(f"cannot read {stdin} or write to {folder}")
        wall, cpu, memory, status, late = map(int, Path(result).read_text().split())
        return Finished(
            code=os.waitstatus_to_exitcode(status),
            wall=wall / 1e9,
            cpu=cpu / 1e6,
            memory=memory * 1024,
            stdout=Path(out).read_bytes(),
            stderr=Path(err).read_bytes(),
            timed_out=late == 1,
        )
