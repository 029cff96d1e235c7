#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A thousand trials on three nodes with two trainers each, while workers are lost at random times. No more is evaluated again than was in
# flight.
. "$(dirname "$0")/case.sh"
launch 3 1000 3
wait_for 60 "all workers are there" logged 3 'a worker on'
RANDOM=4711
kills=0
while ! gone "$job"; do
    sleep "$((RANDOM % 2 + 1)).$((RANDOM % 10))"
    pilot=$(pilot_on "node$((RANDOM % 3 + 1))")
    worker=$(worker_of "$pilot")
    [ -n "$worker" ] && kill -9 "$worker" 2>/dev/null && kills=$((kills + 1))
done
say "$kills workers were lost"
[ $kills -ge 2 ] || fail "only $kills workers were lost"
ends_well $((2 * kills))
