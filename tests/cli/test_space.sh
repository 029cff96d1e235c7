#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ashlar space: figures of the shipped spaces, formats, and wrong usage
set -u
examples=$ASHLAR_SOURCE/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

[ "$("$ASHLAR" space count --format csv "$examples/nasbench201.yaml" | tr -d '\r' | tail -1)" = 6,15625 ] || fail "count of NAS-Bench-201"
"$ASHLAR" space show "$examples/digits.yaml" | grep -q 'stem.width' || fail "show"
[ "$("$ASHLAR" space sample -n 3 --seed 5 --format csv "$examples/digits.yaml")" = \
  "$("$ASHLAR" space sample -n 3 --seed 5 --format csv "$examples/digits.yaml")" ] || fail "the same seed samples the same"
[ "$("$ASHLAR" space sample -n 3 --format json "$examples/digits.yaml" | grep -c '"genome"')" -ge 1 ] || fail "json"
"$ASHLAR" space check -n 200 "$examples/digits.yaml" | grep -q '^genomes *200' || fail "check"

refused() { # status, words, arguments
    local status=$1 words=$2
    shift 2
    "$ASHLAR" space "$@" > "$work/out" 2> "$work/err"
    local got=$?
    [ $got = "$status" ] && grep -q -- "$words" "$work/err" || fail "$*: status $got, $(cat "$work/err")"
}
printf 'data: {type: digits}\nspace:\n  stages:\n    - {block: conv, width: 8, kernal: 3}\n' > "$work/typo.yaml"
printf 'data: {type: digits}\nspace:\n  stages:\n    - {block: conv, width: 8, stride: 2, repeat: 5, vary: true}\n' > "$work/strides.yaml"
refused 2 'typo.yaml:4:.*did you mean "kernel"' count "$work/typo.yaml"
refused 2 'none of 1 genomes decodes.*stride 2 on a map of 1 x 1' check "$work/strides.yaml"
refused 2 'unknown action' look "$work/typo.yaml"
refused 2 'name a run file' count
refused 2 'nowhere.yaml' count "$work/nowhere.yaml"
echo ok
