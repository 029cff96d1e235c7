#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The wall time of all jobs ends: the run stores what is done and is put back; pilots whose time is over are followed by others, and nothing half-done
# comes from them.
. "$(dirname "$0")/case.sh"
launch 6 420 30 --array-limit 3 --time 1 -- --signal=B:USR1@15
wait_for 60 "trials are stored" stored 10
wait_for 120 "the run is told to leave" logged 1 'interrupted after'
start_again "$job"
wait_for 30 "it resumes" logged 1 'resuming: .* trials are stored'
# other pilots follow those whose minute is over; those after them are added
wait_for 90 "other pilots have come" logged 4 'a worker on'
cluster "$ASHLAR" launch add-pilots run.yaml --pilots 3 --cpus-per-task 2 --idle 20 --mem 1G >more.txt || fail "add-pilots: $(cat more.txt)"
for _ in 1 2 3 4 5 6; do
    gone "$job" && break
    if state "$job" PENDING; then start_again "$job"; fi
    sleep 10
done
ends_well 12
