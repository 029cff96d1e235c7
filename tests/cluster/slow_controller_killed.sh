#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The run itself is killed: its script puts it back, and it goes on with its pilots.
. "$(dirname "$0")/case.sh"
launch 3 120 30
wait_for 60 "trials are stored" stored 10
kill -9 "$(pgrep -f "^$ASHLAR run $PWD/run.yaml")"
start_again "$job"
wait_for 30 "it resumes" logged 1 'resuming: .* trials are stored'
wait_for 30 "its workers are there again" logged 6 'a worker on'
ends_well 0
