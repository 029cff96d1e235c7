#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Urgent work takes the node of the run: what is done is stored, Slurm puts run and pilot back, and both go on.
. "$(dirname "$0")/case.sh"
launch 3 120 30
wait_for 60 "trials are stored" stored 10
node=$(place "$job")
pilot=$(pilot_on "$node")
urgent=$(printf '#!/bin/sh\nsleep 15\n' | cluster sbatch --parsable -p urgent -w "$node" --exclusive -o /dev/null)
wait_for 30 "urgent work runs" state "$urgent" RUNNING
start_again "$job"
wait_for 30 "it resumes" logged 1 'resuming: .* trials are stored'
start_now "$pilot"
wait_for 40 "all workers were there" logged 6 'a worker on'
ends_well 8
