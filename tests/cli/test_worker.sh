#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Executor process on real trainings: trainers and workers are killed at random, the run ends as the undisturbed one; nothing is left behind;
# a worker refuses a run that is not its own, and nonsense.
. "$(dirname "$0")/lib.sh"
small_run small.yaml
# long enough for what happens to it: 20 trials a second
epochs=80
[ -z "${ASHLAR_SANITIZE:-}" ] || epochs=5
sed -i "s/epochs: 3/epochs: $epochs/; s/limit: 300/limit: 800/" small.yaml
"$ASHLAR" run small.yaml -q --db whole.db --evaluations 60 >out.txt 2>err.txt || fail "threads: $(cat err.txt)"
expected=$(digest whole.db)

workers() { pgrep -P "$1" -f ' worker$'; } # PID of the run
await_workers() { for _ in $(seq 5000); do [ -n "$(workers "$1")" ] && break; sleep 0.05; done; }
"$ASHLAR" run small.yaml -q --db killed.db --evaluations 60 --executor process --threads 3 >out.txt 2>err.txt &
run=$!
killed=0
RANDOM=4711
# Two trainers and two workers in turn: three attempts of one trial, or three workers without a result, would end what they belong to.
for moment in $(seq 5000); do
    { [ $killed -lt 4 ] && kill -0 $run 2>/dev/null; } || break
    sleep "0.$(printf %03d $((RANDOM % 300 + 50)))"
    worker=$(workers $run | head -1)
    [ -n "$worker" ] || continue
    victim=$worker
    [ $((killed % 2)) -eq 1 ] || victim=$(pgrep -P "$worker" | shuf -n 1 --random-source=<(yes "$moment"))
    [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && killed=$((killed + 1))
done
wait $run || fail "the disturbed run: status $?, $(cat err.txt)"
echo "$killed kills hit"
[ $killed -ge 1 ] || fail "only $killed kills hit"
same "digest after killed trainers and workers" "$expected" "$(digest killed.db)"
"$ASHLAR" verify killed.db -q >out.txt 2>err.txt || fail "verify: $(cat out.txt err.txt)"

# the run itself is killed: its worker and trainers go with it, and another resumes
"$ASHLAR" run small.yaml -q --db gone.db --evaluations 60 --executor process >out.txt 2>err.txt &
run=$!
for _ in $(seq 5000); do worker=$(workers $run | head -1) && [ -n "$worker" ] && [ -n "$(pgrep -P "$worker")" ] && break; sleep 0.05; done
family="$worker $(pgrep -P "$worker" | tr '\n' ' ')"
kill -9 $run
wait $run 2>/dev/null
for pid in $family; do
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
    kill -0 "$pid" 2>/dev/null && fail "process $pid outlives the run"
done
"$ASHLAR" run small.yaml -q --db gone.db --evaluations 60 --executor process >out.txt 2>err.txt || fail "resume: $(cat err.txt)"
same "digest after a kill of the run" "$expected" "$(digest gone.db)"

# an interrupt drains
"$ASHLAR" run small.yaml -q --db int.db --evaluations 200 --executor process >out.txt 2>err.txt &
run=$!
await_workers $run
kill -INT $run
wait $run
status=$?
[ $status -eq 1 ] && grep -q 'resume with: ashlar run' err.txt || [ $status -eq 0 ] || fail "interrupted: status $status, $(cat err.txt)"

# a batch system's signals: what is done is stored, the status says that the run is to be started again
for signal in TERM USR1; do
    "$ASHLAR" run small.yaml -q --db term.db --evaluations 400 --executor process >out.txt 2>err.txt &
    run=$!
    await_workers $run
    sleep 0.3
    kill -$signal $run
    wait $run
    status=$?
    same "status after SIG$signal" 75 $status
done
"$ASHLAR" run small.yaml -q --db term.db --evaluations 60 --check-replay >out.txt 2>err.txt || fail "after signals: $(cat err.txt)"
same "digest after signals" "$expected" "$(digest term.db)"

# a run that is taken over leaves
"$ASHLAR" run small.yaml -q --db taken.db --evaluations 2000 --executor process >out.txt 2>err.txt &
old=$!
await_workers $old
"$ASHLAR" run small.yaml -q --db taken.db --evaluations 150 --take-over >out.txt 2>err2.txt || fail "taking over: $(cat err2.txt)"
wait $old
same "status of the run that was taken over" 3 $?
grep -q 'taken this study over' err.txt || fail "the run that was taken over: $(cat err.txt)"
"$ASHLAR" run small.yaml -q --db whole.db --evaluations 150 >out.txt 2>err.txt || fail "the longer run: $(cat err.txt)"
same "digest after taking over" "$(digest whole.db)" "$(digest taken.db)"

# no training fits into this (a sanitizer alone would not)
if [ -z "${ASHLAR_SANITIZE:-}" ]; then
    "$ASHLAR" run small.yaml -q --db capped.db --evaluations 3 --executor process --set execution.memory_cap=4K >out.txt 2>err.txt
    "$ASHLAR" query capped.db --format csv --sql 'SELECT status, reason FROM trials' >out.txt 2>&1
    grep -q 'failed.*lost 3 times' out.txt || fail "a memory cap that nothing fits into: $(cat out.txt err.txt)"
fi

# what a worker answers
base() { printf '%s' "$1" | base64 -w 0; }
answers() { # WHAT INPUT STATUS PATTERN
    printf '%s\n' "$2" | "$ASHLAR" worker >out.txt 2>err.txt
    same "status of a worker, $1" "$3" $?
    { cat err.txt; grep '^refuse ' out.txt | cut -d' ' -f3 | base64 -d; } >said.txt 2>/dev/null
    [ "$(grep -cE "$4" said.txt)" -eq 2 ] || fail "$1: not said to both sides: $(cat said.txt out.txt)"
}
orders() { # VERSION LEVEL IDENTITY
    printf '{"version": "%s", "config": "{data: {type: digits}, space: {stages: [{block: conv, width: [4, 8]}]}}", "path": "x.yaml", "level": "%s", "identity": "%s", "memory_cap": 0}' "$1" "$2" "$3"
}
version=$("$ASHLAR" --version | cut -d' ' -f2)
none=$(printf '0%.0s' $(seq 64))
answers "other program" "run 2 2 5000 $(base "$(orders 9.9 x86-64 $none)")" 2 '9\.9'
answers "other protocol" "run 999 2 5000 $(base '{}')" 2 'version 999'
answers "other kernel level" "run 2 2 5000 $(base "$(orders "$version" z80 $none)")" 2 'z80'
answers "other run" "run 2 2 5000 $(base "$(orders "$version" x86-64 $none)")" 2 'another run'
answers "garbage" 'hello, world' 2 "not a controller's message"
answers "half a message" 'run 2 2 5000' 2 'which run'
answers "bad base64" 'run 2 2 5000 %%%' 2 'which run'
: | "$ASHLAR" worker >out.txt 2>err.txt
same "status of a worker to whom nobody speaks" 2 $?
grep -q 'ashlar run' err.txt || fail "nobody speaks: $(cat err.txt)"
finish
