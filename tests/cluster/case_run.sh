# SPDX-License-Identifier: GPL-3.0-or-later
# case_run.sh - a search of digits, the digest that it must have, and a clock
began=$(date +%s.%N)
since() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN {printf "%.1f", b - a}'; }
say() { printf '%6.1f s  %s\n' "$(since "$began")" "$*"; }

digits_run() { # FILE EVALUATIONS EPOCHS
    cat >"$1" <<EOF
seed: 11
data: {type: digits}
space:
  stages:
    - {name: stem, block: conv, width: [4, 8, 12], kernel: 3, bits: [4, 8, 32]}
    - {name: body, block: [conv, separable, residual], repeat: [1, 2], width: [8, 16], kernel: 3, bits: [2, 8]}
  head: {pool: [global, flatten]}
train: {epochs: $3}
search: {strategy: nsga2, population: 12, objectives: [error, macs, model_bytes], lookahead: 16}
budget: {evaluations: $2}
execution: {look_s: 1, heartbeat_s: 1}
EOF
}

# The digest of the undisturbed run on this machine, by threads; kept beside the program for the next test.
expected_digest() { # FILE
    local kept
    kept=$ASHLAR_BUILD/Testing/digest-$(cat "$ASHLAR" "$1" | sha256sum | cut -c1-16)
    if [ ! -s "$kept" ]; then
        mkdir -p "$(dirname "$kept")"
        "$ASHLAR" run "$1" -q --db undisturbed.db >/dev/null 2>undisturbed.txt || fail "the undisturbed run: $(cat undisturbed.txt)"
        digest undisturbed.db >"$kept"
    fi
    cat "$kept"
}
