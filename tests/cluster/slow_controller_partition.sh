#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The node of the run loses its network and Slurm starts the run anew elsewhere while the first one lives: the fence lets only the new one store,
# and the first leaves, without asking to be started again and without ending the pilots.
. "$(dirname "$0")/case.sh"
launch 3 120 30
wait_for 60 "trials are stored" stored 10
node=$(place "$job")
pilot=$(pilot_on "$node")
cluster scancel "$(job_shows "$pilot" %i)" # the run could end with this one alone
wait_for 20 "no worker is beside the run" logged 1 "pilot $pilot ($node) is gone"
old=$(pgrep -f "^$ASHLAR run $PWD/run.yaml")
cluster_cut "$node"
start_again "$job"
wait_for 30 "another one has taken over" logged 1 'taking it over'
second() { [ -n "$(sqlite3 -readonly run.db 'SELECT 1 FROM sessions WHERE session = 2')" ]; }
wait_for 10 "the new one is the newest session" second
new=$(date +%s.%N)
left() { ! kill -0 "$old" 2>/dev/null; }
wait_for 10 "the first one has left" left
say "it left $(since "$new") s after the new one was there"
logged 1 'another process has taken this study over' || fail "the first one did not say why it left: $(cat "$log")"
wait_for 30 "two workers are there again" logged 5 'a worker on'
cluster_mend "$node"
ends_well 8 # the first one, too, gave what its workers had to others
