"""Where things lie in a checkout."""

from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
DEPS = ROOT / ".deps"
SOURCES = DEPS / "bench" / "src"
MODULES = DEPS / "bench" / "modules"
PEERS = DEPS / "peers" / "bin"
PEER_LIST = ROOT / "deps" / "bench" / "peers.tsv"
OUT = BENCH / "out"
NATIVE = OUT / "native"
WASM = OUT / "wasm"
