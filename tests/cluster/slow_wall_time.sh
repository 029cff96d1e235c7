#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The wall time of all jobs ends: the run stores what is done and is put back; pilots whose time is over are followed by others, and nothing half-done
# comes from them.
. "$(dirname "$0")/case.sh"
launch 6 220 30 --array-limit 3 --time 1 -- --signal=B:USR1@40
wait_for 60 "trials are stored" stored 10
wait_for 120 "the run is told to leave" logged 1 'interrupted after'
start_again "$job"
wait_for 30 "it resumes" logged 1 'resuming: .* trials are stored'
# other pilots follow those whose minute is over; those after them are added
wait_for 120 "other pilots have come" logged 4 'a worker on'
cluster "$ASHLAR" launch add-pilots run.yaml --pilots 3 --cpus-per-task 2 --idle 20 --mem 1G >more.txt || fail "add-pilots: $(cat more.txt)"
until gone "$job"; do
    if state "$job" PENDING; then start_again "$job"; fi
    sleep 1
done
ends_well 12
