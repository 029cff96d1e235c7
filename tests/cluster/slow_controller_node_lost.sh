#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The node of the run loses power: Slurm puts the run back, it goes on elsewhere, and the pilots that are left work for it.
. "$(dirname "$0")/case.sh"
launch 3 120 30
wait_for 60 "trials are stored" stored 10
node=$(place "$job")
cluster_power_off "$node"
start_again "$job"
[ "$(place "$job")" != "$node" ] || fail "it runs where there is no power"
wait_for 30 "it resumes" logged 1 'resuming: .* trials are stored'
wait_for 30 "two workers are there again" logged 5 'a worker on'
ends_well 0
