#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One job with three nodes, a worker on each: the digest of the threads, and of worker processes on this machine; a killed worker is replaced.
. "$(dirname "$0")/case.sh"
launch 1 120 30 --nodes 3
wait_for 60 "all workers are there" logged 3 'a worker on'
wait_for 60 "trials are stored" stored 10
worker=$(pgrep -f "^$ASHLAR worker --time-left" | head -1)
[ -z "$worker" ] && worker=$(pgrep -f "^$ASHLAR worker\$" | head -1)
kill -9 "$worker" || fail "no worker"
wait_for 20 "it is replaced" logged 4 'a worker on'
array=$job
"$ASHLAR" run run.yaml -q --db process.db --executor process >/dev/null 2>err.txt || fail "processes: $(cat err.txt)"
same "digest of processes" "$expected" "$(digest process.db)"
ends_well 2
