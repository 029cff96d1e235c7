#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One run file by local threads, local processes, Slurm pilots, one allocation, Open MPI and MPICH: one digest.
. "$(dirname "$0")/case.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
launch 3 80 20
wait_for 200 "pilots have run" gone "$job"
same "digest of pilots" "$expected" "$(digest run.db)"
wait_for 30 "the pilots have ended" gone "$array"

mkdir allocation
cp run.yaml allocation
(cd allocation && cluster "$ASHLAR" launch slurm run.yaml --nodes 3 --cpus-per-task 2 --mem 1G) >launched.txt 2>&1 || fail "launch: $(cat launched.txt)"
job=$(sed -n 's/^run: job \([0-9]*\).*/\1/p' launched.txt)
log=$PWD/allocation/run.db.log
wait_for 200 "an allocation has run" gone "$job"
same "digest of an allocation" "$expected" "$(digest allocation/run.db)"
cluster_stop

"$ASHLAR" run run.yaml -q --db process.db --executor process >/dev/null 2>err.txt || fail "processes: $(cat err.txt)"
same "digest of processes" "$expected" "$(digest process.db)"
say "processes have run"
for mpi in openmpi mpich; do
    command -v mpirun.$mpi >/dev/null || { fail "$mpi is not installed"; continue; }
    start="mpirun.$mpi"
    [ $mpi = mpich ] || start="$start --oversubscribe"
    timeout 300 $start -n 3 "$ASHLAR" run run.yaml --db $mpi.db --executor mpi >out.txt 2>err.txt || fail "$mpi: $(cat err.txt)"
    same "digest of $mpi" "$expected" "$(digest $mpi.db)"
    say "$mpi has run"
done
finish
