#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same seed gives the same digest: at 1, 2 and 4 threads, serial, extended, and interrupted; verify finds every change.
. "$(dirname "$0")/lib.sh"
small_run small.yaml
run() { "$ASHLAR" run small.yaml -q "$@" >out.txt 2>err.txt || fail "run $*: $(cat err.txt)"; }

run --db one.db --threads 1
expected=$(digest one.db)
[ ${#expected} -eq 64 ] || fail "no digest: \"$expected\""
for threads in 2 4; do
    run --db t$threads.db --threads $threads
    same "digest at $threads threads" "$expected" "$(digest t$threads.db)"
done
run --db serial.db --set execution.executor=serial
same "digest of the serial executor" "$expected" "$(digest serial.db)"
run --db process.db --executor process
same "digest of worker processes" "$expected" "$(digest process.db)"
run --db seed.db --seed 8
[ "$expected" != "$(digest seed.db)" ] || fail "another seed has the same digest"

# networks that are large enough for threads inside: fewer networks than cores, and the last one of a run
cat >large.yaml <<'END'
name: large
data: {type: digits, limit: 400, val_limit: 100}
space:
  stages:
    - {name: body, block: conv, repeat: {from: 2, to: 2}, vary: true, width: [48, 56, 64], kernel: 3}
train: {epochs: 1, batch: 256}
search: {strategy: random, objectives: [error, macs]}
budget: {evaluations: 3}
END
for threads in 1 2 8; do
    "$ASHLAR" run large.yaml -q --db large$threads.db --threads $threads >out.txt 2>err.txt || fail "run large.yaml: $(cat err.txt)"
    same "digest of large networks at $threads threads" "$(digest large1.db)" "$(digest large$threads.db)"
    "$ASHLAR" train "$ASHLAR_SOURCE/examples/architectures/cnn-28.yaml" --data digits --fit --set train.epochs=1 --set train.batch=256 \
        --threads $threads --format csv >curve$threads.csv || fail "train at $threads threads"
    cmp -s curve1.csv curve$threads.csv || fail "another training at $threads threads: $(cat curve1.csv curve$threads.csv)"
done

# a run that is done changes nothing, and one that is extended is the longer run
run --db one.db --check-replay
same "digest after running again" "$expected" "$(digest one.db)"
run --db one.db --evaluations 40 --threads 4 --check-replay
run --db long.db --evaluations 40 --threads 1
same "digest of 20 extended to 40" "$(digest long.db)" "$(digest one.db)"

# an interrupt drains, says how to go on, and costs nothing
"$ASHLAR" run small.yaml -q --db int.db --evaluations 40 >out.txt 2>err.txt &
pid=$!
sleep 0.3
kill -INT $pid
wait $pid
status=$?
if [ $status -eq 1 ]; then
    grep -q 'resume with: ashlar run small.yaml' err.txt || fail "interrupted: $(cat err.txt)"
elif [ $status -ne 0 ]; then
    fail "interrupted with status $status: $(cat err.txt)"
fi
run --db int.db --evaluations 40
same "digest after an interrupt" "$(digest long.db)" "$(digest int.db)"

# a second run in the study takes what the first knows, with the same result
"$ASHLAR" run small.yaml -q --db one.db --set search.population=8 >out.txt 2>err.txt && fail "another run was not refused"
grep -q 'search.population: 6 there, 8 here' err.txt || fail "the difference is not shown: $(cat err.txt)"
run --db alone.db --set search.population=8 --evaluations 40
run --db one.db --set search.population=8 --evaluations 40 --new-run
same "digest of a run that knows results" "$(digest alone.db)" "$(digest one.db)"

# one run file for several strategies
"$ASHLAR" run small.yaml --db random.db --set search.strategy=random --evaluations 2 >out.txt 2>err.txt || fail "another strategy: $(cat err.txt)"
same "warnings of settings without effect" 1 "$(grep -c 'warning: search.population has no effect: random has no such setting' err.txt)"

# verify, and tampering with each kind of value
"$ASHLAR" verify long.db -q >out.txt 2>err.txt || fail "verify: $(cat out.txt err.txt)"
command -v sqlite3 >/dev/null || finish
member=$(sqlite3 long.db 'SELECT trial FROM front_members ORDER BY trial DESC LIMIT 1')
tamper() { # WHAT SQL
    cp long.db bad.db
    sqlite3 bad.db "$2" || fail "cannot tamper with $1"
    "$ASHLAR" verify bad.db -q "$member" >out.txt 2>err.txt
    same "status of verify, tampered $1" 1 $?
    same "messages of verify, tampered $1" 1 "$(wc -l <err.txt)"
}
tamper error "UPDATE trials SET error = error + 1e-15 WHERE trial = $member"
tamper macs "UPDATE trials SET macs = macs + 1 WHERE trial = $member"
tamper "list of metrics" "UPDATE metric_lists SET names = substr(names, instr(names, ',') + 1)"
tamper curve "UPDATE curves SET train_loss = train_loss * 1.0000000000001 WHERE trial = $member AND position = 1"
tamper epochs "DELETE FROM curves WHERE trial = $member AND position = 2"
tamper "weights' hash" "UPDATE trials SET weights_hash = zeroblob(32) WHERE trial = $member"
tamper weights "UPDATE weights SET bytes = zeroblob(length(bytes)) WHERE trial = $member"
tamper key "UPDATE trials SET key = randomblob(32) WHERE trial = $member"
tamper identity "UPDATE runs SET identity = randomblob(32)"
finish
