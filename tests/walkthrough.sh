#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# walkthrough.sh FILE - does what a walkthrough of docs/walkthroughs/ says, to the letter, in an empty folder
#
# A fenced block "sh" is run; a block whose fence names a file ("yaml digits.yaml", "python score.py") is written to that file. In order; the first
# command that fails ends it. `ashlar` and the folder `examples` are there. A first block "sh requires" whose commands fail
# skips the test (exit 77): it says what must be installed.
set -u
: "${ASHLAR:?the binary}" "${ASHLAR_SOURCE:?the source tree}"
page=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/here"
ln -s "$ASHLAR" "$work/bin/ashlar"
ln -s "$ASHLAR_SOURCE/examples" "$work/here/examples"
export PATH=$work/bin:$PATH HOME=$work
cd "$work/here" || exit 1
awk -v out="$work" '
    /^```/ && inside { inside = 0; next }
    /^```/ {
        inside = 1
        name = sprintf("%s/block%03d", out, ++n)
        language = substr($1, 4)
        kind = language == "sh" ? ($2 == "requires" ? "requires" : $2 == "" ? "run" : "file") : $2 == "" ? "show" : "file"
        print name, kind, $2 > (out "/blocks")
        printf "" > name
        next
    }
    inside { print > name }
    END { if (inside) print "?", "unclosed" > (out "/blocks") }' "$page"
ran=0
while read -r block kind name; do
    case $kind in
    requires) bash -e "$block" >/dev/null 2>&1 </dev/null || { echo "skipped: this needs $(cat "$block")"; exit 77; } ;;
    file) mkdir -p "$(dirname "$name")" && cp "$block" "$name" ;;
    run)
        bash -euo pipefail -x "$block" >"$work/log" 2>&1 </dev/null || { cat "$work/log"; echo "FAIL: $page"; exit 1; }
        cat "$work/log"
        ran=$((ran + 1))
        ;;
    unclosed) echo "FAIL: $page: a block is not closed"; exit 1 ;;
    esac
done <"$work/blocks"
[ "$ran" -gt 0 ] || { echo "FAIL: $page runs nothing"; exit 1; }
