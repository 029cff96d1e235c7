# SPDX-License-Identifier: GPL-3.0-or-later
# lib.sh - what the shell tests share: a folder of their own, small run files, and checks that say what they expected
set -u
: "${ASHLAR:?the binary}" "${ASHLAR_SOURCE:?the source tree}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
    printf 'FAIL: %s\n' "$*"
    failures=$((failures + 1))
}

# Ends the test with the verdict.
finish() {
    [ "$failures" -eq 0 ] && exit 0
    printf '%d failures\n' "$failures"
    exit 1
}

same() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] || fail "$1: expected $2, found $3"
}

digest() { "$ASHLAR" digest "$1" --format csv | tail -1 | cut -d, -f1; }

# A search of small digits networks: fast, with repeats of networks and all operators of a CNN.
small_run() { # FILE
    cat >"$1" <<'EOF'
seed: 7
data: {type: digits, limit: 300, val_limit: 100}
space:
  stages:
    - {name: stem, block: conv, width: [4, 8], kernel: 3, stride: 2, bits: [4, 8, 32]}
    - {name: body, block: [conv, separable, residual], repeat: [0, 1], width: [8, 16], kernel: 3, bits: [2, 8]}
  head: {pool: [global, flatten]}
train: {epochs: 3}
search: {strategy: nsga2, population: 6, objectives: [error, macs, model_bytes], lookahead: 8}
budget: {evaluations: 20}
EOF
}
