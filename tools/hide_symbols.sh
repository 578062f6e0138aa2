#!/bin/sh
# An install script of meson: hide_symbols.sh OBJCOPY AR ARCHIVE COMPILER…
#
# A shared library shows what its version script names; of a static one, a program would see every symbol, and its own
# might collide with those of MIR. Makes one object of the installed ARCHIVE (relative to the prefix) in which what has
# hidden visibility is local. Sections stay apart, so that --gc-sections drops as much as before.
set -eu
objcopy=$1 ar=$2 archive=$MESON_INSTALL_DESTDIR_PREFIX/$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$@" -r -nostdlib -o "$work/murre.o" -Wl,--whole-archive "$archive"
"$objcopy" --localize-hidden "$work/murre.o"
rm "$archive"
"$ar" rcs "$archive" "$work/murre.o"
