#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cmake --install into a prefix of one's own, without root: the program runs from there, its manual page names every command.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "FAIL: $1"; exit 1; }
cmake --install "$ASHLAR_BUILD" --prefix "$folder" >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
page=$folder/share/man/man1/ashlar.1
"$folder/bin/ashlar" --version | grep -q '^ashlar [0-9]' || fail "the installed program does not run"
"$folder/bin/ashlar" space count "$folder/share/ashlar/examples/digits.yaml" >"$folder/out" || fail "the installed examples cannot be read"
commands=$("$folder/bin/ashlar" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 12 ] || fail "--help names too few commands: $commands"
for command in $commands; do
    grep -q "^\.B $command " "$page" || fail "the manual page does not name $command"
done
! command -v man >/dev/null || ! man --warnings -l "$page" 2>&1 >/dev/null | grep . || fail "the manual page has warnings"
