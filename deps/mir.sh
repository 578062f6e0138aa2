#!/usr/bin/env bash
# Brings MIR's sources to .deps/mir: the crate mir-sys, checked against deps/mir/SHA256SUMS, with the patches of
# deps/mir/patches applied in the order of their names. Starts again from the pristine copy whenever a patch changes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=0.2.0
sums=$root/deps/mir/SHA256SUMS
pristine=$deps/mir-pristine

fetch_pristine() {
    local want
    want="$version $(hash_of "$sums")"
    stamp_is mir-pristine "$want" && [ -d "$pristine" ] && return
    say "fetching MIR (mir-sys $version)"
    fetch_crate mir-sys "$version"
    (cd "$deps/crates/mir-sys/mir" && sha256sum --quiet --strict -c "$sums") || die "MIR's sources do not match $sums"
    rm -rf "$pristine"
    mv "$deps/crates/mir-sys/mir" "$pristine"
    rm -rf "$deps/crates/mir-sys"
    stamp_set mir-pristine "$want"
}

# Only files that differ are replaced, so that a changed patch recompiles no more than it must.
apply_patches() {
    local patches want work=$deps/mir.new file
    shopt -s nullglob
    patches=("$root"/deps/mir/patches/*.patch)
    want="$(cat "$stamps/mir-pristine") $(hash_of "${patches[@]}")"
    stamp_is mir "$want" && [ -d "$deps/mir" ] && return
    say "applying ${#patches[@]} patches to MIR"
    rm -rf "$work"
    cp -r "$pristine" "$work"
    for file in "${patches[@]}"; do
        patch --quiet --no-backup-if-mismatch -p1 -d "$work" < "$file" || die "$file does not apply"
    done
    mkdir -p "$deps/mir"
    for file in "$work"/*; do
        cmp -s "$file" "$deps/mir/${file##*/}" || cp "$file" "$deps/mir/"
    done
    for file in "$deps/mir"/*; do
        [ -e "$work/${file##*/}" ] || rm -r "$file"
    done
    rm -rf "$work"
    stamp_set mir "$want"
}

lock_deps
fetch_pristine
apply_patches
