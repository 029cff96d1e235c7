#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real ranks of Open MPI and of MPICH: a rank that is killed is done without; a job that is killed is gone on with.
. "$(dirname "$0")/../cli/lib.sh"
[ -z "${ASHLAR_SANITIZE:-}" ] || { echo "skipped: MPI libraries under a sanitizer"; exit 77; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
. "$(dirname "$0")/case_run.sh"
digits_run run.yaml 80 20
expected=$(expected_digest run.yaml)
found=0

rank() { # PID of a rank that evaluates: not rank 0, which has the database open
    local pid
    for pid in $(pgrep -f "^$ASHLAR run run.yaml --db $1 "); do
        ls -l "/proc/$pid/fd" 2>/dev/null | grep -q "$1" || { echo "$pid"; return; }
    done
}
first() { # the rank that searches
    local pid
    for pid in $(pgrep -f "^$ASHLAR run run.yaml --db $1 "); do
        ls -l "/proc/$pid/fd" 2>/dev/null | grep -q "$1" && { echo "$pid"; return; }
    done
}
some_stored() { [ "$(sqlite3 -readonly "$1" 'SELECT count(*) FROM trials' 2>/dev/null || echo 0)" -ge 8 ]; }

for mpi in openmpi mpich; do
    command -v mpirun.$mpi >/dev/null || { echo "$mpi is not installed"; continue; }
    [ -f "$(dirname "$ASHLAR")/ashlar-mpi-$mpi.so" ] || { fail "no module for $mpi"; continue; }
    found=$((found + 1))
    start="mpirun.$mpi"
    [ $mpi = mpich ] || start="$start --oversubscribe"

    if [ $mpi = openmpi ]; then # MPICH's mpirun ends all ranks with the one; Open MPI's sometimes does not end when all ranks have
        timeout 90 $start --enable-recovery -n 4 "$ASHLAR" run run.yaml --db $mpi-lost.db --executor mpi >out.txt 2>err.txt &
        job=$!
        for _ in $(seq 600); do some_stored $mpi-lost.db && break; sleep 0.05; done
        victim=$(rank $mpi-lost.db)
        kill -9 "$victim" || fail "$mpi: no rank to kill"
        wait $job
        grep -q 'rank [1-3] does not answer' err.txt || fail "$mpi: the lost rank was not missed: $(cat err.txt)"
        same "digest after a lost rank, $mpi" "$expected" "$(digest $mpi-lost.db)"
        say "$mpi has run with a lost rank"
    fi

    timeout 300 $start -n 4 "$ASHLAR" run run.yaml --db $mpi-killed.db --executor mpi >out.txt 2>err.txt &
    job=$!
    for _ in $(seq 600); do some_stored $mpi-killed.db && break; sleep 0.05; done
    kill -9 "$(first $mpi-killed.db)" || fail "$mpi: no rank 0"
    wait $job && fail "$mpi: a job without rank 0 succeeded"
    left() { ! pgrep -f "^$ASHLAR run run.yaml --db $mpi-killed.db" >/dev/null; }
    for _ in $(seq 300); do left && break; sleep 0.1; done
    left || fail "$mpi: ranks outlive rank 0"
    timeout 300 $start -n 3 "$ASHLAR" run run.yaml --db $mpi-killed.db --executor mpi >out.txt 2>err.txt || fail "$mpi resumed: $(cat err.txt)"
    same "digest after a killed job, $mpi" "$expected" "$(digest $mpi-killed.db)"
    say "$mpi has gone on after a kill"
done
[ $found -gt 0 ] || { echo "skipped: neither Open MPI nor MPICH is installed"; exit 77; }
"$ASHLAR" run run.yaml --db none.db --executor mpi >out.txt 2>err.txt
same "status without mpirun" 2 $?
grep -q 'mpirun -n 3' err.txt || fail "without mpirun: $(cat err.txt)"
finish
