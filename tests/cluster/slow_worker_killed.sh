#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker is killed: the end of its stream is seen at once, what it had is evaluated again, and it is replaced.
. "$(dirname "$0")/case.sh"
launch 3 120 30
wait_for 60 "all workers are there" logged 3 'a worker on'
wait_for 60 "trials are stored" stored 10
pilot=$(pilot_on node2)
worker=$(worker_of "$pilot")
[ -n "$worker" ] || fail "no worker of pilot $pilot"
kill -9 "$worker"
wait_for 5 "the loss is seen" logged 1 "pilot $pilot (node2) is gone"
wait_for 10 "a worker is there again" logged 2 "pilot $pilot: a worker on node2"
ends_well 2
