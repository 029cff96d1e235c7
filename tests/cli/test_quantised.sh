#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bits as genes: one digest at any number of threads and in worker processes, after a kill, and verify; float and integer networks side by side.
. "$(dirname "$0")/lib.sh"
small=(--evaluations 24 --set train.epochs=2 --set train.frozen_epochs=1 --set data.limit=300 --set search.lookahead=4)
mixed=$ASHLAR_SOURCE/examples/digits-mixed.yaml
run() { "$ASHLAR" run "$mixed" -q "${small[@]}" "$@" >out.txt 2>err.txt || fail "run $*: $(cat err.txt)"; }

run --db one.db --threads 1
expected=$(digest one.db)
run --db two.db --threads 2
same "digest at 2 threads" "$expected" "$(digest two.db)"
run --db process.db --executor process
same "digest of worker processes" "$expected" "$(digest process.db)"
"$ASHLAR" run "$mixed" -q "${small[@]}" --db killed.db --threads 1 >out.txt 2>err.txt &
pid=$!
for _ in $(seq 200); do [ "$(sqlite3 -readonly killed.db 'SELECT count(*) FROM trials' 2>/dev/null || echo 0)" -ge 5 ] && break; sleep 0.02; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
run --db killed.db
same "digest after a kill" "$expected" "$(digest killed.db)"
"$ASHLAR" verify one.db -q >out.txt 2>err.txt || fail "verify: $(cat out.txt err.txt)"

# what a person writes wrongly
bad() { # SENTENCE SETTING...
    local sentence=$1
    shift
    "$ASHLAR" run "$mixed" -q --db bad.db "$@" >out.txt 2>err.txt
    same "status of $*" 2 $?
    grep -q "$sentence" err.txt || fail "$*: $(cat err.txt)"
    [ ! -e bad.db ] || fail "$*: a database was left"
}
bad 'bits are genes of its blocks' --set space.quantize.weight_bits=4
bad 'did you mean "lsq"' --set space.quantize.weights=lsk
bad 'act_bits' --set space.head.act_bits=3
lenet=$ASHLAR_SOURCE/examples/architectures/lenet-caffe.yaml
"$ASHLAR" cost "$lenet" --quantize "weight_bits=3" >out.txt 2>err.txt && fail "3 bits were taken"
grep -q 'weight_bits is 32, 8, 4, 2 or 1' err.txt || fail "3 bits: $(cat err.txt)"
"$ASHLAR" cost "$lenet" --quantize "act_bits=16" >out.txt 2>err.txt && fail "16 bits were taken"
grep -q 'act_bits is 32, 8, 4, 2 or 1, not 16' err.txt || fail "16 bits: $(cat err.txt)"
# packed rows and 9 bytes per channel that is requantised: conv1 500 + 180, its codes' sign 180, conv2 50 x 63 + 450, sign 450, ip1 50,000 + 4500, ip2 5000 + 160
"$ASHLAR" cost "$lenet" --format csv --quantize "weight_bits=1, act_bits=1" | tr -d '\r' >binary.csv || fail "cost of a binary network"
same "model bytes of a binary LeNet" 64570 "$(tail -1 binary.csv | cut -d, -f7)"
finish
