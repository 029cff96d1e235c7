#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cmake --install into a prefix of one's own, without root: the program runs from there, its examples can be read.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "FAIL: $1"; exit 1; }
cmake --install "$ASHLAR_BUILD" --prefix "$folder" >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
"$folder/bin/ashlar" --version | grep -q '^ashlar [0-9]' || fail "the installed program does not run"
"$folder/bin/ashlar" space count "$folder/share/ashlar/examples/digits.yaml" >"$folder/out" || fail "the installed examples cannot be read"
