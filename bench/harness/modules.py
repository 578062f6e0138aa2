"""The runs of bench/modules.json: real programs with known answers."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import places, process


@dataclass
class ModuleRun:
    name: str
    file: str
    args: list
    stdin: str | None = None
    dirs: dict = field(default_factory=dict)
    stdout: str | None = None
    stdout_starts: str | None = None
    stdout_sha256: str | None = None
    files: dict = field(default_factory=dict)
    exit: int = 0
    cold: bool = False
    slow: bool = False

    @property
    def path(self):
        return places.MODULES / self.file


def load():
    """Those whose program is there."""
    text = (places.BENCH / "modules.json").read_text()
    runs = [ModuleRun(**entry) for entry in json.loads(text)["runs"]]
    return [r for r in runs if r.path.exists()]


def differences(wanted, finished, scratch):
    """What is wrong with that outcome, as a list of sentences."""
    wrong = []
    text = finished.stdout.decode(errors="replace")
    if finished.timed_out:
        wrong.append("the time was up")
    if finished.code != wanted.exit:
        wrong.append(f"exit code {finished.code}, not {wanted.exit}")
    if wanted.stdout is not None and text != wanted.stdout:
        wrong.append(f"stdout {text[:200]!r}, not {wanted.stdout[:200]!r}")
    if wanted.stdout_starts is not None and not text.startswith(wanted.stdout_starts):
        wrong.append(f"stdout starts {text[:80]!r}, not {wanted.stdout_starts!r}")
    if wanted.stdout_sha256 is not None and hashlib.sha256(finished.stdout).hexdigest() != wanted.stdout_sha256:
        wrong.append("stdout has another hash")
    for name, digest in wanted.files.items():
        file = Path(scratch) / name
        if not file.exists():
            wrong.append(f"the file {name} was not written")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            wrong.append(f"the file {name} has another hash")
    if wrong and finished.stderr:
        wrong.append("stderr: " + finished.stderr.decode(errors="replace").strip()[-400:])
    return wrong


def execute(wanted, command_for, timeout=300):
    """Runs one of them. `command_for (module, args, dirs)` gives the command line or None.

    Returns (Finished, differences), or None where the command line cannot be given.
    """
    scratch = tempfile.mkdtemp(prefix="scratch-", dir=places.OUT)
    try:
        hosts = {"data": str(places.BENCH / "data"), "scratch": scratch}
        dirs = {guest: hosts[host] for guest, host in wanted.dirs.items()}
        command = command_for(wanted.path, wanted.args, dirs)
        if command is None:
            return None
        stdin = places.BENCH / wanted.stdin if wanted.stdin else None
        finished = process.run(command, stdin=stdin, timeout=timeout)
        return finished, differences(wanted, finished, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
