#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker's node loses power: the heartbeat finds it, Slurm puts its pilot back, and it takes part again.
. "$(dirname "$0")/case.sh"
launch 3 250 30
wait_for 60 "all workers are there" logged 3 'a worker on'
wait_for 60 "trials are stored" stored 10
victim=node3
[ "$(place "$job")" != $victim ] || victim=node2
pilot=$(pilot_on $victim)
cluster_power_off $victim
wait_for 5 "the loss is seen" logged 1 "pilot $pilot ($victim) \(does not answer\|is gone\)"
wait_for 30 "the pilot is queued again" state "$pilot" PENDING
cluster_power_on $victim
start_again "$pilot"
wait_for 15 "its worker is there again" logged 2 "pilot $pilot: a worker on"
ends_well 2
