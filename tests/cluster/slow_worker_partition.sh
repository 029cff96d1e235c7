#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker's node loses its network for 6 s, and another for 25 s: what they had is evaluated elsewhere, and what they still say is passed over.
. "$(dirname "$0")/case.sh"
launch 3 250 30
wait_for 60 "all workers are there" logged 3 'a worker on'
wait_for 60 "trials are stored" stored 10
victims=$(printf 'node%s\n' 1 2 3 | grep -v "$(place "$job")")
set -- $victims
short=$(pilot_on "$1")
long=$(pilot_on "$2")
cluster_cut "$1"
sleep 6
cluster_mend "$1"
wait_for 5 "the loss of $1 is seen" logged 1 "pilot $short ($1) does not answer"
wait_for 20 "its worker is there again" logged 2 "pilot $short: a worker on $1"
cluster_cut "$2"
wait_for 5 "the loss of $2 is seen" logged 1 "pilot $long ($2) does not answer"
wait_for 40 "Slurm has queued its pilot again" state "$long" PENDING
cluster_mend "$2" # the worker there has ended for want of heartbeats, what it trained comes too late
ends_well 6
